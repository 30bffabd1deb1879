"""History in the store: what was said and what happened, by target and place.

A target's messages lie together in the order of their places, and so do its
events (joins, topics, reactions), apart from them: the latest fifty of either
cost fifty rows, however many of the other there are. `conversations` says, for
each person, whose direct messages are theirs.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from heapq import merge

import msgspec

from xchat.chat import events
from xchat.chat.apply.step import HistoryRow
from xchat.chat.ledger import CannotRead
from xchat.irc.message import NO_TAGS
from xchat.store.words import in_words

MESSAGE, EVENT = 0, 1
"""The kinds of rows: PRIVMSG and NOTICE, and all else that is told again."""
CONVERSATIONS_MAX = 1_000
"""Conversations of one person that are looked through, those of late."""

_SPOKEN = ("PRIVMSG", "NOTICE")
_IN_THE_LOG = (*_SPOKEN, "TAGMSG")
_COLUMNS = "seq, part, history.ts, source, command, shown, text, author, account, bot, event"
_INSERT = "INSERT INTO history VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_PUT_CONVERSATION = "INSERT OR REPLACE INTO conversations VALUES (?, ?, ?)"
PAGE = f"""
    SELECT {_COLUMNS} FROM history LEFT JOIN log USING (seq)
    WHERE target = ? AND kind = ? AND seq > ? AND seq < ?
    ORDER BY seq {{order}}, part {{order}} LIMIT ?
"""  # noqa: S608 - columns of our own
_FIND = f"""
    SELECT {_COLUMNS} FROM history LEFT JOIN log USING (seq)
    WHERE target = ? AND kind = ? AND seq = ? LIMIT 1
"""  # noqa: S608
_ERASE = "DELETE FROM history WHERE target = ? AND kind IN (0, 1) AND seq = ?"
_LATEST = (
    "SELECT ts FROM history WHERE target = ? AND kind = ? AND seq > ? ORDER BY seq DESC LIMIT 1"
)
_CONVERSATIONS = "SELECT target FROM conversations WHERE person = ? ORDER BY seq DESC LIMIT ?"
_NO_END = 1 << 62

Values = tuple[int, int, int, str, str, str, str | None, str, str, int, str | None]


class Histories:
    """The part of the store that answers what was said."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def _insert_history(self, rows: Sequence[HistoryRow]) -> None:
        """Write rows, and of direct messages whose they are; in the caller's transaction."""
        self._db.executemany(_INSERT, map(_values, rows))
        direct = {row.target: row.seq for row in rows if "&" in row.target}
        if direct:
            self._db.executemany(_PUT_CONVERSATION, _conversations(direct))

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
        """Return what a target's history tells between two places (exclusive), oldest first.

        Raises CannotRead.
        """
        end = _NO_END if before is None else before
        kinds = (MESSAGE, EVENT) if with_events else (MESSAGE,)
        query = PAGE.format(order="DESC" if newest else "ASC")
        with _reading():
            pages = [self._rows(target, query, (target, kind, after, end, limit)) for kind in kinds]
        rows = [*merge(*pages, key=_place, reverse=newest)][:limit]
        return rows[::-1] if newest else rows

    def find(self, target: str, seq: int) -> HistoryRow | None:
        """Return the row of a target at a place, if there is one; raises CannotRead."""
        with _reading():
            found = (self._rows(target, _FIND, (target, kind, seq)) for kind in (MESSAGE, EVENT))
            return next((row for rows in found for row in rows), None)

    def latest(self, target: str, after: int = 0) -> int | None:
        """Return when something was last said after a place (ms), or None; raises CannotRead."""
        with _reading():
            found = self._db.execute(_LATEST, (target, MESSAGE, after)).fetchone()
        return None if found is None else int(found[0])

    def conversations(self, person: str) -> list[str]:
        """Return the targets of somebody's direct messages, the latest first; raises CannotRead."""
        with _reading():
            found = self._db.execute(_CONVERSATIONS, (person, CONVERSATIONS_MAX)).fetchall()
        return [target for (target,) in found]

    def _rows(self, target: str, query: str, values: Iterable[str | int]) -> list[HistoryRow]:
        found = self._db.execute(query, tuple(values)).fetchall()
        return [row for values in found if (row := _row(target, values)) is not None]

    def _erase_history(self, target: str, seq: int) -> None:
        """Remove what a target's history has of a place; in the caller's transaction."""
        self._db.execute(_ERASE, (target, seq))


@contextlib.contextmanager
def _reading() -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, msgspec.DecodeError) as error:
        raise CannotRead(in_words(error)) from error


def _conversations(direct: Mapping[str, int]) -> Iterator[tuple[str, str, int]]:
    for target, seq in direct.items():
        for person in target.split("&"):
            yield person, target, seq


def _place(row: HistoryRow) -> tuple[int, int]:
    return row.seq, row.part


def _values(row: HistoryRow) -> tuple[str | int | None, ...]:
    kind = MESSAGE if row.command in _SPOKEN else EVENT
    place = (row.target, kind, row.seq, row.part, row.ts)
    text = None if row.command in _IN_THE_LOG else row.text
    return (*place, row.source, row.command, row.shown, text, row.author, row.account, row.bot)


def _row(target: str, values: Values) -> HistoryRow | None:
    """Return a row, or None where the log has been erased of what it said."""
    seq, part, ts, source, command, shown, text, author, account, bot, event = values
    tags = NO_TAGS
    if command in _IN_THE_LOG:
        said = events.decode(event.encode()) if event else None
        if not isinstance(said, events.MessageSent) or (said.text is None and not said.tags):
            return None
        text, tags = said.text, said.tags
    told = (source, command, shown, text, tags)
    return HistoryRow(target, seq, ts, *told, author, account, bool(bot), part)
