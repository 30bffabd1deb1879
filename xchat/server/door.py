"""The door: who comes in, who is told why not, and who is only hung up on.

A connection over a limit is closed at once, unless its handshake can be
afforded: then it is told which limit, for a person on the other side would
otherwise see a server that seems broken. So many a second and no more, since
to be refused must cost us less than to be served.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator

from xchat.chat.buckets import network_of
from xchat.chat.entities import ServerBan
from xchat.chat.server_bans import words
from xchat.config import Config
from xchat.journal import Journal
from xchat.server.access import admits
from xchat.server.admission import Admission
from xchat.server.certificates import Served
from xchat.server.connection import Connection
from xchat.server.loop import Loop

_NOT_FROM_HERE = (
    "this server lets only its own machine and private networks in, "
    "until its operator sets access.policy"
)


class Door:
    """Takes connections from the loop, and counts who is in."""

    def __init__(
        self,
        config: Config,
        loop: Loop,
        journal: Journal,
        ban_of: Callable[[str], ServerBan | None],
    ) -> None:
        self._limits = config.limits
        self._policy = config.access.policy
        self._loop = loop
        self._journal = journal
        self._ban_of = ban_of
        self._admission = Admission(config.limits)

    def accept(self, served: Served, now: float, *, room: int) -> Iterator[Connection]:
        """Yield new connections; those with a `refusal` are here only to be told it."""
        for sock, address in self._loop.accept(now, room=room):
            limit = self._admission.refuse(address, now)
            if limit is not None:
                self.record("too many connections", address, now, limit=f"limits.{limit}")
            ban = self._ban_of(address) if limit is None else None
            if ban is not None:
                self._journal.refusal("banned", network_of(address), now, mask=ban.mask)
            welcome = (limit is None and ban is None) or self._admission.may_explain(now)
            if not welcome or not _tune(sock, self._limits.sndbuf_bytes):
                sock.close()
                continue
            connection = Connection(
                sock, address, served.irc, self._limits, now, enrolment=served.enrolment
            )
            if limit is not None:
                connection.refusal = self._admission.explain(limit)
            elif ban is not None:
                connection.refusal = words(ban)
            else:
                self._admission.came(address, now)
            yield connection

    def refusal_of(self, connection: Connection, now: float) -> str | None:
        """Return why a connection gets no session, in words for it; None if it gets one."""
        if connection.refusal is None and not admits(self._policy, connection.address):
            self.record("refused: not from here", connection.address, now)
            return _NOT_FROM_HERE
        return connection.refusal

    def is_exempt(self, connection: Connection) -> bool:
        """Say whether limits spare a connection."""
        return self._admission.is_exempt(connection.address)

    def registered(self, connection: Connection) -> None:
        """Count a connection as one that has logged in."""
        connection.is_counted_registered = True
        self._admission.registered(connection.address)

    def went(self, connection: Connection) -> None:
        """Count a connection no more."""
        if connection.refusal is None:
            registered = connection.is_counted_registered
            self._admission.went(connection.address, was_registered=registered)

    def record(self, kind: str, address: str, now: float, **fields: object) -> None:
        """Record abuse, by what counts as one address."""
        self._journal.abuse(kind, network_of(address), now, **fields)


def _tune(sock: socket.socket, sndbuf_bytes: int) -> bool:
    """Set a socket up; say False where it is gone already."""
    try:
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, sndbuf_bytes)
    except OSError:
        return False
    return True
