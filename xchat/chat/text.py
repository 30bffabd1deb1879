"""Small measures of text that a line of IRC asks for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from xchat.irc.display import clean_text


def cut(text: str, bytes_max: int) -> str:
    """Return the longest beginning of a text that fits, never half a character."""
    data = text.encode()
    return text if len(data) <= bytes_max else data[:bytes_max].decode(errors="ignore")


def clean(text: str, bytes_max: int) -> str:
    """Return the beginning of a text that fits, without what no terminal would show."""
    return clean_text(cut(clean_text(text), bytes_max))


def rows(words: Iterable[str], bytes_max: int, between: str = " ") -> Iterator[str]:
    """Join words into rows of at most so many bytes; no words give no row."""
    row: list[str] = []
    size = 0
    for word in words:
        length = len(word.encode()) + 1
        if row and size + length > bytes_max + 1:
            yield between.join(row)
            row, size = [], 0
        row.append(word)
        size += length
    if row:
        yield between.join(row)
