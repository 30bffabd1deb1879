"""A real store whose commits fail, each in a way that a disk or a neighbour may bring about."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from enum import Enum
from pathlib import Path
from random import Random

from xchat.chat.ledger import CannotKeep, Writing
from xchat.chat.log import Entry, Lost
from xchat.store.log import EmbeddedLog
from xchat.store.store import SqliteStore

ROOM_WITHOUT_END = 1 << 30


class Fault(Enum):
    """What is wrong with the next commits."""

    NONE = "nothing"
    REFUSED = "the store says no before it writes"
    STATEMENT_FAILS = "a statement fails, the transaction stays open"
    STATEMENT_ROLLS_BACK = "a statement fails and takes the transaction with it"
    COMMIT_FAILS = "all is written, and COMMIT fails"
    FULL = "the disk is full"
    LOCKED = "another program has the file"
    CRASH_BEFORE = "the server dies before the commit"
    CRASH_AFTER = "the server dies right after the commit"


class Crashed(Exception):  # noqa: N818
    """The server is dead."""


# The triggers fail for real, inside SQLite: at the statement, or as an unkept promise at COMMIT.
_ARM = """
    PRAGMA foreign_keys = ON;
    CREATE TEMP TABLE fault (name TEXT);
    CREATE TEMP TABLE promised (id INTEGER PRIMARY KEY);
    CREATE TEMP TABLE owed (id INTEGER REFERENCES promised DEFERRABLE INITIALLY DEFERRED);
    CREATE TEMP TRIGGER statement_fails BEFORE UPDATE ON main.cursor
        WHEN (SELECT name FROM fault) = 'STATEMENT_FAILS'
        BEGIN SELECT RAISE(FAIL, 'fault'); END;
    CREATE TEMP TRIGGER statement_rolls_back BEFORE UPDATE ON main.cursor
        WHEN (SELECT name FROM fault) = 'STATEMENT_ROLLS_BACK'
        BEGIN SELECT RAISE(ROLLBACK, 'fault'); END;
    CREATE TEMP TRIGGER commit_fails AFTER UPDATE ON main.cursor
        WHEN (SELECT name FROM fault) = 'COMMIT_FAILS'
        BEGIN INSERT INTO owed VALUES (1); END;
"""


class SlowLog(EmbeddedLog):
    """A log that takes its time and loses some, as one across a network does."""

    def __init__(
        self,
        store: SqliteStore,
        clock: Callable[[], int],
        steady: Callable[[], int],
        rng: Random,
    ) -> None:
        super().__init__(store, clock, steady)
        self.rng = rng
        self.is_slow = True

    def poll(self, limit: int) -> Sequence[Entry | Lost]:
        """Place what was queued, later, or never; one key's order is kept."""
        if not self.is_slow:
            return super().poll(limit)
        if self.rng.random() < 0.5:
            return []
        lost = []
        while self._waiting and self.rng.random() < 0.1:
            _, token, _, _ = self._waiting.popleft()
            lost.append(Lost(token, "the log did not answer"))
        return [*lost, *super().poll(self.rng.randrange(1, 9))]


class FaultyStore(SqliteStore):
    """The store, on a disk that is told how to behave."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.fault = Fault.NONE
        self._db.executescript(_ARM)
        self._db.execute("PRAGMA busy_timeout = 0")
        self._neighbour = sqlite3.connect(path, isolation_level=None, timeout=0)

    def suffer(self, fault: Fault) -> None:
        """Put this fault in the place of the one there was."""
        if self.fault is Fault.LOCKED:
            self._neighbour.execute("ROLLBACK")
        self.fault = fault
        self._db.execute("DELETE FROM fault")
        self._db.execute("INSERT INTO fault VALUES (?)", (fault.name,))
        pages = 1 if fault is Fault.FULL else ROOM_WITHOUT_END  # never less than there are
        self._db.execute(f"PRAGMA max_page_count = {pages}").fetchall()
        if fault is Fault.LOCKED:
            self._neighbour.execute("BEGIN IMMEDIATE")

    def keep(self, turn: Writing) -> None:
        """Keep a turn, or fail at it."""
        if self.fault is Fault.REFUSED:
            raise CannotKeep("the disk is full")
        if self.fault is Fault.CRASH_BEFORE:
            raise Crashed
        super().keep(turn)
        if self.fault is Fault.CRASH_AFTER:
            raise Crashed

    def close(self) -> None:
        """Let go of the file, as the end of a process does."""
        self._neighbour.close()
        super().close()
