"""Erasing what is not kept any longer, in pieces of some milliseconds.

Theory. What is older than the server keeps anything goes first, by its place in
the log, whatever it was said to, and with it what no history tells: words to
some of a channel, a goodbye to nobody. Then each history is looked at by
itself: the terms of its channel, how many messages it may have, and whether
there still is such a channel. Days are counted back from the last entry: a
clock that jumps ahead erases nothing. The topic that a channel has stays,
however old: it would be told at every JOIN and missing from the log.

Each step of the iteration is a transaction of its own, so a message waits for
one piece at most; what is said while it goes on is left for the next time.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Generator, Iterator, Sequence
from typing import Any, Protocol

import msgspec

from xchat.chat import events
from xchat.chat.apply.step import Erased
from xchat.chat.ledger import CannotKeep, CannotRead
from xchat.chat.retention import Keeping
from xchat.store.words import in_words

RETAIN_ROWS = 100
"""Rows erased at once."""
LOOK_ROWS = 2_000
"""Rows counted, or entries and histories looked at, at once."""
DAY_MS = 86_400_000

_OLD = """
    SELECT DISTINCT seq, target, command, ts FROM history
    WHERE seq > ? AND seq < ? ORDER BY seq LIMIT ?
"""
_OF_TARGET = """
    SELECT DISTINCT seq, target, command, ts FROM history
    WHERE target = ? AND kind = ? AND seq > ? AND seq < ? ORDER BY seq LIMIT ?
"""
_ENTRIES = "SELECT seq, event FROM log WHERE seq > ? AND seq < ? ORDER BY seq LIMIT ?"
_NEXT_TARGET = "SELECT target FROM history WHERE target > ? ORDER BY target LIMIT 1"
_BACK = """
    SELECT seq FROM history WHERE target = ? AND kind = ? AND seq < ?
    ORDER BY seq DESC LIMIT 1 OFFSET ?
"""
_MARK = "SELECT value FROM meta WHERE key = 'retained'"
_PUT_MARK = "INSERT OR REPLACE INTO meta VALUES ('retained', ?)"
_KINDS = (0, 1)


class Erasing(Protocol):
    """What is asked of the store."""

    seq: int
    ts: int

    def seq_at(self, ts: int) -> int:
        """Return the place of the first entry at or after a time; raises CannotRead."""

    def erase_speech(self, places: Sequence[Erased]) -> None:
        """Erase people's words at these places, in one transaction; raises CannotKeep."""


class Retention:
    """One round of it."""

    def __init__(self, db: sqlite3.Connection, store: Erasing, keeping: Keeping) -> None:
        self._db = db
        self._store = store
        self._keeping = keeping
        self._end = store.seq + 1
        """What comes after it began may be of channels that began after it."""

    def pieces(self) -> Iterator[None]:
        """Erase some, again and again; raises CannotKeep, CannotRead."""
        end = self._first_kept(self._keeping.terms.days)
        yield from self._erase_rows(_OLD, (), end)
        yield from self._erase_entries(end)
        for looked_at, target in enumerate(self._targets()):
            yield from self._retain(target)
            if not looked_at % LOOK_ROWS:
                yield

    def _first_kept(self, days: int) -> int:
        return self._store.seq_at(max(self._store.ts - days * DAY_MS, 0)) if days else 0

    def _rows(self, query: str, values: tuple[str | int, ...]) -> list[tuple[Any, ...]]:
        try:
            return self._db.execute(query, values).fetchall()
        except sqlite3.Error as error:
            raise CannotRead(in_words(error)) from error

    def _targets(self) -> Iterator[str]:
        """Yield whatever has a history, found by its index: a step for each."""
        target = ""
        while found := self._rows(_NEXT_TARGET, (target,)):
            target = str(found[0][0])
            yield target

    def _retain(self, target: str) -> Iterator[None]:
        """Erase what one history is not to keep."""
        if self._keeping.has_ended(target):
            first = self._end
        else:
            terms = self._keeping.of(target)
            if terms == self._keeping.terms and not terms.messages:
                return
            first = self._first_kept(terms.days)
        for kind in _KINDS:
            if first < self._end and terms.messages:
                first = max(first, (yield from self._counted(target, kind, terms.messages)))
            yield from self._erase_rows(_OF_TARGET, (target, kind), first)

    def _counted(self, target: str, kind: int, most: int) -> Generator[None, None, int]:
        """Return the place of the oldest that stays of so many, or 0 where there are fewer."""
        place, left = self._end, most
        while left:
            step = min(left, LOOK_ROWS)
            found = self._rows(_BACK, (target, kind, place, step - 1))
            if not found:
                return 0
            place, left = int(found[0][0]), left - step
            yield
        return place

    def _erase_rows(self, query: str, which: tuple[str | int, ...], end: int) -> Iterator[None]:
        """Erase rows before a place, the oldest first, but for what is in force."""
        after = 0
        while found := self._rows(query, (*which, after, end, RETAIN_ROWS)):
            after = found[-1][0]
            self._store.erase_speech(
                [
                    Erased(seq, target)
                    for seq, target, command, ts in found
                    if not self._keeping.is_in_force(target, command, ts)
                ]
            )
            yield

    def _erase_entries(self, end: int) -> Iterator[None]:
        """Erase, of entries before a place, what no history has told."""
        mark = self._rows(_MARK, ())
        after = int(mark[0][0]) if mark else 0
        while found := self._rows(_ENTRIES, (after, end, LOOK_ROWS)):
            spoken = [seq for seq, event in found if _says_something(event)]
            for at in range(0, len(spoken), RETAIN_ROWS):
                self._store.erase_speech([Erased(seq) for seq in spoken[at : at + RETAIN_ROWS]])
                yield
            after = found[-1][0]
            self._put_mark(after)
            yield

    def _put_mark(self, place: int) -> None:
        try:
            self._db.execute(_PUT_MARK, (str(place),))
        except sqlite3.Error as error:
            raise CannotKeep(in_words(error)) from error


def _says_something(data: str) -> bool:
    """Say whether an entry has words that are to go; a topic goes when its row does."""
    try:
        event = events.decode(data.encode())
    except msgspec.DecodeError as error:
        raise CannotRead(in_words(error)) from error
    return not isinstance(event, events.TopicChanged) and events.without_speech(event) != event
