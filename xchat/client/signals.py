"""SIGINT, SIGTERM and SIGHUP as something that can be read, like everything else."""

from __future__ import annotations

import signal
import socket
import threading
from types import FrameType

NAMES = ("SIGINT", "SIGTERM", "SIGHUP")


class Signals:
    """While entered, a signal makes `ear` readable and `came` true, and does nothing else."""

    def __init__(self) -> None:
        self.ear, self._mouth = socket.socketpair()
        self.ear.setblocking(False)
        self._mouth.setblocking(False)
        self._before: dict[int, object] = {}
        self.came = False

    def __enter__(self) -> None:
        """Take the signals over, where they are ours: only the main thread may."""
        if threading.current_thread() is not threading.main_thread():
            return
        signal.set_wakeup_fd(self._mouth.fileno(), warn_on_full_buffer=False)
        for name in NAMES:
            number = getattr(signal, name, None)  # Windows lacks SIGHUP
            if number is not None:
                self._before[number] = signal.signal(number, self._note)

    def __exit__(self, *_: object) -> None:
        """Give them back."""
        for number, before in self._before.items():
            signal.signal(number, before)  # type: ignore[arg-type]
        if self._before:
            signal.set_wakeup_fd(-1)
        self.ear.close()
        self._mouth.close()

    def drain(self) -> None:
        """Forget the wake-ups; `came` stays."""
        self.ear.recv(4096)

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        self.came = True
