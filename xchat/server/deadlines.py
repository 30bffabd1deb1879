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
    """Each item counts once; moving its deadline later costs nothing.

    The heap holds numbers, not items: what is forgotten is free at once, and
    its number stays only until the time it stood for.
    """

    def __init__(self) -> None:
        self._heap: list[tuple[float, int]] = []
        self._count = itertools.count()
        self._numbers: dict[HasDeadline, int] = {}
        self._items: dict[int, HasDeadline] = {}

    def __len__(self) -> int:
        return len(self._items)

    def watch(self, item: HasDeadline) -> None:
        """Look at an item when its deadline comes; also to be called when it comes earlier."""
        self.forget(item)
        when = item.deadline()
        if when is not None:
            self._push(when, item)

    def forget(self, item: HasDeadline) -> None:
        """Never look at an item again."""
        number = self._numbers.pop(item, None)
        if number is not None:
            del self._items[number]

    def next(self) -> float | None:
        """Return when to look next."""
        return self._heap[0][0] if self._heap else None

    def due(self, now: float) -> list[HasDeadline]:
        """Return the items whose deadline has come; each is to be watched again or closed."""
        found = []
        while self._heap and self._heap[0][0] <= now:
            _, number = heapq.heappop(self._heap)
            item = self._items.get(number)
            if item is None:
                continue  # forgotten, or watched again: due twice, it would be asked and dropped
            self.forget(item)
            when = item.deadline()
            if when is not None and when <= now:
                found.append(item)
            elif when is not None:
                self._push(when, item)
        return found

    def _push(self, when: float, item: HasDeadline) -> None:
        number = self._numbers[item] = next(self._count)
        self._items[number] = item
        heapq.heappush(self._heap, (when, number))
