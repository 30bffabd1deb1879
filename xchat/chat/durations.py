"""Lengths of time as people write them: `90`, `10m`, `1h30m`, `2w`."""

from __future__ import annotations

import re

_UNITS = {"w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1}
_DIGITS = "([0-9]{1,9})"
_DURATION = re.compile("".join(f"(?:{_DIGITS}{unit})?" for unit in _UNITS))
_SECONDS = re.compile(_DIGITS)


def parse_duration(text: str) -> int | None:
    """Return the seconds that a text says, each unit once, the longest first; or None.

    A number alone is of seconds, as other servers have it.
    """
    if _SECONDS.fullmatch(text):
        return int(text)
    found = _DURATION.fullmatch(text.lower())
    if found is None or not text:
        return None
    counts = zip(found.groups(default="0"), _UNITS.values(), strict=True)
    return sum(int(count) * seconds for count, seconds in counts)


def format_duration(seconds: int) -> str:
    """Return seconds as they are written, `1h30m`; nothing is `0s`."""
    parts = []
    for unit, size in _UNITS.items():
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"
