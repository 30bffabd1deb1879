"""What happens to invites: they are made, redeemed and withdrawn."""

from __future__ import annotations

from msgspec.structs import replace

from xchat.chat.events.base import Event


class InviteMade(Event, frozen=True, tag="invite-made"):
    """Whoever shows the token of this `sha256` before `until` (ms) is let in as `name`.

    There may be `invites_max` of them; 0 is no bound.
    """

    sha256: str
    name: str
    by: str
    until: int
    uses: int = 1
    invites_max: int = 0


class InviteRedeemed(Event, frozen=True, tag="invite-redeemed"):
    """A token was shown at a time (ms): by a device with a key, or by `uid` with a password."""

    sha256: str
    at: int
    key: str = ""
    device: str = ""
    uid: str = ""
    password: str | None = None
    scram: str | None = None
    stays: bool = False

    def blank(self) -> Event:
        """Return the event without its credentials."""
        return replace(self, password=None, scram=None)


class InviteWithdrawn(Event, frozen=True, tag="invite-withdrawn"):
    """An invite is no more: the one until then (ms), or whichever it is (None)."""

    sha256: str
    until: int | None = None
