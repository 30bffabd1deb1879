"""A TOML file, `--set` and options, checked into one value.

Each value keeps where it came from, so that an error can name the line or the
option as well as the setting and its rule.
"""

from __future__ import annotations

import ipaddress
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from xchat.config.schema import (
    OPERATORS,
    find_field,
    is_secret,
    rule,
    section_type,
    sections,
    shown,
)
from xchat.config.settings import Config, Operator
from xchat.errors import ConfigError

_HEADER = re.compile(r"\s*\[\s*([\w-]+)")
_KEY = re.compile(r"\s*([\w.-]+)\s*=")


@dataclass(frozen=True, slots=True)
class _Given:
    """A value somebody gave, and where: what errors name."""

    value: Any
    where: str


def load(
    file: Path | None = None,
    sets: Sequence[str] = (),
    overrides: Mapping[str, object] | None = None,
) -> Config:
    """Return the configuration: `overrides` over `sets` over `file` over the defaults.

    `sets` hold `section.key=TOML-VALUE`; `overrides` map `section.key` to a
    value, None meaning not given. Raises ConfigError naming place, key and rule.
    """
    given = _from_file(file) if file else {}
    given |= dict(_from_set(text) for text in sets)
    for path, value in (overrides or {}).items():
        if value is not None:
            given[path] = _Given(value, "command line")
    return _build(given)


def _from_file(file: Path) -> dict[str, _Given]:
    try:
        text = file.read_text("utf-8")
        parsed = tomllib.loads(text)
    except OSError as error:
        raise ConfigError(
            f"{file}: the configuration cannot be read: {error.strerror}",
            mend=f"xchat-server --print-config > {file}",
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"{file}: byte {error.start} is not UTF-8", mend="save it as UTF-8"
        ) from error
    except tomllib.TOMLDecodeError as error:
        raise _not_toml(file, str(error)) from error
    given = {}
    for name, section in parsed.items():
        where = f"{file}:{_line_of(text, name)}"
        section_type(name, where)
        if not isinstance(section, dict):
            raise ConfigError(f"{where}: {name} is a section", mend=f"write [{name}] above it")
        items = _operators(section, where) if name == OPERATORS else section
        for key, value in items.items():
            given[f"{name}.{key}"] = _Given(value, f"{file}:{_line_of(text, name, key)}")
    return given


def _operators(section: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Return the settings of all operators, as `NAME.key`."""
    items: dict[str, Any] = {}
    for name, operator in section.items():
        if not isinstance(operator, dict):
            raise ConfigError(
                f"{where}: an operator is a section of its own", mend="write [operators.NAME]"
            )
        items |= {f"{name}.{key}": value for key, value in operator.items()}
    return items


def _from_set(text: str) -> tuple[str, _Given]:
    path, sign, raw = text.partition("=")
    path = path.strip()
    where = f"--set {path}"
    if not sign or path.count(".") != 1:
        raise ConfigError(
            f"{where}: a setting is given as section.key=VALUE",
            mend="for example: --set listen.port=8081",
        )
    field = find_field(path, where)
    if is_secret(field):
        raise ConfigError(
            f"{where}: a command line can be read by everyone on this machine",
            mend="put it into a file that only you can read, and pass that with --config",
        )
    try:
        parsed = tomllib.loads(f"value = {raw}")
    except tomllib.TOMLDecodeError:
        parsed = {}
    if parsed.keys() != {"value"}:
        raise ConfigError(
            f"{where}: {shown(raw)} is not a TOML value",
            mend=f"text needs quotes of its own: --set {path}='\"...\"'",
        )
    return path, _Given(parsed["value"], where)


def _build(given: Mapping[str, _Given]) -> Config:
    values: dict[str, dict[str, Any]] = {section.name: {} for section in sections()}
    operators: dict[str, dict[str, Any]] = {}
    for path, item in given.items():
        section, _, key = path.partition(".")
        if section == OPERATORS:
            name, _, key = key.rpartition(".")
            operators.setdefault(name, {})[key] = _convert(path, item)
        else:
            values[section][key] = _convert(path, item)
    return Config(
        **{section.name: section.type(**values[section.name]) for section in sections()},
        operators=tuple(Operator(name=name, **items) for name, items in operators.items()),
    )


def _convert(path: str, item: _Given) -> Any:
    field = find_field(path, item.where)
    try:
        value = msgspec.convert(item.value, field.type)
        if path == "limits.exempt":
            for network in value:
                ipaddress.ip_network(network)
    except ValueError as error:  # msgspec.ValidationError is one
        wanted = "a list of networks (10.0.0.0/8)" if path == "limits.exempt" else rule(field)
        got = "" if is_secret(field) else f", not {shown(item.value)}"
        raise ConfigError(
            f"{item.where}: {path} must be {wanted}{got}",
            mend="xchat-server --print-config shows every setting with its default",
        ) from error
    return value


def _not_toml(file: Path, message: str) -> ConfigError:
    place = re.search(r" \(at (?:line (\d+), column (\d+)|end of document)\)$", message)
    why = message[: place.start()] if place else message
    at = f":{place[1]}:{place[2]}" if place and place[1] else ""
    return ConfigError(f"{file}{at}: not TOML: {why}", mend="see toml.io for how TOML is written")


def _line_of(text: str, section: str, key: str | None = None) -> int:
    """Return the line, from 1, on which a setting most likely stands; 1 if it cannot be found."""
    current, found = "", 1
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.match(line):
            current = header[1]
            found = number if current == section else found
        elif (named := _KEY.match(line)) and key is not None:
            path = f"{current}.{named[1]}" if current else named[1]
            if path == f"{section}.{key}":
                return number
        elif named and not current and named[1].partition(".")[0] == section:
            return number
    return found
