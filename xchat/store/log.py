"""The log of one machine: a table in the store's file, written by the same transaction.

`append` only queues; `poll` gives each event its place, right after the last
that was kept. A commit that fails leaves the store where it was, so the places
are given again to others, and nobody has seen them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence

from xchat.chat.events import Event
from xchat.chat.log import Entry, LogBusy, Lost, Token
from xchat.store.store import SqliteStore

APPENDS_MAX = 65_536


class EmbeddedLog:
    """Implements `chat.log.Log`; `clock` returns milliseconds since 1970."""

    def __init__(self, store: SqliteStore, clock: Callable[[], int]) -> None:
        self._store = store
        self._clock = clock
        self._token = 0
        self._waiting: deque[tuple[Token, Event, bool]] = deque()

    def append(self, key: str, event: Event) -> Token:  # noqa: ARG002 - one order holds all keys
        """Queue an event that is kept."""
        return self._queue(event, kept=True)

    def ephemeral(self, key: str, event: Event) -> Token:  # noqa: ARG002
        """Queue an event that is only passed on."""
        return self._queue(event, kept=False)

    def _queue(self, event: Event, *, kept: bool) -> Token:
        if len(self._waiting) >= APPENDS_MAX:
            raise LogBusy
        self._token += 1
        self._waiting.append((self._token, event, kept))
        return self._token

    def poll(self, limit: int) -> Sequence[Entry | Lost]:
        """Place what was queued; time never falls, whatever the clock does."""
        seq, ts = self._store.seq, max(self._store.ts, self._clock())
        entries = []
        for _ in range(min(limit, len(self._waiting))):
            token, event, kept = self._waiting.popleft()
            seq += kept
            entries.append(Entry(seq if kept else 0, ts, event, token))
        return entries
