"""Bytes to lines, with a bound.

A peer may send one byte at a time, a megabyte without a newline, or a hundred
lines at once; what is kept never grows past one line of the longest kind.
"""

from __future__ import annotations

from xchat.limits import LINE_BYTES_MAX, TAGS_FROM_CLIENT_BYTES_MAX


class LineTooLong:
    """Stands where a line was too long to be kept (ERR_INPUTTOOLONG, 417)."""


TOO_LONG = LineTooLong()


class LineBuffer:
    """Collects bytes; gives lines without their ending, or TOO_LONG in place of one.

    `tags_max` bounds the tag part, `@` and the space after it included;
    `line_max` the rest of the line, its CR LF included (both in bytes).
    """

    __slots__ = ("_line_max", "_partial", "_skipping", "_tags_max")

    def __init__(
        self, *, tags_max: int = TAGS_FROM_CLIENT_BYTES_MAX, line_max: int = LINE_BYTES_MAX
    ) -> None:
        self._tags_max = tags_max
        self._line_max = line_max
        self._partial = b""
        self._skipping = False

    def feed(self, data: bytes) -> list[bytes | LineTooLong]:
        """Take bytes as they came; return the lines they complete, empty ones left out."""
        *ended, partial = (self._partial + data if self._partial else data).split(b"\n")
        lines: list[bytes | LineTooLong] = []
        for raw in ended:
            if self._skipping:
                self._skipping = False
                continue
            line = raw[:-1] if raw.endswith(b"\r") else raw
            if line:
                lines.append(line if self._fits(line) else TOO_LONG)
        if self._skipping:
            partial = b""
        elif len(partial) > self._tags_max + self._line_max:
            lines.append(TOO_LONG)
            self._skipping = True
            partial = b""
        self._partial = partial
        return lines

    def _fits(self, line: bytes) -> bool:
        size = len(line)
        if size > 1 and line[0] == 0x40:  # "@": the tags have a bound of their own
            tags = line.find(b" ") + 1
            if tags == 0:  # nothing but tags, which the parser refuses in its own words
                return size <= self._tags_max
            if tags > self._tags_max:
                return False
            size -= tags
        return size + 2 <= self._line_max
