"""One run of the simulation: people, turns, crashes, the clock, and what must hold after each."""

from __future__ import annotations

from collections import deque
from hashlib import sha256
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Self

from tests.chat.simulation.checks import check_fanout, check_server, check_wire, rejoining
from tests.chat.simulation.edges import small_limits, small_turns
from tests.chat.simulation.faults import Crashed, Fault, FaultyStore, SlowLog
from tests.chat.simulation.referee import Referee
from tests.chat.simulation.talk import ACCOUNTS, Line, Talk, can_label, raw
from tests.chat.simulation.wire import Wire
from xchat.chat.events import (
    AccountRegistered,
    AccountRemoved,
    AccountSuspended,
    InviteMade,
    InviteRedeemed,
    InviteWithdrawn,
)
from xchat.chat.hub import Hub
from xchat.chat.session import Session
from xchat.config import Config
from xchat.config.settings import History
from xchat.store.database import open_database

PEOPLE = 9
PLACES_WITH_ACCOUNT = 6
"""Two for each account: they meet as devices of one user."""
QUIET_TURNS_MAX = 2_000
INVITED = ("tea", "tеa", "ნანა")
"""Of two that look alike one is let in at most."""
KEYS = ("k1", "k2", "k3")
RECENT_LINES = 30
START_MS = 1_700_000_000_000
MEMORY = Path("/dev/shm")
"""A sync of a file there costs nothing."""


