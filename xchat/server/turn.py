"""The turn: one round of the server, in the one order that keeps its promises.

    receive   every ready socket is read once, before anything is answered: what
              came in the same moment shares one commit, and nobody waits for a
              neighbour who sends more.
    serve     each session has a bounded share of its lines handled. Handlers
              read the state, reply into outboxes, and append events.
    settle    what was appended is applied and kept, in one transaction.
              Nothing has been spoken before this line: echo means kept.
    flush     each outbox is encrypted and sent once: bytes made once for all
              readers leave in one TLS record and one system call a reader.
    reap      what is late, gone or full is ended. Nobody is closed before this
              line, so nothing above meets a connection that died in its hands.

Read `Turn.run` first; it is the whole server.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Iterable

from xchat.chat.hub import Hub
from xchat.chat.session import Session
from xchat.journal import Journal
from xchat.server.access import admits
from xchat.server.admission import Admission
from xchat.server.connection import READ, Connection, Phase
from xchat.server.deadlines import Deadlines
from xchat.server.loop import Loop
from xchat.server.tls import TlsError

IDLE_SECONDS = 1.0
"""A turn at least this often, for what is done when there is time."""


GATHER_SECONDS_MIN = 0.000_05
GATHER_SECONDS_MAX = 0.001


class Turn:
    """All connections of a server, and the round that serves them."""

    def __init__(
        self, hub: Hub, loop: Loop, context: ssl.SSLContext, journal: Journal, *, room: int
    ) -> None:
        self.context = context
        self.connections: dict[Session, Connection] = {}
        self._everyone: set[Connection] = set()
        self._hub = hub
        self._loop = loop
        self._journal = journal
        self._room = room
        self._admission = Admission(hub.limits)
        self._deadlines = Deadlines()
        self._ended: dict[Connection, str] = {}
        self._gather_until = 0.0
        loop.listen(time.monotonic(), room=room)  # or the first turn would wait for nobody

    def run(self) -> None:
        """Serve everyone once."""
        ready = self._loop.wait(self._timeout())
        if self._gather(len(ready)):
            ready = self._loop.wait(0)
        now, now_ms = time.monotonic(), time.time_ns() // 1_000_000
        self._hub.now = now
        self._receive(ready)
        self._accept(now)
        self._hub.serve(now, now_ms)
        if not self._hub.settle():
            self._journal.error("a commit failed: what was said is refused, nothing is lost")
        self._flush(ready)
        self._reap(now)

    def _gather(self, ready: int) -> bool:
        """Wait a moment for more to be said, so that it shares a commit and a send a reader.

        Only right after a turn that told many, and for at most half of what the
        telling took: under load a turn gets dearer for everyone it can be shared by.
        """
        wait = self._gather_until - time.monotonic()
        if ready and wait > GATHER_SECONDS_MIN:
            time.sleep(wait)
            return True
        return False

    def _timeout(self) -> float:
        times = (self._hub.next_work(), self._deadlines.next())
        now = time.monotonic()
        waits = [max(when - now, 0.0) for when in times if when is not None]
        return min(IDLE_SECONDS, *waits) if waits else IDLE_SECONDS

    # -- receive ------------------------------------------------------------------------------

    def _receive(self, ready: Iterable[tuple[Connection, int]]) -> None:
        for connection, events in ready:
            if events & READ:
                try:
                    self._read(connection)
                except EOFError:
                    self._ended[connection] = "Connection closed"
                except TlsError as error:
                    self._ended[connection] = f"TLS: {error}"
                except OSError:
                    self._ended[connection] = "Connection lost"

    def _read(self, connection: Connection) -> None:
        lines = connection.receive()
        if connection.phase is Phase.HANDSHAKE and connection.is_established:
            self._open(connection)
        if lines and connection.session is not None and connection.session.closing is None:
            connection.pinged = False
            self._hub.receive(connection.session, lines)

    def _open(self, connection: Connection) -> None:
        """Begin a session: the connection is encrypted, so words can be exchanged."""
        address = connection.address
        exempt = self._admission.is_exempt(address)
        session = self._hub.connect(_shown(address), exempt=exempt)
        connection.open(session)
        connection.since = self._hub.now
        self.connections[session] = connection
        self._deadlines.watch(connection)
        if not admits(self._hub.config.access.policy, address):
            self._journal.abuse("refused: not from here", address, self._hub.now)
            why = "this server lets only its own machine and private networks in"
            self._hub.close(session, f"{why}, until its operator sets access.policy")

    def _accept(self, now: float) -> None:
        room = self._room - len(self._everyone)
        for sock, address in self._loop.accept(now, room=room):
            refusal = self._admission.refuse(address)
            if refusal is not None:
                sock.close()
                self._journal.abuse("too many connections", address, now, limit=refusal)
                continue
            sock.setblocking(False)
            _tune(sock, self._hub.limits.sndbuf_bytes)
            connection = Connection(sock, address, self.context, self._hub.limits, now)
            self._admission.came(address)
            self._everyone.add(connection)
            self._loop.watch(connection)
            self._deadlines.watch(connection)
        self._loop.listen(now, room=self._room - len(self._everyone))

    # -- flush --------------------------------------------------------------------------------

    def _flush(self, ready: Iterable[tuple[Connection, int]]) -> None:
        """Send what everyone was told, to each reader once."""
        begun = time.monotonic()
        for session in self._hub.fanout.take_dirty():
            connection = self.connections.get(session)
            if connection is not None and connection not in self._ended:
                self._send(connection)
                if session.closing is not None or not connection.is_ordinary:
                    self._look_after(connection)
        for connection, _ in ready:
            if connection.phase is not Phase.CLOSED and connection not in self._ended:
                self._send(connection)
                self._look_after(connection)
        now = time.monotonic()
        self._gather_until = now + min((now - begun) / 2, GATHER_SECONDS_MAX)

    def _send(self, connection: Connection) -> None:
        try:
            connection.flush()
        except OSError:
            self._ended[connection] = "Connection lost"

    def _look_after(self, connection: Connection) -> None:
        """Deal with a connection that has just spoken, or is not simply open and told all."""
        session = connection.session
        if session is not None and connection.phase is Phase.OPEN:
            if not connection.is_waiting:
                session.backlog = 0
            if session.registered and not connection.is_counted_registered:
                self._count_registered(connection, session)
            if session.backlog > self._hub.limits.outbox_hard_bytes_max:
                self._ended[connection] = f"Too slow: {session.backlog} bytes unread"
            elif session.closing is not None and not connection.is_waiting:
                self._say_goodbye(connection, session)
        if connection not in self._ended:
            self._loop.watch(connection)
            connection.is_ordinary = (
                connection.interest == READ and connection.is_counted_registered
            )

    def _count_registered(self, connection: Connection, session: Session) -> None:
        connection.is_counted_registered = True
        self._admission.registered(connection.address)
        self._deadlines.watch(connection)
        nick, (version, cipher) = self._hub.nick_of(session), connection.describe()
        self._journal.info(
            "joined", nick=nick, address=connection.address, tls=version, cipher=cipher
        )

    def _say_goodbye(self, connection: Connection, session: Session) -> None:
        reason = session.closing or ""
        self._leave(connection, session, reason)
        try:
            connection.say_goodbye(self._hub.now)
        except OSError:
            self._ended[connection] = reason
        else:
            self._deadlines.watch(connection)

    # -- reap ---------------------------------------------------------------------------------

    def _reap(self, now: float) -> None:
        for item in self._deadlines.due(now):
            assert isinstance(item, Connection)
            self._late(item)
        ended, self._ended = self._ended, {}
        for connection, reason in ended.items():
            self._end(connection, reason)

    def _late(self, connection: Connection) -> None:
        """Deal with a connection whose deadline has come."""
        session, limits = connection.session, self._hub.limits
        if connection.phase is not Phase.OPEN or session is None:
            if connection.phase is Phase.HANDSHAKE:
                self._journal.abuse("no handshake in time", connection.address, self._hub.now)
            self._ended[connection] = "Timed out"
            return
        if session.closing is not None:
            self._ended[connection] = session.closing
            return
        if not session.registered:
            self._hub.close(session, f"not registered in {limits.registration_seconds_max:g} s")
        elif connection.pinged:
            self._hub.close(session, f"Ping timeout: {limits.ping_seconds_max:g} s of silence")
        else:
            connection.pinged = True
            session.outbox.append(f"PING :{self._hub.name}\r\n".encode())
            self._hub.fanout.touch(session)
        connection.since = self._hub.now
        self._deadlines.watch(connection)

    def _end(self, connection: Connection, reason: str) -> None:
        """Close a connection for good."""
        if connection.phase is Phase.CLOSED:
            return
        session = connection.session
        if session is not None:
            self._leave(connection, session, reason)
        elif reason.startswith("TLS: "):
            self._journal.abuse("no TLS", connection.address, self._hub.now, why=reason[5:])
        self._loop.forget(connection)
        connection.close()
        self._everyone.discard(connection)
        self._admission.went(connection.address, was_registered=connection.is_counted_registered)

    def _leave(self, connection: Connection, session: Session, reason: str) -> None:
        """End a session once: its user quits, whatever becomes of the socket."""
        if self.connections.pop(session, None) is None:
            return
        nick = self._hub.nick_of(session)
        self._hub.disconnect(session, reason)
        if session.registered:
            self._journal.info(
                "left", nick=nick, address=connection.address, reason=session.closing
            )
        else:
            self._journal.info(
                "refused or gone", address=connection.address, reason=session.closing
            )

    # -- the end ------------------------------------------------------------------------------

    def say_farewell(self, reason: str) -> None:
        """Tell every client that the server stops; `is_empty` says when all have been told."""
        self._room = 0
        for session in list(self.connections):
            self._hub.close(session, reason)
        for connection in list(self._everyone):
            if connection.session is None:
                self._ended[connection] = reason

    @property
    def is_empty(self) -> bool:
        """Whether nobody is connected any more."""
        return not self._everyone


def _shown(address: str) -> str:
    """Return an address as it may stand in a line: an IPv6 one may begin with a colon."""
    plain = address.partition("%")[0]
    return f"0{plain}" if plain.startswith(":") else plain


def _tune(sock: socket.socket, sndbuf_bytes: int) -> None:
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, sndbuf_bytes)
