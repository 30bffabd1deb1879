"""What is done when there is time: checkpoints, and the index of what was said."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from xchat.chat.ledger import CannotKeep, CannotRead
from xchat.chat.retention import Keeping
from xchat.journal import Journal
from xchat.limits import FAILURE_SECONDS
from xchat.store.store import SqliteStore

LITTLE_TO_DO_SECONDS = 0.3
"""A turn that took so long has mostly waited."""
WAITED_SECONDS = 0.02
"""One that took so long has mostly waited too, where people talk all the time."""
RETAIN_SECONDS = 600.0
"""So often it is looked for what is not to be kept any longer."""
INDEX_SECONDS = 0.2
"""What was said is indexed by some hundreds, milliseconds of work, so often at most."""


class Housekeeping:
    """Keeps the store's house; times in seconds of a clock that only rises."""

    def __init__(
        self,
        store: SqliteStore,
        journal: Journal,
        keeping: Callable[[], Keeping] = Keeping,
    ) -> None:
        self._store = store
        self._journal = journal
        self.keeping = keeping
        """Says what is not to be kept any longer."""
        self._round: Iterator[None] | None = None
        """Erasing what is not kept any longer, while it goes on."""
        self._retain_at = 0.0
        self._told_at = float("-inf")
        self._index_at = 0.0

    def after_turn(self, before: float, now: float) -> None:
        """Tidy if a turn had little to do, or if that can be put off no longer."""
        store = self._store
        if store.must_tidy or (store.is_untidy and now - before > LITTLE_TO_DO_SECONDS):
            self.tidy(now)
        elif now >= self._retain_at:
            self.retain(now)
        elif now >= self._index_at:
            self._index_at = now + INDEX_SECONDS
            has_time = now - before > WAITED_SECONDS
            if store.is_behind if has_time else store.must_index:
                self.index(now)

    def retain(self, now: float) -> None:
        """Erase some of what is not to be kept; while there is more, soon again."""
        self._round = self._round or self._store.retaining(self.keeping())
        wait = INDEX_SECONDS
        try:
            next(self._round)
        except StopIteration:
            self._round, wait = None, RETAIN_SECONDS
        except (CannotKeep, CannotRead) as failure:
            self._round, wait = None, RETAIN_SECONDS
            self._tell(now, "what is not to be kept cannot be erased", str(failure))
        self._retain_at = now + wait

    def index(self, now: float) -> None:
        """Index some of what was said; a search would otherwise have it all to do."""
        try:
            self._store.prepare_search()
        except CannotRead as failure:
            self._tell(now, "what was said cannot be indexed, and is not found", str(failure))

    def tidy(self, now: float) -> None:
        """Tidy; where that fails the operator is told, since the log grows until it works."""
        why = self._store.tidy()
        if why is not None:
            words = (
                "the write-ahead log cannot be moved into the database, and grows: "
                "look at the disk; nothing is lost"
            )
            self._tell(now, words, why)

    def _tell(self, now: float, words: str, why: str) -> None:
        if now - self._told_at >= FAILURE_SECONDS:
            self._told_at = now
            self._journal.error(words, why=why)
