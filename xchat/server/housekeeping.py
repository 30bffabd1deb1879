"""What is done when there is time: the write-ahead log is moved into the database."""

from __future__ import annotations

from xchat.journal import Journal
from xchat.limits import FAILURE_SECONDS
from xchat.store.store import SqliteStore

LITTLE_TO_DO_SECONDS = 0.5
"""A turn that took so long has mostly waited."""


class Housekeeping:
    """Keeps the store's house; times in seconds of a clock that only rises."""

    def __init__(self, store: SqliteStore, journal: Journal) -> None:
        self._store = store
        self._journal = journal
        self._told_at = float("-inf")

    def after_turn(self, before: float, now: float) -> None:
        """Tidy if a turn had little to do, or if that can be put off no longer."""
        store = self._store
        if store.must_tidy or (store.is_untidy and now - before > LITTLE_TO_DO_SECONDS):
            self.tidy(now)

    def tidy(self, now: float) -> None:
        """Tidy; where that fails the operator is told, since the log grows until it works."""
        why = self._store.tidy()
        if why is not None and now - self._told_at >= FAILURE_SECONDS:
            self._told_at = now
            self._journal.error(
                "the write-ahead log cannot be moved into the database, and grows: "
                "look at the disk; nothing is lost",
                why=why,
            )
