"""What of a configuration changes while the server runs."""

from __future__ import annotations

from typing import Any

from msgspec.structs import fields, replace

from xchat.config.settings import Config

FIXED = frozenset({"server.name", "server.network", "server.casemapping"})
"""Settings of a live section that clients were told when they came."""
LIVE = ("server", "tls", "accounts", "operators", "history")


def change(now: Config, wanted: Config) -> tuple[Config, list[str]]:
    """Return the configuration that holds from here on, and what waits for the next start."""
    taken = {name: _taken(name, getattr(now, name), getattr(wanted, name)) for name in LIVE}
    held = replace(now, **taken)
    return held, _differences(held, wanted)


def _taken(name: str, now: Any, wanted: Any) -> Any:
    """Return a section as it is wanted, but for what of it is fixed."""
    fixed = (path.partition(".") for path in FIXED)
    kept = {field: getattr(now, field) for section, _, field in fixed if section == name}
    return replace(wanted, **kept) if kept else wanted


def _differences(one: Config, other: Config) -> list[str]:
    return [
        f"{section.name}.{field.name}"
        for section in fields(Config)
        if section.name != "operators"
        for field in fields(section.type)
        if getattr(getattr(one, section.name), field.name)
        != getattr(getattr(other, section.name), field.name)
    ]
