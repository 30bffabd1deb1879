"""What operators and the administration do to others."""

from __future__ import annotations

from msgspec.structs import replace

from xchat.chat.events.base import Event


class OperatorGranted(Event, frozen=True, tag="operator-granted"):
    """A user has shown to be an operator: by which name, and with which role."""

    uid: str
    name: str
    role: str


class UserKilled(Event, frozen=True, tag="user-killed"):
    """An operator parts with `target` (a uid); without a `uid` the server itself does."""

    uid: str
    target: str
    reason: str

    def blank(self) -> Event:
        """Return the event without its reason."""
        return replace(self, reason="")


class BanAdded(Event, frozen=True, tag="ban-added"):
    """Whom a ban is for is let in no more: its kind, its mask, its end (ms), and why.

    There may be `bans_max` of them; 0 is no bound.
    """

    kind: str
    mask: str
    by: str
    reason: str = ""
    until: int = 0
    bans_max: int = 0


class BanRemoved(Event, frozen=True, tag="ban-removed"):
    """A ban has ended: the one until then (ms), or whichever there is (None)."""

    kind: str
    mask: str
    until: int | None = None


class Broadcast(Event, frozen=True, tag="broadcast"):
    """The administration tells everyone something."""

    text: str | None

    def blank(self) -> Event:
        """Return the event without what was said."""
        return replace(self, text=None)


class SessionsEnded(Event, frozen=True, tag="sessions-ended"):
    """Sessions are parted with; a user who is always present stays."""

    sids: tuple[str, ...]
    reason: str
