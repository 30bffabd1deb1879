"""What can be said of a setting from its type: whether it exists, its rule in words."""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable
from typing import Any

from msgspec import inspect
from msgspec.structs import FieldInfo, fields

from xchat.config.settings import Config, Operator
from xchat.errors import ConfigError

OPERATORS = "operators"
"""The one section whose sections are named by whoever writes the file: `[operators.NAME]`."""


def sections() -> tuple[FieldInfo, ...]:
    """Return the sections that hold settings, in their order."""
    return tuple(section for section in fields(Config) if section.name != OPERATORS)


def section_type(name: str, where: str) -> type:
    """Return the struct of a section; raise ConfigError, naming `where`, if there is none."""
    known = {section.name: section.type for section in sections()} | {OPERATORS: Operator}
    if name not in known:
        raise ConfigError(
            f"{where}: there is no section {shown(name)}", mend=_nearest(name, list(known))
        )
    section: type = known[name]
    return section


def find_field(path: str, where: str) -> FieldInfo:
    """Return the field of `section.key`; raise ConfigError, naming `where`, if there is none."""
    section, _, key = path.partition(".")
    known = {field.name: field for field in fields(section_type(section, where))}
    if section == OPERATORS:
        key = key.rpartition(".")[2]
    if key not in known or (section == OPERATORS and key == "name"):
        names = [f"{section}.{name}" for name in known]
        raise ConfigError(f"{where}: there is no setting {path}", mend=_nearest(path, names))
    return known[key]


def _nearest(name: str, known: list[str]) -> str:
    found = difflib.get_close_matches(name, known, n=1)
    return f"did you mean {found[0]}?" if found else f"known are: {', '.join(known)}"


def describe(field: FieldInfo) -> tuple[inspect.Type, str, dict[str, Any]]:
    """Return a field's bare type, its description, and what else is said of it."""
    described, kind = "", inspect.type_info(field.type)
    extra: dict[str, Any] = {}
    while isinstance(kind, inspect.Metadata):
        described = (kind.extra_json_schema or {}).get("description", described)
        extra |= kind.extra or {}
        kind = kind.type
    return kind, described, extra


def is_secret(field: FieldInfo) -> bool:
    """Say whether a field's value must not be shown."""
    return bool(describe(field)[2].get("secret"))


def rule(field: FieldInfo) -> str:
    """Return what a field's value must be, in words that follow `must be`."""
    kind, _, extra = describe(field)
    return str(extra.get("rule") or _words(kind))


def _words(kind: inspect.Type) -> str:
    words = _WORDS.get(type(kind))
    return words(kind) if words else type(kind).__name__.removesuffix("Type").lower()


def _bounds(least: float | None, most: float | None) -> str:
    if least is not None and most is not None:
        return f" from {least:,.12g} to {most:,.12g}"
    return "".join(
        f" of {words} {bound:,.12g}"
        for words, bound in (("at least", least), ("at most", most))
        if bound is not None
    )


_WORDS: dict[type, Callable[[Any], str]] = {
    inspect.Metadata: lambda kind: (kind.extra or {}).get("rule") or _words(kind.type),
    inspect.UnionType: lambda kind: " or ".join(
        _words(one) for one in kind.types if one != inspect.NoneType()
    ),
    inspect.LiteralType: lambda kind: f"one of {', '.join(map(json.dumps, sorted(kind.values)))}",
    inspect.VarTupleType: lambda kind: (
        f"a list{_bounds(kind.min_length or None, kind.max_length)}, each {_words(kind.item_type)}"
    ),
    inspect.StrType: lambda kind: f"text{_bounds(None, kind.max_length)}",
    inspect.IntType: lambda kind: f"a whole number{_bounds(kind.ge, kind.le)}",
    inspect.FloatType: lambda kind: f"a number above {kind.gt:g}{_bounds(None, kind.le)}",
}
"""The rule of each kind of setting, in words."""


def shown(value: object) -> str:
    """Return a value that was given, short and escaped, for an error."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
