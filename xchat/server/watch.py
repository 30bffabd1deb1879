"""See that files have changed by what the system says of them, without reading one.

Ways rejected: inotify (nothing on macOS or a network's disk, and a link's target moves away
under it); a thread that watches.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

POLL_SECONDS = 0.3
"""So often files are looked at; with an idle turn in between it is half a second at most."""
LOST_SECONDS = 60.0
"""Reading them that took so long has met a fault of ours, and is begun again."""

Seen = tuple[tuple[int, ...], ...]
"""What files looked like: their identity and size, and when they were changed; or why not."""


def look(files: Sequence[str]) -> Seen:
    """Return what files look like now; a link looks like what it points to."""
    return tuple(map(_look, files))


def is_there(seen: tuple[int, ...]) -> bool:
    """Say whether there was such a file, by what it looked like."""
    return len(seen) > 1


def _look(file: str) -> tuple[int, ...]:
    """Say which file it is, and when its bytes or its mode were changed last."""
    try:
        stat = os.stat(file)  # noqa: PTH116 - three times as fast as Path.stat, twice a second
    except OSError as error:
        return (error.errno or 0,)
    return stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns


class Schedule:
    """When to look: every POLL_SECONDS, but not while what was seen is being read.

    Times are seconds of a clock that only rises.
    """

    def __init__(self) -> None:
        self._look_at = 0.0
        self._free_at = 0.0

    def take_look(self, now: float) -> bool:
        """Say whether to look now; whoever is told so is not told it again for a while."""
        if now < self._look_at or now < self._free_at:
            return False
        self._look_at = now + POLL_SECONDS
        return True

    def begin_reading(self, now: float) -> None:
        """Look no more until the reading has ended, or is lost."""
        self._free_at = now + LOST_SECONDS

    def end_reading(self) -> None:
        """Look again from now on."""
        self._free_at = 0.0
