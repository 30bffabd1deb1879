"""The configuration as commented TOML, which loads back to the same value."""

from __future__ import annotations

import json

from msgspec.structs import FieldInfo, fields

from xchat.config.schema import OPERATORS, describe, is_secret, rule, sections
from xchat.config.settings import Config


def print_config(config: Config) -> str:
    """Return `config` as commented TOML that loads back to it, secrets left out."""
    parts = []
    for section in sections():
        values = getattr(config, section.name)
        parts.append(f"# {(values.__doc__ or '').splitlines()[0]}\n[{section.name}]")
        parts.extend(_print_field(field, getattr(values, field.name)) for field in fields(values))
        parts.append("")
    parts.extend(
        f"# [{OPERATORS}.{json.dumps(operator.name)}] is set, and not shown\n"
        for operator in config.operators
    )
    return "\n".join(parts)


def _print_field(field: FieldInfo, value: object) -> str:
    _, described, _ = describe(field)
    if value is None:
        line = f"# {field.name} is not set: {rule(field)}"
    elif is_secret(field):
        line = f"# {field.name} is set, and not shown"
    else:
        line = f"{field.name} = {_toml(value)}"
    return f"# {described}\n{line}"


def _toml(value: object) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(_toml(item) for item in value)}]"
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    # JSON's text is TOML's, but for a DEL, which TOML wants escaped.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
