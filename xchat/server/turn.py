"""The turn: one round of the server, in the one order that keeps its promises.

receive   every ready socket is read once, before anything is answered: what
          came in the same moment shares one commit, and nobody waits for a
          neighbour who sends more.
remind    the silent are asked whether they live, the late are to go.
serve     each session has a bounded share of its lines handled. Handlers
          read the state, reply into outboxes, and append events.
settle    what was appended is applied and kept, in one transaction.
          Nothing has been spoken before this line: echo means kept.
flush     each outbox is encrypted and sent once: bytes made once for all
          readers leave in one TLS record and one system call a reader.
reap      who is gone, late or too slow is closed. Nobody is before this line,
          so nothing above meets a connection that died in its hands.
"""

from __future__ import annotations

import time
import traceback
from collections.abc import Sequence
from pathlib import Path

from xchat.chat.hub import Hub
from xchat.journal import Journal
from xchat.limits import FAILURE_SECONDS
from xchat.server.connection import READ, Connection
from xchat.server.console import Console
from xchat.server.guests import Guests
from xchat.server.loop import Loop
from xchat.server.workers import Workers

IDLE_SECONDS = 0.4
"""A turn at least this often, for what is done when there is time."""
GATHER_SECONDS_MIN, GATHER_SECONDS_MAX = 0.000_05, 0.001
FAULT_PLACES = 5
"""How many places of a traceback the journal names."""


class Turn:
    """The round that serves everyone."""

    def __init__(
        self,
        hub: Hub,
        loop: Loop,
        guests: Guests,
        workers: Workers,
        journal: Journal,
        *,
        console: Console | None = None,
    ) -> None:
        self._hub = hub
        self._console = console
        self._workers = workers
        self._loop = loop
        self._guests = guests
        self._journal = journal
        self._gather_until = 0.0
        self._failed_at = float("-inf")
        self._failures = 0

    def run(self) -> None:
        """Serve everyone once."""
        ready = self._wait()
        now, now_ms = time.monotonic(), time.time_ns() // 1_000_000
        self._hub.now = now
        for connection, events in ready:
            if events & READ:
                self._guests.receive(connection)
        self._guests.accept(now)
        self._guests.remind(now)
        if self._console is not None:
            self._console.receive(self._loop.visitors)
        try:
            self._workers.collect()
            self._guests.serve_applicants()
            self._hub.serve(now, now_ms)
            if self._console is not None:
                self._console.serve()
            if not self._hub.settle():
                self._record_failure(now)
            self._guests.answer_applicants()
            if self._console is not None:
                self._console.answer()
        except Exception as fault:  # noqa: BLE001 - the last resort, and the only one of its kind
            self._journal.fault(_describe(fault), now)
            self._hub.recover()
            self._guests.recover()
            if self._console is not None:
                self._console.recover()
        self._workers.start()
        self._flush([connection for connection, _ in ready])
        self._guests.reap()

    def _record_failure(self, now: float) -> None:
        """Record that a commit failed; of many in a row, how many and not each."""
        self._failures += 1
        if now - self._failed_at >= FAILURE_SECONDS:
            words = "a commit failed: what was said is refused, nothing is lost"
            why = self._hub.ledger.failure
            self._journal.error(words, why=why, commits=self._failures)
            self._failed_at, self._failures = now, 0

    def _wait(self) -> Sequence[tuple[Connection, int]]:
        """Wait until somebody is ready; under load, a moment longer for others to be."""
        ready = self._loop.wait(self._timeout())
        moment = self._gather_until - time.monotonic()
        if ready and moment > GATHER_SECONDS_MIN:
            time.sleep(moment)
            return self._loop.wait(0)
        return ready

    def _timeout(self) -> float:
        now = time.monotonic()
        if self._console is not None and self._console.has_more:
            return 0.0
        times = (self._hub.next_work(), self._guests.next_deadline())
        waits = [max(when - now, 0.0) for when in times if when is not None]
        return min(IDLE_SECONDS, *waits) if waits else IDLE_SECONDS

    def _flush(self, ready: Sequence[Connection]) -> None:
        """Send what everyone was told, to each reader once.

        What telling cost is what the next turn may save: for half as long it
        waits for more to be said, which then shares its commit and its sends.
        """
        begun = time.monotonic()
        self._guests.flush(self._hub.fanout.take_dirty(), ready)
        now = time.monotonic()
        self._gather_until = now + min((now - begun) / 2, GATHER_SECONDS_MAX)


def _describe(fault: Exception) -> str:
    """Return what and where, never the words of a fault: people's own may be in them."""
    places = traceback.extract_tb(fault.__traceback__)[-FAULT_PLACES:]
    where = " < ".join(f"{Path(place.filename).name}:{place.lineno}" for place in reversed(places))
    return f"{type(fault).__name__} at {where}"
