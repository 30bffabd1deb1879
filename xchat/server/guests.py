"""The connections of a server: how each comes in, is looked after, and goes."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable
from functools import partial
from pathlib import Path

from xchat.chat.buckets import network_of
from xchat.chat.entities import ServerBan
from xchat.chat.hub import Hub
from xchat.chat.server_bans import ban_on_address
from xchat.chat.session import Claim, Session
from xchat.journal import Journal
from xchat.server.certificates import Served
from xchat.server.connection import READ, Connection, Phase
from xchat.server.deadlines import Deadlines
from xchat.server.door import Door
from xchat.server.enrolment import Enrolments
from xchat.server.loop import Loop
from xchat.server.papers import Papers
from xchat.server.tls import TlsError


class Guests:
    """Everyone connected. Who is to go is remembered, and goes at the end of the turn.

    `served` is read for each new connection: to serve another certificate, or judge
    clients by another CA, rebind it. `room` is how many connections there are descriptors for.
    """

    def __init__(
        self, hub: Hub, loop: Loop, served: Served, journal: Journal, *, room: int
    ) -> None:
        self.served = served
        self.room = room
        self._hub = hub
        self._loop = loop
        self._journal = journal
        self._door = Door(hub.config, loop, journal, partial(_ban_of, hub))
        self._deadlines = Deadlines()
        self._everyone: set[Connection] = set()
        self._connections: dict[Session, Connection] = {}
        self._enrolments = Enrolments(hub, journal, lambda: Path(self.served.pair.cert))
        self.papers = Papers(hub)
        self._ended: dict[Connection, str] = {}
        loop.listen(time.monotonic(), room=room)  # or the first turn would wait for nobody

    def __len__(self) -> int:
        return len(self._everyone)

    def next_deadline(self) -> float | None:
        """Return when somebody has to be looked after, if nothing happens."""
        return self._deadlines.next()

    # -- coming in ----------------------------------------------------------------------------

    def accept(self, now: float) -> None:
        """Take new connections, a bounded number a turn, as far as limits and room allow."""
        for connection in self._door.accept(self.served, now, room=self.room - len(self)):
            self._everyone.add(connection)
            self._loop.watch(connection)
            self._deadlines.watch(connection)
        self._loop.listen(now, room=self.room - len(self))

    def receive(self, connection: Connection) -> None:
        """Read from a connection once, and hand its lines on."""
        try:
            lines = connection.receive()
            if connection.phase is Phase.HANDSHAKE and connection.is_established:
                self._open(connection)
        except EOFError:
            self._ended[connection] = "Connection closed"
        except TlsError as error:
            self._ended[connection] = f"TLS: {error}"
        except OSError:
            self._ended[connection] = "Connection lost"
        else:
            session = connection.session
            if lines and connection.phase is Phase.ENROLLING:
                self._enrolments.hear(connection, lines[0])
                self._deadlines.watch(connection)
            elif lines and session is not None and session.closing is None:
                connection.pinged = False
                self._hub.receive(session, lines)

    def _open(self, connection: Connection) -> None:
        """Begin a session: the connection is encrypted, so words can be exchanged."""
        if connection.enrols:
            self._receive_applicant(connection)
            return
        refusal = self._refusal_of(connection)
        if refusal is not None:
            self._turn_away(connection, refusal)
            return
        address, exempt = _shown(connection.address), self._door.is_exempt(connection)
        session = self._hub.connect(address, exempt=exempt)
        connection.open(session)
        connection.since = self._hub.now
        self._connections[session] = connection
        self._deadlines.watch(connection)
        if connection.presented is not None:
            self.papers.watch(session, connection.presented)

    def _receive_applicant(self, connection: Connection) -> None:
        """Let who has come to enrol ask one question; there is no session."""
        connection.enrol(self._hub.now)
        self._deadlines.watch(connection)
        exempt = self._door.is_exempt(connection)
        refusal = self._refusal_of(connection)
        self._enrolments.begin(connection, exempt=exempt, refusal=refusal)

    def _refusal_of(self, connection: Connection) -> str | None:
        """Return why a connection is only told so, in words for it; None if it is welcome."""
        why = self.served.barred.why_not(connection.presented)
        if why is not None:  # found in the handshake where Python has a hook (`judges`)
            self._abuse("revoked", connection.address, why=str(why))
            return f"Your certificate was {why}"
        return self._door.refusal_of(connection, self._hub.now)

    def _turn_away(self, connection: Connection, why: str) -> None:
        """Tell a connection why it gets no session; raises OSError where it is gone."""
        line = f"ERROR :Closing link ({_shown(connection.address)}): {why}\r\n"
        connection.outbox.fresh.append(line.encode())
        connection.outbox.flush()
        self._say_goodbye(connection, why)

    # -- being told ---------------------------------------------------------------------------

    def flush(self, told: Iterable[Session], ready: Iterable[Connection]) -> None:
        """Send what sessions were told, and look after everyone who is not simply open."""
        connections, ended = self._connections, self._ended
        for session in told:
            connection = connections.get(session)
            if connection is None or connection in ended:
                continue
            try:
                all_sent = connection.outbox.flush()
            except OSError:
                ended[connection] = "Connection lost"
                continue
            if session.closing is not None or not all_sent or not connection.is_ordinary:
                self._look_after(connection)
        for connection in ready:
            if connection.is_content or connection.phase is Phase.CLOSED or connection in ended:
                continue
            self._flush_spoken(connection)

    def serve_applicants(self) -> None:
        """Begin what those ask for who have come to enrol."""
        self._enrolments.serve()

    def answer_applicants(self) -> None:
        """Tell them what has come of it, once it is kept."""
        for applicant, answer in self._enrolments.answers():
            self._answer(applicant, answer)

    def recover(self) -> None:
        """Part with those whose answer may never come, after a fault of ours."""
        for connection in self._enrolments.recover():
            self._ended[connection] = "A fault of the server"

    def _answer(self, connection: Connection, line: bytes) -> None:
        """Tell who has come to enrol the one thing that they are told."""
        connection.outbox.fresh.append(line)
        connection.leave(self._hub.now)
        self._flush_spoken(connection)

    def _flush_spoken(self, connection: Connection) -> None:
        """Send to a connection that was ready: it may go on, or have to stop being read from."""
        try:
            connection.outbox.flush()
        except OSError:
            self._ended[connection] = "Connection lost"
        else:
            self._look_after(connection)

    def _look_after(self, connection: Connection) -> None:
        """Count who has registered, drop who is too slow, part with whom the hub has closed."""
        session = connection.session
        if session is not None and connection.phase is Phase.OPEN:
            session.backlog = connection.outbox.size() if connection.outbox.is_waiting else 0
            if session.registered and not connection.is_counted_registered:
                self._count_registered(connection, session)
            if session.backlog > self._hub.limits.outbox_hard_bytes_max:
                self._drop_slow(connection, session.backlog)
            elif session.closing is not None:
                self._part(connection, session.closing)
        elif connection.phase is Phase.LEAVING and not connection.outbox.is_waiting:
            self._say_goodbye(connection, "")
        if connection not in self._ended:
            self._loop.watch(connection)
            in_order = connection.interest == READ and connection.is_counted_registered
            connection.is_ordinary = in_order

    def _drop_slow(self, connection: Connection, unread: int) -> None:
        """Drop who does not read: the one limit that cannot be told to whom it meets."""
        self._abuse("too slow", connection.address, limit="limits.outbox_hard_bytes_max")
        self._ended[connection] = f"Too slow: {unread} bytes unread"

    def _count_registered(self, connection: Connection, session: Session) -> None:
        self._door.registered(connection)
        self._deadlines.watch(connection)
        nick, (version, cipher) = self._hub.nick_of(session), connection.describe()
        fields = {"tls": version, "cipher": cipher, "login": session.claim.proof or "none"}
        self._journal.info("joined", nick=nick, address=connection.address, **fields)

    # -- going --------------------------------------------------------------------------------

    def remind(self, now: float) -> None:
        """Deal with whose time has come: ask the silent, part with the late."""
        self.papers.go_on()
        for item in self._deadlines.due(now):
            assert isinstance(item, Connection)
            self._late(item)

    def reap(self) -> None:
        """Close who is to go."""
        ended, self._ended = self._ended, {}
        for connection, reason in ended.items():
            self._end(connection, reason)

    def _late(self, connection: Connection) -> None:
        session = connection.session
        if session is not None and connection.phase is Phase.OPEN and session.ending is None:
            self._remind(connection, session)
            connection.since = self._hub.now
            self._deadlines.watch(connection)
            return
        if connection.phase is Phase.HANDSHAKE:
            self._abuse("no handshake in time", connection.address)
        elif connection.phase is Phase.ENROLLING:
            self._abuse("no question in time", connection.address)
        self._ended[connection] = (session and session.ending) or "Timed out"

    def _remind(self, connection: Connection, session: Session) -> None:
        """Ask a silent client whether it lives; say goodbye to one that does not answer."""
        limits = self._hub.limits
        if not session.registered:
            self._hub.close(session, f"not registered in {limits.registration_seconds_max:g} s")
        elif connection.pinged:
            self._hub.close(session, f"Ping timeout: {limits.ping_seconds_max:g} s of silence")
        else:
            connection.pinged = True
            session.outbox.append(f"PING :{self._hub.name}\r\n".encode())
            self._hub.fanout.touch(session)

    def _part(self, connection: Connection, reason: str) -> None:
        """End a session that was told goodbye; one that has yet to read it has little time."""
        self._leave(connection, reason)
        if connection.outbox.is_waiting:
            connection.leave(self._hub.now)
            self._deadlines.watch(connection)
        else:
            self._say_goodbye(connection, reason)

    def _say_goodbye(self, connection: Connection, reason: str) -> None:
        try:
            connection.say_goodbye(self._hub.now)
        except OSError:
            self._ended[connection] = reason
        else:
            self._deadlines.watch(connection)

    def _end(self, connection: Connection, reason: str) -> None:
        """Close a connection for good: the only place where a descriptor is closed."""
        if connection.phase is Phase.CLOSED:
            return
        self._leave(connection, reason)
        self._enrolments.forget(connection)
        if reason.startswith("TLS: "):
            self._abuse("bad TLS", connection.address, why=reason[5:])
            with contextlib.suppress(OSError):
                connection.outbox.flush()  # the alert, which tells the peer what is wrong
        self._loop.forget(connection)
        self._deadlines.forget(connection)
        connection.close()
        self._everyone.discard(connection)
        self._door.went(connection)

    def _leave(self, connection: Connection, reason: str) -> None:
        """End a session once: its user quits, whatever becomes of the socket."""
        session = connection.session
        if session is None or self._connections.pop(session, None) is None:
            return
        self.papers.forget(session)
        nick = self._hub.nick_of(session)
        self._hub.disconnect(session, reason)
        address, reason = connection.address, _without_words(session.closing or reason)
        if session.registered:
            self._journal.info("left", nick=nick, address=address, reason=reason)
        elif _has_said_all(session.claim):
            network, now = network_of(address), self._hub.now
            self._journal.refusal("not registered", network, now, reason=reason)
        else:
            self._abuse("not registered", address, reason=reason)

    def say_farewell(self, reason: str) -> None:
        """Tell everyone at once that the server stops, and let nobody in any more."""
        self.room = 0
        self._hub.stop(reason)
        for connection in self._everyone:
            if connection.phase in (Phase.HANDSHAKE, Phase.ENROLLING):
                self._ended[connection] = reason
        self._hub.settle()
        self.flush(self._hub.fanout.take_dirty(), ())
        self.reap()

    def _abuse(self, kind: str, address: str, **fields: object) -> None:
        self._door.record(kind, address, self._hub.now, **fields)


def _ban_of(hub: Hub, address: str) -> ServerBan | None:
    return ban_on_address(hub.state, address)  # the state of now: after a fault it is another


def _has_said_all(claim: Claim) -> bool:
    """Say whether somebody did what registration asks for: not to be let in is no abuse then."""
    return bool(claim.nick and claim.user) and not claim.negotiating


def _without_words(reason: str) -> str:
    """Return why a session ended without what its user had to say: that is not for the journal."""
    return "quit" if reason.startswith("Quit: ") else reason


def _shown(address: str) -> str:
    """Return an address as it may stand in a line: an IPv6 one may begin with a colon."""
    plain = address.partition("%")[0]
    return f"0{plain}" if plain.startswith(":") else plain
