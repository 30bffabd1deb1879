"""What is kept: the log, and its index: history, live state, and how far they follow the log."""

from __future__ import annotations

import sqlite3
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec
from msgspec.structs import astuple

from xchat.chat import events
from xchat.chat.apply.step import AuditRow, Erased
from xchat.chat.kept import state_of
from xchat.chat.ledger import CannotKeep, CannotRead, Place, Writing
from xchat.chat.log import Entry
from xchat.chat.retention import Keeping
from xchat.chat.state import State
from xchat.store.database import StoreError, open_database
from xchat.store.history import Histories
from xchat.store.retention import Retention
from xchat.store.search import INDEX_ROWS, SearchIndex
from xchat.store.words import BUSY, in_words

SHARD = 0
"""The log is one; a cluster's may be several, each with a cursor of its own."""
TIDY_AFTER_ENTRIES = 1_000
TIDY_NOW_ENTRIES = 10_000
"""A message that is alone in its turn costs 16 KB of write-ahead log: this bounds it at 160 MB."""
INDEX_NOW_ENTRIES = 20_000
"""What a search may have to index first, in half a second."""
REPLAY_ENTRIES = 1_000

_INSERT_LOG = "INSERT INTO log (seq, ts, event) VALUES (?, ?, ?)"
_PUT_STATE = (
    "INSERT INTO state VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value"
)
_BLANK = "UPDATE log SET event = ? WHERE seq = ?"
_MOVE_CURSOR = "UPDATE cursor SET seq = ?, ts = ? WHERE shard = ?"
_TIME_AT = "SELECT ts FROM log WHERE seq >= ? ORDER BY seq LIMIT 1"
_INSERT_AUDIT = "INSERT OR IGNORE INTO audit VALUES (?, ?, ?, ?, ?, ?)"
_AUDIT = "SELECT seq, ts, via, who, act, what FROM audit WHERE seq > ? ORDER BY seq LIMIT ?"
_BEHIND = "SELECT seq, ts, event FROM log WHERE seq > ? ORDER BY seq LIMIT ?"