class World:
    """A server, its file, its people: everything that a seed decides."""

    def __init__(self, seed: int, folder: Path) -> None:
        self.rng = Random(seed)
        self.talk = Talk(self.rng)
        self.folder = folder
        self.now, self.now_ms = 1_000.0, START_MS
        self.is_quiet = False
        self.is_slow = self.rng.random() < 0.2
        self.config = Config(
            limits=small_limits(self.rng), history=History(replay_lines=0)
        )  # what is told again is not told twice
        self.people: list[Wire | None] = [None] * PEOPLE
        self.dead: list[tuple[Session, int]] = []
        self.number = self.asked = self.crashes = self.refusals = 0
        self.recent: deque[str] = deque(maxlen=RECENT_LINES)
        self.digest = sha256()
        """Of every byte that was told to anybody, and when."""
        self._make_file(seed)
        self._open()
        self.referee = Referee(self.path, self.talk.speakers)
        self._start()
        self._make_accounts(1.0)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self.store.close()
        self.referee.close()

    @property
    def path(self) -> Path:
        """The server's file."""
        return self.folder / "xchat.sqlite3"

    @property
    def wires(self) -> dict[str, Wire]:
        """The connections that are alive, by sid."""
        return {wire.session.sid: wire for wire in self.people if wire is not None}

    # -- the server's lives -------------------------------------------------------------------

    def _make_file(self, seed: int) -> None:
        """Make the file under names that the seed decides, for they stand in what is told."""
        database = open_database(self.path)
        names = ((f"{seed:08x}", "log_id"), (f"{seed:08x}", "node"))
        database.executemany("UPDATE meta SET value = ? WHERE key = ?", names)
        database.close()

    def _open(self) -> None:
        self.store = FaultyStore(self.path)
        self.log = SlowLog(self.store, lambda: self.now_ms, lambda: int(self.now * 1000), self.rng)
        self.log.is_slow = False
        run = self.store.next_run()
        self.hub = Hub(
            self.config, self.log, self.store, node=self.store.node, run=run, now_ms=self.now_ms
        )
        self.hub.now = self.now

    def _start(self) -> None:
        """Start as the server does; where it cannot, it ends and is started again."""
        if self.rng.random() < 0.1:
            self.store.suffer(self.rng.choice((Fault.REFUSED, Fault.COMMIT_FAILS, Fault.LOCKED)))
            assert not self.hub.start(), "a start that cannot be kept is no start"
            self.store.close()
            self._open()
        assert self.hub.start(), "the server cannot start from its own file"
        self.log.is_slow = self.is_slow
        self.referee.sync({}, set())
        self._check()

    def crash(self) -> None:
        """End the server without a word, and start it again from the file."""
        self.crashes += 1
        self.people = [None] * PEOPLE
        self.dead.clear()
        self.store.close()
        self._open()
        self.referee.sync({}, set())
        self._start()

    # -- a step -------------------------------------------------------------------------------

    def step(self) -> None:
        """Let people do something, then let the server have a turn, or die in it."""
        self._let_time_pass()
        self._administer()
        if self.rng.random() < 0.1:
            self.store.suffer(self.rng.choice(list(Fault)))
        elif self.rng.random() < 0.4:
            self.store.suffer(Fault.NONE)
        for place in self.rng.sample(range(PEOPLE), self.rng.randrange(PEOPLE)):
            self._act(place)
        try:
            self.turn()
        except Crashed:
            self.crash()

    def turn(self) -> None:
        """Have one turn, in the order of server/turn.py, and check what must hold after it."""
        self.hub.now = self.now
        self.hub.serve(self.now, self.now_ms)
        self._maybe_die()
        away = dict(self.hub.state.away)
        if not self.hub.settle():
            self.refusals += 1
            assert self.hub.state.away == away, "what was refused is shown"
        alive = {sid: wire for sid, wire in self.wires.items() if wire.session.closing is None}
        self.referee.sync(alive, rejoining(self.hub))
        self._maybe_die()
        self._flush()
        self._reap()
        self._check()

    def _maybe_die(self) -> None:
        if not self.is_quiet and self.rng.random() < 0.004:
            raise Crashed

    def _let_time_pass(self) -> None:
        passed = self.rng.choice((0.0, 0.001, 0.01, 0.3, 2.0, 2.0, 20.0))
        self.now += passed
        self.now_ms += int(passed * 1000)
        if self.rng.random() < 0.03:
            self.now_ms += self.rng.choice((-3_600_000, -5_000, -1, 3_600_000))

    # -- accounts -----------------------------------------------------------------------------

    def _make_accounts(self, chance: float) -> None:
        """Make the accounts there are not; each logs in by a certificate."""
        for name in ACCOUNTS:
            if self.hub.state.nick_owner(name) is None and self.rng.random() < chance:
                stays = self.rng.choice((None, True, True, False))
                marks = (fingerprint(name),)
                event = AccountRegistered(name=name, certificates=marks, always_present=stays)
                self.hub.ledger.append_own("", event)

    def _administer(self) -> None:
        """Do now and then what administrators do: accounts end, or may not log in for a while."""
        self._make_accounts(0.1)
        self._invite()
        for account in list(self.hub.state.accounts.values()):
            if self.rng.random() < 0.005:
                self.hub.ledger.append_own("", AccountRemoved(aid=account.aid))
            elif account.suspended or self.rng.random() < 0.005:
                reason = None if account.suspended else "for a while"
                self.hub.ledger.append_own("", AccountSuspended(aid=account.aid, reason=reason))

    def _invite(self) -> None:
        """Invite now and then; several devices at once redeem what is there, or it is withdrawn."""
        if self.rng.random() < 0.05:
            made = InviteMade(
                sha256=sha256(self.rng.randbytes(16)).hexdigest(),
                name=self.rng.choice((*ACCOUNTS, *INVITED)),
                by="root",
                until=self.now_ms + self.rng.choice((1_000, 60_000, 3_600_000)),
                uses=self.rng.choice((1, 1, 2)),
                invites_max=self.rng.choice((2, 1_000)),
            )
            self.hub.ledger.append_own("", made)
        for invite in list(self.hub.state.invites.values()):
            if self.rng.random() < 0.1:
                self._redeem(invite.sha256)
            elif self.rng.random() < 0.01:
                self.hub.ledger.append_own("", InviteWithdrawn(sha256=invite.sha256))

    def _redeem(self, invite: str) -> None:
        for key in self.rng.choices(KEYS, k=self.rng.randrange(1, 4)):
            event = InviteRedeemed(sha256=invite, at=self.now_ms, key=key, device="laptop")
            self.hub.ledger.append_own(self.rng.choice(KEYS), event)

    # -- people -------------------------------------------------------------------------------

    def _act(self, place: int) -> None:
        wire = self.people[place]
        if wire is None:
            self.people[place] = self._connect(place)
        elif wire.session.closing is not None:
            return
        elif self.rng.random() < 0.02:
            self._end(wire, "Connection lost")
        elif self.rng.random() < 0.01:
            self.hub.close(wire.session, "Ping timeout")
        elif self.rng.random() < 0.06:
            wire.is_deaf = not wire.is_deaf
        elif not wire.registered and wire.nick_refused:
            wire.nick_refused = False
            self._send_all(wire, self.talk.retry())
        else:
            often = self.rng.choice((1, 1, 2, 3, 5, 12))
            for _ in range(often):
                self.send(wire, self.talk.line(wire))

    def _connect(self, place: int) -> Wire:
        exempt = self.rng.random() < 0.7
        wire = Wire(self.hub.connect(f"10.0.0.{place}", exempt=exempt), self.referee)
        if place < PLACES_WITH_ACCOUNT:
            wire.account = ACCOUNTS[place % len(ACCOUNTS)]
            wire.session.certificate = fingerprint(wire.account)
        self._send_all(wire, self.talk.registration(wire))
        return wire

    def _send_all(self, wire: Wire, lines: list[Line]) -> None:
        for line in lines:
            self.send(wire, line)

    def send(self, wire: Wire, line: Line) -> None:
        """Send a line, perhaps labelled; now and then with bytes before or a PING after it."""
        text = line.text
        if line.labels and can_label(wire) and self.rng.random() < 0.7:
            text = self._labelled(wire, line)
        data = f"{text}\r\n".encode()
        self.recent.append(f"{self.number}: {wire.session.sid} says {text}")
        if self.rng.random() < 0.02:
            data = raw(self.rng) + data
        if self.rng.random() < 0.1:
            data += f"PING {self._ask(wire, 'p')}\r\n".encode()
        cut = self.rng.randrange(len(data))
        for part in (data[:cut], data[cut:]):
            lines = wire.frames.feed(part)
            if lines:
                self.hub.receive(wire.session, lines)

    def _labelled(self, wire: Wire, line: Line) -> str:
        label = self._ask(wire, "l")
        if line.token:
            wire.labelled[label] = line.token
        if line.text.startswith("@"):
            return f"@label={label};{line.text[1:]}"
        return f"@label={label} {line.text}"

    def _ask(self, wire: Wire, kind: str) -> str:
        self.asked += 1
        wire.asked.append(f"{kind}:{self.asked}")
        return wire.asked[-1]

    # -- flush and reap, as server/turn.py has them -------------------------------------------

    def _flush(self) -> None:
        dirty = self.hub.fanout.take_dirty()
        for wire in self.wires.values():
            session = wire.session
            assert session in dirty or not session.outbox, "lines wait and nobody knows of them"
            wire.unread += b"".join(session.outbox)
            session.outbox.clear()
            if not wire.is_deaf:
                self.digest.update(f"{self.number} {session.sid} ".encode() + wire.unread)
                wire.read()
            session.backlog = len(wire.unread)

    def _reap(self) -> None:
        for wire in self.wires.values():
            session = wire.session
            if session.backlog > self.config.limits.outbox_hard_bytes_max:
                self._end(wire, "Too slow")
            elif session.closing is not None and not session.backlog:
                assert wire.error, "closed without a word"
                self._end(wire, session.closing)

    def _end(self, wire: Wire, reason: str) -> None:
        self.people[self.people.index(wire)] = None
        self.hub.disconnect(wire.session, reason)
        if not wire.session.open:  # else what it asked is answered yet, to nobody
            self.dead.append((wire.session, len(wire.session.outbox)))

    # -- what must hold -----------------------------------------------------------------------

    def _check(self) -> None:
        check_server(self.hub, self.store, self.referee)
        check_fanout(self.hub)
        for wire in self.wires.values():
            check_wire(wire, self.hub)
        for session, size in self.dead:
            assert len(session.outbox) == size, "a closed session's outbox grows"

    def _only_bans_wait(self, when: float) -> bool:
        """Say whether nothing is due but to look at times that are yet to come."""
        others = (self.hub.flood.next_release(), self.hub.departures.next_try())
        return when > self.now and others == (None, None)

    def quiesce(self) -> None:
        """Let everything that waits be done, without faults; then nothing may be left."""
        self.store.suffer(Fault.NONE)
        self.is_quiet, self.log.is_slow = True, False
        for wire in self.wires.values():
            wire.is_deaf = False
        self.turn()
        for _ in range(QUIET_TURNS_MAX):
            when = self.hub.next_work()
            if when is None or self._only_bans_wait(when):
                break
            self.now_ms += max(int((when - self.now) * 1000), 0)
            self.now = max(self.now, when)
            self.turn()
        when = self.hub.next_work()
        assert when is None or self._only_bans_wait(when), "the server never comes to rest"
        for wire in self.wires.values():
            assert not wire.session.inbox, "lines wait for ever"
            assert not wire.session.open, "requests wait for ever"
            assert not wire.asked, f"{wire.asked} were never answered"
        self.referee.check()
        self.is_quiet, self.log.is_slow = False, self.is_slow


def fingerprint(account: str) -> str:
    """Return that of the certificate of an account."""
    return sha256(account.encode()).hexdigest()


def run(seed: int, steps: int) -> World:
    """Run one seed; a failure says which step of which seed, and how to see it again."""
    place = MEMORY if MEMORY.is_dir() else None
    with (
        small_turns(seed),
        TemporaryDirectory(prefix="xchat-", dir=place) as folder,
        World(seed, Path(folder)) as world,
    ):
        try:
            for world.number in range(1, steps + 1):
                world.step()
                if world.number % 40 == 0:
                    world.quiesce()
            world.quiesce()
        except BaseException as error:
            error.add_note("\n".join(["what was sent last:", *list(world.recent)]))
            error.add_note(f"seed {seed}, step {world.number} of {steps}; to see it again:")
            error.add_note(f"python -m tests.chat.simulation {seed} --steps {steps}")
            raise
    return world
