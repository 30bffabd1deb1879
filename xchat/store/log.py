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
from xchat.store.clock import BelievedClock, steady_ms
from xchat.store.store import SqliteStore

APPENDS_MAX = 65_536


class EmbeddedLog:
    """Implements `chat.log.Log`; `clock` returns milliseconds since 1970, `steady` since any time.

    `steady` is never set, and tells a jump of `clock` from time that has passed.
    """

    def __init__(
        self,
        store: SqliteStore,
        clock: Callable[[], int],
        steady: Callable[[], int] = steady_ms,
    ) -> None:
        self._store = store
        self._clock = BelievedClock(clock, steady)
        self._token = 0
        self._ts = 0
        self._waiting: deque[tuple[str, Token, Event, bool]] = deque()

    def append(self, key: str, event: Event) -> Token:
        """Queue an event that is kept."""
        return self._queue(key, event, kept=True)

    def ephemeral(self, key: str, event: Event) -> Token:
        """Queue an event that is only passed on."""
        return self._queue(key, event, kept=False)

    def _queue(self, key: str, event: Event, *, kept: bool) -> Token:
        if len(self._waiting) >= APPENDS_MAX:
            raise LogBusy
        self._token += 1
        self._waiting.append((key, self._token, event, kept))
        return self._token

    def poll(self, limit: int) -> Sequence[Entry | Lost]:
        """Place what was queued; time never falls, whatever the clock does.

        A row of events of one key is not taken apart, though it passes the limit:
        it may be one command, whose answer must not end between others' lines.
        """
        seq, self._ts = self._store.seq, max(self._ts, self._store.ts, self._clock())
        entries: list[Entry] = []
        last = ""
        while self._waiting and (len(entries) < limit or self._waiting[0][0] == last):
            last, token, event, kept = self._waiting.popleft()
            seq += kept
            entries.append(Entry(seq if kept else 0, self._ts, event, token))
        return entries
