"""So many tries in so long, by address or by name; who is known is bounded too."""

from __future__ import annotations

from xchat.limits import THROTTLE_KEYS_MAX


class Throttle:
    """Counts tries of each key; the one that began longest ago is forgotten first."""

    def __init__(self, most: int, seconds: float) -> None:
        self._most = most
        self._seconds = seconds
        self._tries: dict[str, tuple[float, int]] = {}

    def take(self, key: str, now: float) -> bool:
        """Count a try; say whether it may be made."""
        since, count = self._tries.pop(key, (now, 0))
        if now - since >= self._seconds:
            since, count = now, 0
        if len(self._tries) >= THROTTLE_KEYS_MAX:
            del self._tries[next(iter(self._tries))]
        self._tries[key] = (since, min(count + 1, self._most + 1))
        return count < self._most

    def forget(self, key: str) -> None:
        """Begin to count anew."""
        self._tries.pop(key, None)
