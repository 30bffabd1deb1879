"""Deadlines that mostly move away before they come: a heap that looks again when they do."""

from __future__ import annotations

import heapq
import itertools
from typing import Protocol


class HasDeadline(Protocol):
    """Something to be looked at when a time comes."""

    def deadline(self) -> float | None:
        """Return when (seconds), as things stand now; None for never again."""


class Deadlines:
    """A connection counts in the heap once; moving its deadline later costs nothing."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, HasDeadline]] = []
        self._number = itertools.count()
        self._latest: dict[HasDeadline, int] = {}

    def watch(self, item: HasDeadline) -> None:
        """Look at an item when its deadline comes; also to be called when it comes earlier."""
        when = item.deadline()
        if when is not None:
            self._push(when, item)

    def next(self) -> float | None:
        """Return when to look next."""
        return self._heap[0][0] if self._heap else None

    def due(self, now: float) -> list[HasDeadline]:
        """Return the items whose deadline has come; each is to be watched again or closed."""
        found = []
        while self._heap and self._heap[0][0] <= now:
            _, number, item = heapq.heappop(self._heap)
            if self._latest.get(item) != number:
                continue  # watched again since: twice due would be asked and dropped at once
            del self._latest[item]
            when = item.deadline()
            if when is not None and when <= now:
                found.append(item)
            elif when is not None:
                self._push(when, item)
        return found

    def _push(self, when: float, item: HasDeadline) -> None:
        number = self._latest[item] = next(self._number)
        heapq.heappush(self._heap, (when, number, item))
