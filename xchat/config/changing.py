"""What of a configuration changes while the server runs."""

from __future__ import annotations

from msgspec.structs import fields, replace

from xchat.config.settings import Config

FIXED = frozenset({"server.name", "server.network"})
"""Settings of a live section that clients were told when they came."""
LIVE = ("server", "accounts", "operators")


def change(now: Config, wanted: Config) -> tuple[Config, list[str]]:
    """Return the configuration that holds from here on, and what waits for the next start."""
    kept = {path.partition(".")[2]: getattr(now.server, path.partition(".")[2]) for path in FIXED}
    server = replace(wanted.server, **kept)
    taken = {name: getattr(wanted, name) for name in LIVE} | {"server": server}
    held = replace(now, **taken)
    return held, _differences(held, wanted)


def _differences(one: Config, other: Config) -> list[str]:
    return [
        f"{section.name}.{field.name}"
        for section in fields(Config)
        if section.name != "operators"
        for field in fields(section.type)
        if getattr(getattr(one, section.name), field.name)
        != getattr(getattr(other, section.name), field.name)
    ]
