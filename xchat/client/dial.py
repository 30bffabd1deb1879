"""A name and a port to one TCP connection, trying every address, without ever waiting.

The name is looked up in a thread, since nothing else can; what it found comes through
a socket pair. Addresses are then tried in the resolver's order, the next one as soon as
one fails or is slow (RFC 8305, without its sorting), and the first to answer is taken.
"""

from __future__ import annotations

import errno
import os
import socket
import threading

from xchat.client.exits import Exit, Fault
from xchat.client.peer import Peer
from xchat.limits.client import DIAL_SECONDS_MAX, NEXT_AFTER_SECONDS

Address = tuple[socket.AddressFamily, tuple[object, ...]]
_UNDER_WAY = (0, errno.EINPROGRESS, errno.EWOULDBLOCK, errno.EALREADY, errno.EINTR)


class Dial:
    """One attempt to reach a peer.

    `readable` and `writable` are the sockets to be watched; `advance` is called whenever
    one of them is ready or `deadline` has come, and returns the connection once it stands.
    """

    def __init__(self, peer: Peer, now: float) -> None:
        self._peer = peer
        self._end = now + DIAL_SECONDS_MAX
        self._next = self._end
        self._waiting: list[Address] = []
        self._errors: list[int] = []
        self._found: list[Address] | OSError | UnicodeError | None = None
        mouth, self._ear = socket.socketpair()
        self._ear.setblocking(False)
        self.readable: list[socket.socket] = [self._ear]
        self.writable: list[socket.socket] = []
        threading.Thread(target=self._look_up, args=(mouth,), daemon=True).start()

    def _look_up(self, mouth: socket.socket) -> None:
        """Run in a thread of its own; it ends with the resolver, and tells only `mouth`."""
        with mouth:
            try:
                found = socket.getaddrinfo(
                    self._peer.host, self._peer.port, type=socket.SOCK_STREAM
                )
                self._found = [(family, place) for family, _, _, _, place in found]
            except (OSError, UnicodeError) as error:
                self._found = error

    def deadline(self) -> float:
        """Return when `advance` is due, whatever the sockets do."""
        return min(self._next, self._end)

    def advance(self, now: float) -> socket.socket | None:
        """Do what can be done; return the connected socket, if there is one. Raises Fault."""
        self._take_found(now)
        connected = self._try_connected()
        if connected is not None:
            return connected
        self._start_next(now)
        if not (self.readable or self.writable or self._waiting):
            raise self._unreachable()
        if now >= self._end:
            raise self._late()
        return None

    def close(self) -> None:
        """Give all sockets up."""
        for sock in (*self.readable, *self.writable):
            sock.close()
        self.readable, self.writable = [], []

    def _take_found(self, now: float) -> None:
        found, self._found = self._found, None
        if found is None:
            return
        self._ear.close()
        self.readable = []
        if not isinstance(found, list):
            raise Fault(
                Exit.UNRESOLVABLE,
                f"{self._peer.host}: no server of that name can be found ({_reason(found)})",
                mend="Check the spelling, or connect by the server's address.",
                transient=True,
            ) from found
        self._waiting = list(dict.fromkeys(found))
        self._next = now

    def _try_connected(self) -> socket.socket | None:
        for sock in self.writable.copy():
            code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if code == 0 and not _is_connected(sock):
                continue
            self.writable.remove(sock)
            if code == 0:
                return sock
            self._fail(sock, code)
        return None

    def _start_next(self, now: float) -> None:
        while self._waiting and (now >= self._next or not self.writable):
            family, place = self._waiting.pop(0)
            self._next = now + NEXT_AFTER_SECONDS if self._waiting else self._end
            self._start(family, place)

    def _start(self, family: socket.AddressFamily, place: tuple[object, ...]) -> None:
        try:
            sock = socket.socket(family, socket.SOCK_STREAM)
        except OSError as error:
            self._errors.append(error.errno or 0)
            return
        sock.setblocking(False)
        code = sock.connect_ex(place)
        if code in _UNDER_WAY:
            self.writable.append(sock)
        else:
            self._fail(sock, code)

    def _fail(self, sock: socket.socket, code: int) -> None:
        sock.close()
        self._errors.append(code)
        self._next = 0.0

    def _unreachable(self) -> Fault:
        if errno.ECONNREFUSED in self._errors:
            return Fault(
                Exit.NOBODY_THERE,
                f"{self._peer}: connection refused, nothing listens there",
                mend=f"Is the server running, and is its port {self._peer.port}?"
                " (`xchat-server` says it at its start)",
                transient=True,
            )
        why = os.strerror(self._errors[-1]) if self._errors else "it has no address"
        return Fault(
            Exit.TIMED_OUT,
            f"{self._peer}: cannot be reached ({why})",
            mend="Is this machine on the same network as the server?",
            transient=True,
        )

    def _late(self) -> Fault:
        return Fault(
            Exit.TIMED_OUT,
            f"{self._peer}: no answer within {DIAL_SECONDS_MAX:.0f} s",
            mend="Is the address right, and does a firewall let the port through?",
            transient=True,
        )


def _is_connected(sock: socket.socket) -> bool:
    try:
        sock.getpeername()
    except OSError:
        return False
    return True


def _reason(error: OSError | UnicodeError) -> str:
    return (error.strerror or str(error)) if isinstance(error, OSError) else "not a host name"
