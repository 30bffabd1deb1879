"""What happens in channels, and to them."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from xchat.chat.events.base import Event


class ChannelJoined(Event, frozen=True, tag="channel-joined"):
    """A user enters a channel, which begins with the first who does."""

    uid: str
    channel: str
    key: str = ""


class ChannelParted(Event, frozen=True, tag="channel-parted"):
    """A user leaves a channel."""

    uid: str
    channel: str
    reason: str | None = None

    def blank(self) -> Event:
        """Return the event without its reason."""
        return replace(self, reason=None)


class UserKicked(Event, frozen=True, tag="user-kicked"):
    """An operator removes `target` (a uid) from a channel."""

    uid: str
    channel: str
    target: str
    reason: str

    def blank(self) -> Event:
        """Return the event without its reason."""
        return replace(self, reason="")


class TopicChanged(Event, frozen=True, tag="topic-changed"):
    """A member set the topic; an empty one clears it."""

    uid: str
    channel: str
    topic: str | None

    def blank(self) -> Event:
        """Return the event without its text."""
        return replace(self, topic=None)


class ModeChange(msgspec.Struct, frozen=True, array_like=True):
    """One change: `sign` is + or -, `letter` the mode; `argument` a uid for a role.

    An entry of a list ends after so many `seconds`; 0 is never.
    """

    sign: str
    letter: str
    argument: str = ""
    seconds: int = 0


class ModesChanged(Event, frozen=True, tag="modes-changed"):
    """A member changed modes of a channel, in this order.

    Its lists take no more than `entries_max` entries together; 0 is no bound.
    """

    uid: str
    channel: str
    changes: tuple[ModeChange, ...]
    entries_max: int = 0


class UserInvited(Event, frozen=True, tag="user-invited"):
    """A member invites `target` (a uid) to a channel.

    Of invitations to it `invites_max` may be open; 0 is no bound.
    """

    uid: str
    channel: str
    target: str
    invites_max: int = 0


class BansEnded(Event, frozen=True, tag="bans-ended"):
    """The time is up of those bans of a channel's life (`cid`) that ended by `due` (ms).

    `server` is the name in which it is told.
    """

    channel: str
    cid: str
    due: int
    server: str


class ChannelRenamed(Event, frozen=True, tag="channel-renamed"):
    """A channel is to have another name (IRCv3 draft/channel-rename)."""

    uid: str
    channel: str
    name: str
    reason: str = ""
