"""Which sockets are ready: the selector, the listeners, and the wake-up from signals."""

from __future__ import annotations

import contextlib
import errno
import os
import selectors
import signal
import socket
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Protocol

from xchat.limits import ACCEPT_PAUSE_SECONDS, ACCEPTS_A_TURN
from xchat.server.connection import Connection

_OUT_OF_ROOM = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}
_STOPPING = (signal.SIGTERM, signal.SIGINT)


class Waiting(Protocol):
    """Whatever has a socket: which events it wants, and which are waited for (`interest`)."""

    interest: int

    @property
    def sock(self) -> socket.socket:
        """The socket."""

    def wants(self) -> int:
        """Return the events to wait for."""


class Loop:
    """Waits for sockets. Every change of what is waited for goes through here."""

    def __init__(self, listeners: Sequence[socket.socket]) -> None:
        self._selector = selectors.DefaultSelector()
        self._listeners = listeners
        self._listening = False
        self._calling: list[socket.socket] = []
        self.visitors: list[object] = []
        """Who was ready in the last wait, other than clients and listeners: the console's."""
        self._paused_until = 0.0
        self._wake, self._woken = socket.socketpair()
        for end in (self._wake, self._woken):
            end.setblocking(False)
        self._selector.register(self._woken, selectors.EVENT_READ, None)
        self.is_stopping = False
        self.is_told_to_reload = False

    # -- waiting ------------------------------------------------------------------------------

    def wait(self, timeout: float | None) -> list[tuple[Connection, int]]:
        """Wait until a connection is ready; return which, and for what.

        New connections are left to `accept`, wake-ups are swallowed.
        """
        ready = []
        self._calling.clear()
        self.visitors.clear()
        for key, events in self._selector.select(timeout):
            if isinstance(key.data, Connection):
                ready.append((key.data, events))
            elif isinstance(key.data, socket.socket):
                self._calling.append(key.data)
            elif key.data is not None:
                self.visitors.append(key.data)
            else:
                with contextlib.suppress(BlockingIOError):
                    self._woken.recv(4096)
        return ready

    def wake(self) -> None:
        """End the wait, from whatever thread, also one that has outlived the loop."""
        with contextlib.suppress(OSError):
            self._wake.send(b"w")

    def watch(self, connection: Waiting) -> None:
        """Wait for what a connection wants now; costs nothing where that has not changed."""
        wanted = connection.wants()
        if wanted == connection.interest:
            return
        if not connection.interest:
            self._selector.register(connection.sock, wanted, connection)
        elif not wanted:
            self._selector.unregister(connection.sock)
        else:
            self._selector.modify(connection.sock, wanted, connection)
        connection.interest = wanted

    def forget(self, connection: Waiting) -> None:
        """Wait for a connection no more: always before its descriptor is closed."""
        if connection.interest:
            self._selector.unregister(connection.sock)
            connection.interest = 0

    # -- accepting ----------------------------------------------------------------------------

    def listen(self, now: float, *, room: int) -> float | None:
        """Accept again, or no more, as there is room; return when to look again if paused."""
        wanted = room > 0 and now >= self._paused_until
        if wanted != self._listening:
            self._listening = wanted
            for listener in self._listeners:
                if wanted:
                    self._selector.register(listener, selectors.EVENT_READ, listener)
                else:
                    self._selector.unregister(listener)
        return self._paused_until if now < self._paused_until else None

    def accept(self, now: float, *, room: int) -> Iterator[tuple[socket.socket, str]]:
        """Yield new sockets and their addresses, a bounded number a turn.

        Where the process is out of descriptors the listeners rest for a while:
        a listener that is ready and cannot be accepted from would spin.
        """
        share = -(-max(min(ACCEPTS_A_TURN, room), 0) // len(self._listeners))  # rounded up
        for listener in self._calling:
            for _ in range(share):
                try:
                    sock, address = listener.accept()
                except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                    break
                except OSError as error:
                    if error.errno not in _OUT_OF_ROOM:
                        break
                    self._paused_until = now + ACCEPT_PAUSE_SECONDS
                    return
                yield sock, address[0]

    # -- signals ------------------------------------------------------------------------------

    @contextlib.contextmanager
    def signals(self) -> Iterator[None]:
        """Let SIGTERM and SIGINT end the loop: a flag and a wake-up, nothing else (P11).

        SIGHUP says that files have changed, or that the terminal has gone: that is an end too.
        """
        terminals = [number for number in range(3) if os.isatty(number)]
        before = {number: signal.signal(number, self._stop) for number in _STOPPING}
        before[signal.SIGHUP] = signal.signal(signal.SIGHUP, partial(self._hang_up, terminals))
        descriptor = signal.set_wakeup_fd(self._wake.fileno(), warn_on_full_buffer=False)
        try:
            yield
        finally:
            signal.set_wakeup_fd(descriptor)
            for number, handler in before.items():
                signal.signal(number, handler)

    def _hang_up(self, terminals: Sequence[int], _number: int, _frame: object) -> None:
        if all(map(os.isatty, terminals)):
            self.is_told_to_reload = True
        else:
            self.is_stopping = True

    def _stop(self, _number: int, _frame: object) -> None:
        self.is_stopping = True

    def close(self) -> None:
        """Let go of everything but the listeners, which are the caller's."""
        self._selector.close()
        self._wake.close()
        self._woken.close()
