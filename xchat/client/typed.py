"""Lines from standard input, without ever waiting for one.

Where the input cannot be in a selector (a file, or any console on Windows) a thread
reads it and passes it on through a socket pair.
"""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable

from xchat.client.link import Link
from xchat.limits.client import TYPED_LINE_BYTES_MAX

READ_BYTES = 65_536


class Typed:
    """Calls `on_line` with each line of a descriptor, and `on_end` after the last."""

    def __init__(
        self, link: Link, source: int, on_line: Callable[[str], None], on_end: Callable[[], None]
    ) -> None:
        self._link = link
        self._source = source
        self._on_line = on_line
        self._on_end = on_end
        self._ear: socket.socket | int | None = None
        self._partial = b""
        self._ended = False
        self._paused = True

    def resume(self) -> None:
        """Read on, or begin to."""
        if not self._paused or self._ended:
            return
        self._paused = False
        if self._ear is None:
            self._ear = self._begin()
        else:
            self._link.watch(self._ear, self._read)

    def pause(self) -> None:
        """Let the input wait."""
        if not (self._paused or self._ended) and self._ear is not None:
            self._paused = True
            self._link.unwatch(self._ear)

    def _begin(self) -> socket.socket | int:
        if os.name != "nt":
            try:
                self._link.watch(self._source, self._read)
            except (OSError, ValueError):
                pass  # a file: always ready, but no selector takes it
            else:
                return self._source
        mouth, ear = socket.socketpair()
        threading.Thread(target=_pass_on, args=(self._source, mouth), daemon=True).start()
        self._link.watch(ear, self._read)
        return ear

    def _read(self) -> None:
        ear = self._ear
        assert ear is not None
        data = os.read(ear, READ_BYTES) if isinstance(ear, int) else ear.recv(READ_BYTES)
        *lines, self._partial = (self._partial + data).split(b"\n")
        if len(self._partial) > TYPED_LINE_BYTES_MAX or (not data and self._partial):
            lines.append(self._partial)
            self._partial = b""
        for line in lines:
            self._on_line(line.decode(errors="replace").rstrip("\r"))
        if not data:
            self._end(ear)

    def _end(self, ear: socket.socket | int) -> None:
        self._ended = True
        self._link.unwatch(ear)
        if not isinstance(ear, int):
            ear.close()
        self._on_end()


def _pass_on(source: int, mouth: socket.socket) -> None:
    """Run in a thread of its own, for as long as the input lasts."""
    with mouth:
        try:
            while data := os.read(source, READ_BYTES):
                mouth.sendall(data)
        except OSError:
            return
