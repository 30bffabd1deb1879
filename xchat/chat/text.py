"""Small measures of text that a line of IRC asks for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

ROW_BYTES = 400
"""Bytes of a list in one line, so that the line with all around it stays within 512."""


def cut(text: str, bytes_max: int) -> str:
    """Return the longest beginning of a text that fits, never half a character."""
    data = text.encode()
    return text if len(data) <= bytes_max else data[:bytes_max].decode(errors="ignore")


def rows(words: Iterable[str]) -> Iterator[str]:
    """Join words with spaces into rows of at most ROW_BYTES; no words give no row."""
    row: list[str] = []
    size = 0
    for word in words:
        length = len(word.encode()) + 1
        if row and size + length > ROW_BYTES:
            yield " ".join(row)
            row, size = [], 0
        row.append(word)
        size += length
    if row:
        yield " ".join(row)
