"""A QR code (ISO/IEC 18004) in lines of text, two rows of squares in each.

The squares are drawn in black on white whatever colours the terminal has: a
camera may not read one that is inverted. Where colours cannot be had, what is
light is drawn, as fits a dark terminal.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import repeat

QUIET_SQUARES = 2
"""Around the code. Four are asked for (9.1); a phone reads it with two, and it fits 24 lines."""
_BLACK_ON_WHITE, _PLAIN = "\x1b[38;5;16;48;5;231m", "\x1b[0m"
_DARK = {(0, 0): " ", (1, 0): "▀", (0, 1): "▄", (1, 1): "█"}
_LIGHT = {(1, 1): " ", (0, 1): "▀", (1, 0): "▄", (0, 0): "█"}


def qr_lines(text: str, *, colours: bool) -> Iterator[str]:
    """Yield the lines of a code for a text; capitals and digits alone take the fewest."""
    import segno

    code = segno.make(text, micro=False)
    rows = iter(code.matrix_iter(border=QUIET_SQUARES))
    blocks = _DARK if colours else _LIGHT
    for upper in rows:
        lower = next(rows, repeat(0))
        line = "".join(blocks[pair] for pair in zip(upper, lower, strict=False))
        yield f"{_BLACK_ON_WHITE}{line}{_PLAIN}" if colours else line


def can_show(encoding: str) -> bool:
    """Say whether a text stream of this encoding can spell the blocks."""
    try:
        "".join(_DARK.values()).encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True
