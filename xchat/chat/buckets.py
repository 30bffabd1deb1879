"""Token buckets by address: so much at once, then only so fast, in a table that is bounded."""

from __future__ import annotations

import itertools
from ipaddress import ip_network

IPV6_PREFIX = 64
"""One IPv6 customer has a /64 at least: all of it counts as one address."""


class Buckets:
    """One bucket for each key; times in seconds.

    A bucket is kept as the time when it is full again, so that a full one is no
    entry; who is refused is not charged, and goes on as soon as there is a token.
    """

    def __init__(self, burst: int, per_second: float, keys_max: int) -> None:
        self._seconds = 1 / per_second
        self._debt_max = (burst - 1) * self._seconds
        self._keys_max = keys_max
        self._full_at: dict[str, float] = {}

    def __len__(self) -> int:
        return len(self._full_at)

    def has_token(self, key: str, now: float) -> bool:
        """Say whether there is a token for a key."""
        return self.wait(key, now) <= 0

    def wait(self, key: str, now: float) -> float:
        """Return how long (seconds) it takes until there is a token for a key."""
        return self._full_at.get(key, now) - now - self._debt_max

    def take(self, key: str, now: float) -> None:
        """Take a token, and forget whose bucket is full, or, of too many, who was longest quiet."""
        debts = self._full_at
        debts[key] = max(debts.pop(key, now), now) + self._seconds
        for oldest in list(itertools.islice(debts, 2)):
            if debts[oldest] <= now or len(debts) > self._keys_max:
                del debts[oldest]

    def give_back(self, key: str) -> None:
        """Put a token back that was taken for nothing."""
        if key in self._full_at:
            self._full_at[key] -= self._seconds


def network_of(address: str) -> str:
    """Return what counts as one address: an IPv4 address, or an IPv6 network."""
    if ":" not in address:
        return address
    plain = address.partition("%")[0]
    return str(ip_network(f"{plain}/{IPV6_PREFIX}", strict=False))
