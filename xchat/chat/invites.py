"""Invites: whom a token lets in, until when, how often, and who has used it.

Of the token only its SHA-256 is kept (chat/tokens.py). A spent invite is known
until its time is over: whoever redeemed it and was cut off may ask again.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import msgspec

from xchat.irc import names

if TYPE_CHECKING:
    from xchat.chat.entities import Account
    from xchat.chat.state import State

SHOWN_DIGITS = 8
"""Of an invite's SHA-256, to tell those of one account apart."""


class Redemption(msgspec.Struct, frozen=True):
    """One use of an invite, and when: by a device with this key, or with a password (no key).

    `key` is the SHA-256 of its SubjectPublicKeyInfo, in hex.
    """

    key: str
    device: str
    ts: int


class Invite(msgspec.Struct, frozen=True, kw_only=True, tag="invite", tag_field="k"):
    """Whoever shows the token of this `sha256` before `until` (ms) is let in as `account`.

    `aid` is that account's, once there is one.
    """

    sha256: str
    account: str
    by: str
    ts: int
    until: int
    uses: int = 1
    aid: str = ""
    redeemed: tuple[Redemption, ...] = ()

    @property
    def shown(self) -> str:
        """What it is called: digits that say nothing of its token."""
        return self.sha256[:SHOWN_DIGITS]

    @property
    def left(self) -> int:
        """How often it may yet be redeemed."""
        return max(self.uses - len(self.redeemed), 0)

    def is_held_by(self, key: str) -> bool:
        """Say whether a device's key has redeemed it."""
        return bool(key) and any(each.key == key for each in self.redeemed)


def invites_of(state: State, account: Account) -> list[Invite]:
    """Return the invites to an account, or to its name, in an order that every state has."""
    name = names.fold(account.name)
    return [
        invite
        for _, invite in sorted(state.invites.items())
        if invite.aid == account.aid or (not invite.aid and names.fold(invite.account) == name)
    ]


def over(state: State, now_ms: int) -> Iterator[Invite]:
    """Yield the invites whose time is over."""
    return (invite for invite in list(state.invites.values()) if invite.until <= now_ms)
