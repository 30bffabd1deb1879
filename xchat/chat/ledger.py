"""From a claim to what came of it: what waits for the log, the commit, and the answer.

Theory. Handlers append events; the log gives them places; `settle` applies them
in that order and hands everything of the turn (log entries, history, changed
entities) to the store as one transaction. Only when that is kept does it return
the effects, so nothing is ever told that could be lost. When it is not kept,
the state in memory is ahead of the truth: it takes back what the turn changed,
and everyone whose event it was is told. Only after a fault of ours, when nothing
in memory can be believed, is it read again from the store.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, Protocol

import msgspec

from xchat.chat import events
from xchat.chat.apply import Step, apply, check
from xchat.chat.apply.step import AuditRow, Erased, HistoryRow
from xchat.chat.asker import Asker
from xchat.chat.log import Entry, Log, LogBusy, Lost, Token
from xchat.chat.refused import Failed
from xchat.chat.state import Row, State

ENTRIES_A_TURN = 4096
_CHANGES_NOTHING = (events.MessageSent, events.TypingNotified, events.WallopsSent)
_NOT_KEPT = (events.TypingNotified, events.AwayChanged, events.WallopsSent)


class CannotKeep(Exception):  # noqa: N818 - what the store says when it fails, in words
    """A commit failed, and nothing of it is kept."""


class CannotRead(Exception):  # noqa: N818
    """The store cannot say what it holds; `str` is why, in words."""


class Place(NamedTuple):
    """A message that was found: its place in the log, and whose history tells it, if any does."""

    seq: int
    target: str


class Writing(NamedTuple):
    """What one transaction writes: entries of the log, and what came of them.

    What the entries at the places `erased` say is blanked, in the log and in the history.
    """

    entries: Sequence[Entry]
    history: Sequence[HistoryRow] = ()
    rows: Sequence[Row] = ()
    erased: Sequence[Erased] = ()
    audit: Sequence[AuditRow] = ()


class Store(Protocol):
    """What the rules ask of the store."""

    log_id: str
    seq: int
    """The place of the last entry."""

    def keep(self, turn: Writing) -> None:
        """Write a turn in one transaction, all or nothing; raises CannotKeep."""

    def index(self, turn: Writing) -> None:
        """Write what came of entries that the log holds already; raises CannotKeep."""

    def behind(self) -> Iterator[list[Entry]]:
        """Yield the entries that the log holds and the index does not, some at a time."""

    def state(self) -> State:
        """Return the state as it was last kept."""

    def page(
        self,
        target: str,
        *,
        after: int = 0,
        before: int | None = None,
        limit: int,
        newest: bool,
        with_events: bool = False,
    ) -> list[HistoryRow]:
        """Return history between two places (exclusive), oldest first.

        Of more than `limit` rows, the newest or the oldest ones. Raises CannotRead.
        """

    def find(self, target: str, seq: int) -> HistoryRow | None:
        """Return the row of a target at a place, if there is one; raises CannotRead."""

    def latest(self, target: str, after: int = 0) -> int | None:
        """Return when something was last said after a place (ms), or None; raises CannotRead."""

    def prepare_search(self) -> bool:
        """Index some of what was said of late; say whether there is more. Raises CannotRead."""

    def search(
        self, text: str, *, after: int, before: int, limit: int, newest: bool
    ) -> Iterator[list[Place]]:
        """Yield messages between two places (exclusive) with all words of a text, some at a time.

        No text finds all. Raises CannotRead.
        """

    def conversations(self, person: str) -> list[str]:
        """Return the targets of somebody's direct messages, the latest first; raises CannotRead."""

    def audit(self, *, after: int = 0, limit: int) -> list[AuditRow]:
        """Return what was done in the audit log after a place, oldest first; raises CannotRead."""

    def seq_at(self, ts: int) -> int:
        """Return the place of the first entry at or after a time in ms, or one past the last.

        Raises CannotRead.
        """


class Origin(msgspec.Struct, frozen=True):
    """Who asked for an event; `changes` if it may change what others see.

    `then` is called when it was applied and kept.
    """

    asker: Asker
    changes: bool
    then: Callable[[], None] | None = None


