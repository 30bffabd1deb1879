"""The time of the log: the machine's clock, believed as far as a steady one bears it out.

What is kept is stamped for ever and time never falls along the log, so one
jump ahead, put right a minute later, would stamp everything after it with a
time that has not come. The steady clock counts what has passed since the
machine started, its sleep included, and nobody sets it. Where the clock gains
more than JUMP_MS_MAX on it, time goes on as the steady one says, until the
clock has stayed where it is for STAYED_MS: then it was put right (a machine
without a battery, whose time came from the network; a virtual one that was
paused), and is followed. A clock that falls behind is followed at once: the
log makes equal times of it.
"""

from __future__ import annotations

import time
from collections.abc import Callable

JUMP_MS_MAX = 60_000
"""What the clock may gain between two looks and still be believed: a leap, a slow correction."""
STAYED_MS = 600_000
"""How long a clock that has jumped must stay so before it is followed."""

_STEADY = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def steady_ms() -> int:
    """Return the milliseconds of a clock that nobody sets; on Linux it counts sleep too."""
    return time.clock_gettime_ns(_STEADY) // 1_000_000


class BelievedClock:
    """Reads `clock` (ms since 1970) against `steady` (ms since any time)."""

    def __init__(self, clock: Callable[[], int], steady: Callable[[], int]) -> None:
        self._clock = clock
        self._steady = steady
        self._offset = clock() - steady()
        self._doubted: tuple[int, int] | None = None
        """The offset that is not believed yet, and since when."""

    def __call__(self) -> int:
        """Return the time in milliseconds since 1970."""
        steady = self._steady()
        offset = self._clock() - steady
        if abs(offset - self._offset) <= JUMP_MS_MAX or self._has_stayed(offset, steady):
            self._offset, self._doubted = offset, None
        return steady + min(offset, self._offset)

    def _has_stayed(self, offset: int, steady: int) -> bool:
        """Say whether the clock has been where it is for long enough, to be seen at each look."""
        if self._doubted is None or abs(offset - self._doubted[0]) > JUMP_MS_MAX:
            self._doubted = offset, steady
        return steady - self._doubted[1] >= STAYED_MS