class SqliteStore(Histories):
    """The store of one server, in one file. Used by one thread."""

    def __init__(self, path: Path) -> None:
        self._path = path
        super().__init__(open_database(path))
        self._index = SearchIndex(self._db)
        self.log_id = self._meta("log_id")
        self.node = self._meta("node")
        self.seq, self.ts = self._db.execute(
            "SELECT seq, ts FROM cursor WHERE shard = ?", (SHARD,)
        ).fetchone()
        self._untidied = 0
        self._has_erased = False
        self._tidy_at = TIDY_AFTER_ENTRIES

    def next_run(self) -> str:
        """Count one more run of this server; return its number, as it begins uids.

        Raises StoreError where that cannot be written.
        """
        run = str(int(self._meta("run")) + 1)
        try:
            self._db.execute("UPDATE meta SET value = ? WHERE key = 'run'", (run,))
        except sqlite3.Error as error:
            raise StoreError(
                f"{self._path}: {in_words(error)}: the start cannot be recorded",
                mend="look at the folder's free space and permissions, then start again",
            ) from error
        return run

    def _meta(self, key: str) -> str:
        row = self._db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return str(row[0])

    # -- writing ------------------------------------------------------------------------------

    def keep(self, turn: Writing) -> None:
        """Write entries and what came of them in one transaction; raises CannotKeep."""
        logged = [entry for entry in turn.entries if entry.seq]
        if logged:
            placed = [
                (entry.seq, entry.ts, events.encode(entry.event).decode()) for entry in logged
            ]
            self._commit(turn, placed, logged[-1])

    def index(self, turn: Writing) -> None:
        """Write what came of entries that the log holds already; raises CannotKeep."""
        if turn.entries:
            self._commit(turn, [], turn.entries[-1])

    def _commit(self, turn: Writing, placed: Sequence[tuple[int, int, str]], last: Entry) -> None:
        execute, many = self._db.execute, self._db.executemany
        try:
            execute("BEGIN IMMEDIATE")
            many(_INSERT_LOG, placed)
            self._insert_history(turn.history)
            many(_INSERT_AUDIT, map(astuple, turn.audit))
            for key, value in turn.rows:
                if value is None:
                    execute("DELETE FROM state WHERE key = ?", (key,))
                else:
                    execute(_PUT_STATE, (key, value.decode()))
            for place in turn.erased:
                self._erase(place)
            execute(_MOVE_CURSOR, (last.seq, last.ts, SHARD))
            execute("COMMIT")
        except sqlite3.Error as error:
            self._roll_back()
            raise CannotKeep(in_words(error)) from error
        if turn.erased:
            self._index.reread()
        self.seq, self.ts = last.seq, last.ts
        self._untidied += len(placed)

    def _erase(
        self, place: Erased, without: Callable[[events.Event], events.Event] = events.blank
    ) -> None:
        """Blank what an entry says, in the log and in the history.

        The blank is as long as what it takes the place of: so it is written over
        it, and no other row is moved.
        """
        row = self._db.execute("SELECT event FROM log WHERE seq = ?", (place.seq,)).fetchone()
        if row is not None:
            event = row[0].encode()
            blank = events.encode(without(events.decode(event))).ljust(len(event))
            self._db.execute(_BLANK, (blank.decode(), place.seq))
        self._erase_history(place.target, place.seq)
        self._index.forget(place.seq)
        self._has_erased = True

    def _roll_back(self) -> None:
        if self._db.in_transaction:
            self._db.execute("ROLLBACK")

    # -- reading ------------------------------------------------------------------------------

    def state(self) -> State:
        """Return the state as it was last kept; raises StoreError where it is damaged."""
        try:
            rows = self._db.execute("SELECT key, value FROM state ORDER BY key")
            return state_of((key, value.encode()) for key, value in rows)
        except (sqlite3.Error, msgspec.DecodeError) as error:
            raise self._damaged("the state", error) from error

    def behind(self) -> Iterator[list[Entry]]:
        """Yield entries that the log holds and the index does not, some at a time.

        Raises StoreError where the log is damaged.
        """
        try:
            while found := self._db.execute(_BEHIND, (self.seq, REPLAY_ENTRIES)).fetchall():
                yield [Entry(seq, ts, events.decode(event.encode())) for seq, ts, event in found]
        except (sqlite3.Error, msgspec.DecodeError) as error:
            raise self._damaged(f"the log after entry {self.seq}", error) from error

    def _damaged(self, what: str, error: Exception) -> StoreError:
        return StoreError(
            f"{self._path}: {what} cannot be read: {error}",
            mend="put a backup in its place, or start with another folder: "
            "xchat-server --data FOLDER",
        )

    def audit(self, *, after: int = 0, limit: int) -> list[AuditRow]:
        """Return what was done in the audit log after a place, oldest first; raises CannotRead."""
        try:
            return [AuditRow(*row) for row in self._db.execute(_AUDIT, (after, limit))]
        except sqlite3.Error as error:
            raise CannotRead(in_words(error)) from error

    def seq_at(self, ts: int) -> int:
        """Return the place of the first entry at or after a time, or one past the last.

        Time never falls along the log, so its places are searched by halves:
        an index of times would cost each commit a page. Raises CannotRead.
        """
        places = range(1, self.seq + 1)
        try:
            return 1 + bisect_left(places, ts, key=self._time_at)
        except sqlite3.Error as error:
            raise CannotRead(in_words(error)) from error

    def prepare_search(self) -> bool:
        """Index some of what was said of late; say whether there is more. Raises CannotRead."""
        return self._index.go_on(self.seq)

    def search(
        self, text: str, *, after: int, before: int, limit: int, newest: bool
    ) -> Iterator[list[Place]]:
        """Yield messages between two places (exclusive) with all words of a text, some at a time.

        No text finds all. Raises CannotRead.
        """
        end = min(before, self.seq + 1)
        return self._index.search(text, after=after, before=end, limit=limit, newest=newest)

    @property
    def is_behind(self) -> bool:
        """Whether there is enough that was said of late to be indexed for the search."""
        return self._index.behind(self.seq) >= INDEX_ROWS

    @property
    def must_index(self) -> bool:
        """Whether there is so much that it is indexed whatever else there is to do."""
        return self._index.behind(self.seq) >= INDEX_NOW_ENTRIES

    def _time_at(self, place: int) -> int:
        """Return the time of the first entry from a place on, some having been erased."""
        row = self._db.execute(_TIME_AT, (place,)).fetchone()
        return int(row[0]) if row else self.ts

    # -- keeping house ------------------------------------------------------------------------

    @property
    def is_untidy(self) -> bool:
        """Whether the write-ahead log is worth a checkpoint when there is time."""
        return self._untidied >= self._tidy_at or self._has_erased

    @property
    def must_tidy(self) -> bool:
        """Whether it is, whatever else there is to do."""
        return self._untidied >= max(self._tidy_at, TIDY_NOW_ENTRIES)

    def tidy(self) -> str | None:
        """Move the write-ahead log into the database; return why that failed, in words.

        It is tried again after as many entries as make the log untidy. Where
        something was erased nothing is left of the write-ahead log, which has it still.
        """
        why: str | None
        try:
            how = "TRUNCATE" if self._has_erased else "PASSIVE"
            ((is_busy, _, _),) = self._db.execute(f"PRAGMA wal_checkpoint({how})").fetchall()
            why = BUSY if is_busy else None
        except sqlite3.Error as error:
            why = in_words(error)
        if why is None:
            self._untidied, self._has_erased = 0, False
        self._tidy_at = self._untidied + TIDY_AFTER_ENTRIES
        return why

    def retaining(self, keeping: Keeping) -> Iterator[None]:
        """Erase, a little at a time, what is not to be kept; raises CannotKeep, CannotRead."""
        return Retention(self._db, self, keeping).pieces()

    def erase_speech(self, places: Sequence[Erased]) -> None:
        """Erase people's words at these places, in one transaction; raises CannotKeep."""
        if not places:
            return
        try:
            self._db.execute("BEGIN IMMEDIATE")
            for place in places:
                self._erase(place, events.without_speech)
            self._db.execute("COMMIT")
        except sqlite3.Error as error:
            self._roll_back()
            raise CannotKeep(in_words(error)) from error
        self._index.reread()

    def close(self) -> None:
        """Close the file; what was kept is kept."""
        self._db.close()