class Settled(msgspec.Struct, frozen=True):
    """What came of a turn: applied steps in the log's order, and what was lost with the reason."""

    steps: tuple[tuple[Step, Origin | None], ...] = ()
    lost: tuple[tuple[Origin, str], ...] = ()
    kept: bool = True


class Ledger:
    """The state, the log it follows, and the store that keeps both."""

    def __init__(self, log: Log, store: Store) -> None:
        self.log = log
        self.store = store
        self.state = store.state()
        self.has_more = False
        """Whether the log may hold more than the last turn took."""
        self.failure = ""
        """Why the last commit that failed did, in words."""
        self._origins: dict[Token, Origin] = {}
        self._is_lost = False

    def catch_up(self) -> None:
        """Apply what the log holds and the index does not; raises CannotKeep."""
        for entries in self.store.behind():
            _, turn = self._apply(entries)
            self.store.index(turn)
            self.state.confirm()

    def _apply(self, entries: Sequence[Entry]) -> tuple[list[Step], Writing]:
        """Apply entries; return what came of each, and what the store is to write of all."""
        steps = [apply(self.state, entry, self.store.log_id) for entry in entries]
        history = [row for step in steps for row in step.history]
        erased = [place for step in steps for place in step.erased]
        audit = [row for step in steps for row in step.audit]
        return steps, Writing(entries, history, self.state.changes(), erased, audit)

    def append(
        self, asker: Asker, event: events.Event, then: Callable[[], None] | None = None
    ) -> None:
        """Ask the log for a place for an event that somebody asked for.

        Raises Refused or Ignored at once for what would come to nothing, Failed
        where the log takes no more.
        """
        check(self.state, event)
        key = asker.key
        try:
            if isinstance(event, _NOT_KEPT):
                token = self.log.ephemeral(key, event)
            else:
                token = self.log.append(key, event)
        except LogBusy as busy:
            raise Failed("TEMPORARILY_UNAVAILABLE", text="Too busy, try again") from busy
        origin = Origin(asker, not isinstance(event, _CHANGES_NOTHING), then)
        self._origins[token] = origin
        self.has_more = True
        asker.claimed(changes=origin.changes)

    def append_own(self, key: str, event: events.Event) -> bool:
        """Append an event of the server itself; say False where the log takes no more."""
        append = self.log.ephemeral if isinstance(event, _NOT_KEPT) else self.log.append
        try:
            append(key, event)
        except LogBusy:
            return False
        self.has_more = True
        return True

    def settle(self) -> Settled:
        """Apply what the log has placed, keep it, and say what came of it."""
        polled = self.log.poll(ENTRIES_A_TURN) if not self._is_lost else ()
        self.has_more = len(polled) >= ENTRIES_A_TURN
        if not polled:
            return Settled()
        lost = [(item.token, item.why) for item in polled if isinstance(item, Lost)]
        entries = [item for item in polled if isinstance(item, Entry)]
        steps, turn = self._apply(entries)
        try:
            self.store.keep(turn)
        except CannotKeep as failure:
            self.state.take_back()
            self.failure = str(failure)
            lost += [(entry.token, self.failure) for entry in entries if entry.token is not None]
            return Settled(lost=self._take_lost(lost), kept=False)
        self.state.confirm()
        origins = [self._take(entry.token) for entry in entries]
        return Settled(tuple(zip(steps, origins, strict=True)), self._take_lost(lost))

    def recover(self) -> None:
        """Go back to what is kept, after a fault of ours; nobody waits for an event any more.

        Raises what the store raises where that cannot be read: then no state is
        to be believed, and nothing more is settled.
        """
        for token in list(self._origins):
            self._take(token)
        self._is_lost = True
        state = self.store.state()
        state.away = {uid: why for uid, why in self.state.away.items() if uid in state.users}
        self.state, self._is_lost = state, False

    def _take(self, token: Token | None) -> Origin | None:
        origin = self._origins.pop(token, None) if token is not None else None
        if origin is not None:
            origin.asker.placed(changes=origin.changes)
        return origin

    def _take_lost(self, lost: Sequence[tuple[Token, str]]) -> tuple[tuple[Origin, str], ...]:
        taken = [(self._take(token), why) for token, why in lost]
        return tuple((origin, why) for origin, why in taken if origin is not None)
