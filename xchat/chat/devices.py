"""The devices of accounts, as the CA that made their certificates knows them.

The rules only read this: who may log in by a certificate was decided before (`server`).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from xchat.chat.refused import Failed
from xchat.irc import names

if TYPE_CHECKING:
    from xchat.chat.hub import Hub


class Device(NamedTuple):
    """One certificate of a device: whose, what it is called, and until when it is good (ms)."""

    account: str
    name: str
    ends: int
    is_revoked: bool = False

    def is_in_force(self, now_ms: int) -> bool:
        """Say whether it lets somebody in."""
        return not self.is_revoked and now_ms <= self.ends


def in_force(devices: Iterable[Device], account: str, now_ms: int) -> list[str]:
    """Return what the devices of an account are called that may log in, each once."""
    wanted = _folded(account)
    found = {
        device.name
        for device in devices
        if device.is_in_force(now_ms) and _folded(device.account) == wanted
    }
    return sorted(found)


def need_no_heirs(hub: Hub, name: str) -> None:
    """Refuse a name whose account is no more while devices of it would log in to the next one."""
    left = in_force(hub.devices.values(), name, hub.now_ms)
    if left and hub.state.account_named(name) is None:
        text = (
            f"There is no account {name}, but there are devices of one, and they would log in "
            f"to it: {', '.join(left)}"
        )
        raise Failed("DEVICES_IN_FORCE", name, text=text)


def _folded(name: str) -> str:
    try:
        return names.fold(name)
    except names.BadName:  # of a CA that is not ours to say what a name is
        return name
