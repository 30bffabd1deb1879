"""The hub: lines in, events to the log, effects out. It is the whole chat, without I/O.

One round of it is a turn (server/turn.py): `receive` takes lines as they came,
`serve` lets each session have its share of them handled, `settle` keeps what
the handlers appended and carries out what came of it. Bytes for a client wait
in its session's outbox; `fanout.take_dirty` says whose are not empty.

Two rules keep replies in the order of the commands: only the oldest open
request of a session may speak (session.py), and a command that must see what
an earlier one changed is not handled before the log has settled that one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from xchat.chat import events
from xchat.chat.absences import Absences
from xchat.chat.admin.operation import Operation
from xchat.chat.admin.shapes import Outside
from xchat.chat.asker import Asker
from xchat.chat.attempts import Attempts
from xchat.chat.commands import away
from xchat.chat.departures import Departures, is_attached
from xchat.chat.desk import Desk
from xchat.chat.devices import Device
from xchat.chat.expiries import Expiries
from xchat.chat.fanout import Fanout
from xchat.chat.flood import FloodGate
from xchat.chat.gate import handle
from xchat.chat.ledger import Ledger, Settled, Store
from xchat.chat.log import Log
from xchat.chat.metadata.interest import Interests
from xchat.chat.outcomes import carry_out
from xchat.chat.refused import Failed, Ignored
from xchat.chat.session import Request, Session
from xchat.chat.streams import Streams
from xchat.chat.tokens import Token
from xchat.chat.whowas import Whowas
from xchat.chat.work import Work
from xchat.config import Config, change
from xchat.errors import ConfigError
from xchat.irc.framing import LineTooLong
from xchat.irc.message import Message


class Hub(Desk):
    """The chat of one server.

    `node` names this server in the log; `run` this run of it, so that no uid is
    ever used twice. `now` is in seconds of a clock that only rises, `now_ms` in
    milliseconds since 1970.
    """

    def __init__(
        self, config: Config, log: Log, store: Store, *, node: str, run: str, now_ms: int
    ) -> None:
        super().__init__(config.server.name, Ledger(log, store), now_ms)
        self.config = config
        self.limits = config.limits
        self.node = node
        self.started_ms = now_ms
        self.now = 0.0
        self.users_most = 0
        self.fanout = Fanout(self.name)
        self.whowas = Whowas()
        self.interests = Interests()
        self.reload: Callable[[], Config | ConfigError] | None = None
        """How to read the configuration again (REHASH), and what it is called: the server's."""
        self.config_name = ""
        self.outside: Callable[[], Outside] | None = None
        """How to learn what the rules do not know of their own server."""
        self.link: Callable[[Token, str | None], str | Failed] | None = None
        """How to make the link of an invite from its token, and a host if it is to name one."""
        self.flood = FloodGate(self.limits)
        self.sessions: dict[str, Session] = {}
        self._run = run
        self._count = 0
        self._runnable: dict[Session, None] = {}
        self._serving: Session | None = None
        self.streams = Streams(self.limits.outbox_soft_bytes)
        self._ending: dict[Session, None] = {}
        self._leaving: set[Session] = set()
        self.departures = Departures(self.ledger)
        self._expiries = Expiries(self.ledger, self.name)
        self._absences = Absences(self.ledger, config.accounts.detached_seconds_max)
        self.devices: Mapping[str, Device] = {}
        """The certificates of devices that the CA has made, by their SHA-256: the server's."""
        self.work = Work(self)
        self.attempts = Attempts(config.limits)
        self.secret = b""
        """What only this server knows: it makes up what is said of accounts there are none of."""

    # -- connections come and go --------------------------------------------------------------

    def start(self) -> bool:
        """Catch up with the log, and let the users of this server's last run go.

        Says False where that cannot be kept; raises CannotKeep where not even the log can be read.
        """
        self.ledger.catch_up()
        self.ledger.append_own(self.node, events.NodeStarted(node=self.node))
        return self.settle()

    def configure(self, config: Config) -> list[str]:
        """Take another configuration; return the settings that only another start can change."""
        self.config, later = change(self.config, config)
        return later

    def stop(self, reason: str) -> None:
        """Tell every client that the server ends; nobody has left by that of their own."""
        self.departures.stop()
        for session in list(self.sessions.values()):
            self.close(session, reason)

    def connect(self, address: str, *, exempt: bool = False) -> Session:
        """Begin a session for a connection from this address."""
        self._count += 1
        session = Session(f"{self._run}.{self._count:x}", address, self.now, exempt=exempt)
        session.tokens = self.limits.flood_burst
        self.sessions[session.sid] = session
        return session

    def close(self, session: Session, reason: str) -> None:
        """End a session: what it sent and waits is dropped, and `settle` tells it why."""
        if session.ending is None:
            session.ending = reason
            self._ending[session] = None

    def _say_farewells(self) -> None:
        """Tell those that end why, once the log has it that they left, if it can be had.

        It is the last thing they are told, after the answers to what they asked.
        """
        for session in [session for session in self._ending if not session.open]:
            if self._begin_leaving(session):
                continue
            del self._ending[session]
            self._leaving.discard(session)
            self.streams.forget(session)
            session.closing = session.ending
            line = f"ERROR :Closing link ({session.address}): {session.closing}\r\n"
            session.outbox.append(line.encode())
            self.fanout.touch(session)
            self._deafen(session)

    def _begin_leaving(self, session: Session) -> bool:
        """Ask the log to let a session go; say False where it has been asked, or need not be."""
        if not session.registered or session in self._leaving:
            return False
        self.streams.forget(session)
        self._leaving.add(session)
        return self.departures.begin(session, session.ending or "", self.now)

    def disconnect(self, session: Session, reason: str) -> None:
        """End a session whose connection is gone; its user quits."""
        if self.sessions.pop(session.sid, None) is None:
            return
        if session.closing is None:
            session.closing = session.ending = session.ending or reason
            self._deafen(session)
        away.agree(self, session.uid)
        self._ending.pop(session, None)
        self._leaving.discard(session)
        self._runnable.pop(session, None)
        self.streams.forget(session)
        self.flood.forget(session)
        self.interests.forget(session)
        if session.registered:
            self.departures.add(session, session.closing)

    def _deafen(self, session: Session) -> None:
        self.fanout.deafen(session, self.state.joined.get(session.uid, ()))

    # -- lines come in ------------------------------------------------------------------------

    def receive(self, session: Session, lines: Sequence[bytes | LineTooLong]) -> None:
        """Take lines as they came; they are handled when it is the session's turn."""
        session.heard = self.now
        session.inbox.extend(lines)
        self._runnable[session] = None

    def serve(self, now: float, now_ms: int) -> None:
        """Let every session that has lines have its share of them handled."""
        self.now, self.now_ms = now, now_ms
        self._absences.go_on(now, now_ms)
        self._expiries.go_on(now, now_ms)
        self.work.conclude()
        self._runnable.update(dict.fromkeys(self.flood.released(now)))
        runnable, self._runnable = self._runnable, {}
        for session in runnable:
            if session.backlog < self.limits.outbox_soft_bytes:
                self._serve_session(session)
            else:
                self._runnable[session] = None
        self._serving = None
        self.departures.go_on(now)
        told, finished = self.streams.go_on()
        self.fanout.touch(*told)
        self._runnable.update(dict.fromkeys(finished))

    def next_work(self) -> float | None:
        """Return when `serve` has something to do again, if nothing more comes in."""
        soft = self.limits.outbox_soft_bytes
        can_go_on = any(session.backlog < soft for session in self._runnable)
        if can_go_on or self.ledger.has_more or self.streams.can_go_on or self.work.is_done:
            return self.now
        times = (
            self.flood.next_release(),
            self.departures.next_try(),
            self._expiries.next_try(),
        )
        return min((time for time in times if time is not None), default=None)

    def recover(self) -> None:
        """Go on after a fault of ours: all is again as it was kept.

        Who met it, and whoever waited for an answer that may now never come, is
        parted with: their clients come back, and see in the history what was kept.
        Raises what the store raises where that cannot be read: all that can be
        done then is to `stop`.
        """
        for session in list(self.sessions.values()):
            if session is self._serving or session.open:
                self._part(session)
        self._serving = None
        self.work.forget()
        self.ledger.recover()
        self.fanout.rebuild(self.state.joined)
        for session in list(self.sessions.values()):
            if is_attached(self.state, session.uid, session.sid) is not session.registered:
                self._part(session)
            elif session.inbox:
                self._runnable[session] = None
        self._say_farewells()

    def _part(self, session: Session) -> None:
        session.open.clear()
        session.inbox.clear()
        self.streams.forget(session)
        self.close(session, "You met a fault of this server; it is recorded")
        self.departures.add(session, "A fault of the server")

    def _serve_session(self, session: Session) -> None:
        self._serving = session
        done = 0
        for line in session.inbox:
            if done == self.limits.lines_a_turn or self._is_sated(session):
                self._runnable[session] = None
                break
            if not self._may_go_on(session) or not handle(self, session, line):
                break
            done += 1
        if session.ending is not None:
            session.inbox.clear()
        del session.inbox[:done]

    def _is_sated(self, session: Session) -> bool:
        """Say whether a session has been told enough for now: it asks on when that is read."""
        return session.unread >= self.limits.outbox_soft_bytes

    def _may_go_on(self, session: Session) -> bool:
        if session.ending is not None or session in self.streams:
            return False
        return self.flood.admits(session, self.now)

    def append(
        self, asker: Asker, event: events.Event, then: Callable[[], None] | None = None
    ) -> None:
        """Ask the log for a place for an event; raises what `Ledger.append` raises.

        `then` is called when the event is kept, after its effects: it may answer, and no more.
        """
        self.ledger.append(asker, event, then)

    # -- what the log decided -----------------------------------------------------------------

    def settle(self) -> bool:
        """Keep what was appended, and carry out what came of it; say False where that failed."""
        settled = self.ledger.settle()
        self._refuse_lost(settled)  # first: what was said after it waits for this answer
        for step, origin in settled.steps:
            asker = origin.asker if origin else None
            request = asker if isinstance(asker, Request) else None
            for effect in step.effects:
                carry_out(self, effect, request)
            if isinstance(asker, Operation) and step.fault is not None:
                asker.refused(step.fault)
            if request is not None and isinstance(step.fault, Ignored):
                self._refuse_gone(request)
            if origin is not None and origin.then is not None and step.is_applied:
                origin.then()
            if asker is not None:
                self.settled(asker)
        self._say_farewells()
        return settled.kept

    def _refuse_gone(self, request: Request) -> None:
        """Answer in words what somebody asked who is gone by then: it has come to nothing."""
        session = request.session
        if session.registered and session.uid not in self.state.users:
            self.refuse(request, Failed("CANNOT_KEEP", text="Not kept: you are gone by now"))

    def _refuse_lost(self, settled: Settled) -> None:
        for origin, why in settled.lost:
            text = f"Not kept, and shown to nobody: {why}"
            self.refuse(origin.asker, Failed("CANNOT_KEEP", text=text))
            self.settled(origin.asker)

    def settled(self, asker: Asker) -> None:
        """Take it that one thing that was waited for has come; let its session go on."""
        asker.settled()
        if isinstance(asker, Operation):
            return
        session = asker.session
        self.fanout.touch(session)
        if session.rejoining is not None and not session.open:
            rejoining, session.rejoining = session.rejoining, None
            self.streams.begin(self.aside(session), rejoining)
        if session.inbox:
            self._runnable[session] = None

    def aside(self, session: Session) -> Request:
        """Return a request for what a session is told that it did not ask for; `finish` it."""
        return Request(session, Message(""), self.name)
