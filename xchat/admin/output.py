"""What came of a verb: a table for people, JSON for programs, nothing that acts on a terminal."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from xchat.irc.display import visible

Row = Mapping[str, Any]
NOTHING = "-"


def as_json(value: object) -> str:
    """Return a value as JSON, what a terminal would act on escaped."""
    text = msgspec.json.format(msgspec.json.encode(value)).decode()
    if all(char.isprintable() or char == "\n" for char in text):
        return text
    return "".join(char if char.isprintable() or char == "\n" else _escape(char) for char in text)


def _escape(char: str) -> str:
    return "".join(
        f"\\u{int.from_bytes(unit, 'big'):04x}" for unit in _units(char.encode("utf-16-be"))
    )


def _units(data: bytes) -> Iterable[bytes]:
    return (data[place : place + 2] for place in range(0, len(data), 2))


def table(columns: Sequence[str], rows: Sequence[Row]) -> list[str]:
    """Return rows under their columns, each as wide as it needs."""
    cells = [[shown(row.get(column)) for column in columns] for row in rows]
    heads = [column.replace("_", " ").upper() for column in columns]
    widths = [max(map(_width, column)) for column in zip(heads, *cells, strict=True)]
    return [
        "  ".join(
            text + " " * (width - _width(text)) for text, width in zip(line, widths, strict=True)
        ).rstrip()
        for line in (heads, *cells)
    ]


def sheet(row: Row) -> list[str]:
    """Return one thing, a field a line."""
    names = [name.replace("_", " ") for name in row]
    widest = max(map(len, names), default=0)
    values = zip(names, row.values(), strict=True)
    return [f"{name.capitalize():{widest}}  {shown(value)}" for name, value in values]


def shown(value: object) -> str:
    """Return a value as people read it."""
    if value is None or value == "":
        return NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(shown, value)) or NOTHING
    return visible(str(value))


def _width(text: str) -> int:
    return sum(map(_columns, text))


def _columns(char: str) -> int:
    if unicodedata.combining(char) or unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1
