"""Bytes to lines, with a bound.

A peer may send one byte at a time, a megabyte without a newline, or a hundred
lines at once; what is kept never grows past one line of the longest kind.
"""

from __future__ import annotations

from xchat.limits import LINE_BYTES_ENDLESS, LINE_BYTES_MAX, TAGS_FROM_CLIENT_BYTES_MAX


class LineTooLong:
    """Stands where a line was too long to be kept (ERR_INPUTTOOLONG, 417)."""


TOO_LONG = LineTooLong()
ENDLESS = LineTooLong()
"""Comes after it, once, where the line is so long that it may never end."""


class LineBuffer:
    """Collects bytes; gives lines without their ending, or TOO_LONG in place of one.

    `tags_max` bounds the tag part, `@` and the space after it included;
    `line_max` the rest of the line, its CR LF included (both in bytes). ENDLESS
    comes after more than `endless` bytes of one line.
    """

    __slots__ = ("_endless", "_line_max", "_partial", "_skipped", "_tags_max")

    def __init__(
        self,
        *,
        tags_max: int = TAGS_FROM_CLIENT_BYTES_MAX,
        line_max: int = LINE_BYTES_MAX,
        endless: int = LINE_BYTES_ENDLESS,
    ) -> None:
        self._tags_max = tags_max
        self._line_max = line_max
        self._endless = endless
        self._partial = b""
        self._skipped = 0
        """How many bytes of a line too long have been thrown away; its end has yet to come."""

    def feed(self, data: bytes) -> list[bytes | LineTooLong]:
        """Take bytes as they came; return the lines they complete, empty ones left out."""
        *ended, partial = (self._partial + data if self._partial else data).split(b"\n")
        lines: list[bytes | LineTooLong] = []
        for raw in ended:
            if self._skipped:
                lines += self._skip(raw)
                self._skipped = 0
                continue
            line = raw[:-1] if raw.endswith(b"\r") else raw
            if line:
                lines += (line,) if self._fits(line) else self._cut(raw)
                self._skipped = 0
        if self._skipped:
            lines += self._skip(partial)
            partial = b""
        elif len(partial) > self._tags_max + self._line_max:
            lines += self._cut(partial)
            partial = b""
        self._partial = partial
        return lines

    def _cut(self, begun: bytes) -> list[LineTooLong]:
        """Begin to throw a line away."""
        return [TOO_LONG, *self._skip(begun)]

    def _skip(self, more: bytes) -> list[LineTooLong]:
        before, self._skipped = self._skipped, self._skipped + len(more)
        return [ENDLESS] if before <= self._endless < self._skipped else []

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
