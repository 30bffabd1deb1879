"""Messages of several lines (IRCv3 draft/multiline): as one text, and as the lines they came in.

In the text LF stands between lines, as the specification joins them, and CR
where a line goes on from the one before: no line can hold either. So one text
is what is kept, searched and erased, and the composition that a client chose
for those who do not know multiline stays as it was.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import msgspec

from xchat.irc.message import NO_TAGS

_BREAK, _GOES_ON = "\n", "\r"
_BETWEEN = re.compile("([\r\n])")


class OpenBatch(msgspec.Struct):
    """A batch that a client has opened, as far as it has come."""

    reference: str
    target: str
    opened: float
    """When (seconds)."""
    tags: Mapping[str, str] = NO_TAGS
    label: str = ""
    lines: int = 0
    size: int = 0
    """Bytes of all lines, and one for each line feed between them."""
    text: str = ""
    is_refused: bool = False
    """Whether it was refused: what is still to come of it is ignored."""

    def add(self, text: str, *, goes_on: bool) -> None:
        """Take one more line, which goes on from the one before it or begins anew."""
        if self.lines:
            self.text += _GOES_ON if goes_on else _BREAK
            self.size += not goes_on
        self.text += text
        self.size += len(text.encode())
        self.lines += 1


def is_multiline(text: str) -> bool:
    """Say whether a text is of several lines."""
    return _BREAK in text or _GOES_ON in text


def lines_of(text: str) -> Iterator[tuple[str, bool]]:
    """Yield the lines of a text, and whether each goes on from the one before it."""
    first, *rest = _BETWEEN.split(text)
    yield first, False
    for between, line in zip(rest[::2], rest[1::2], strict=True):
        yield line, between == _GOES_ON


def joined(text: str) -> str:
    """Return a text as it reads: the combined message value of its batch."""
    return text.replace(_GOES_ON, "")
