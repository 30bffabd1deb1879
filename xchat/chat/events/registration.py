"""What happens to channels that an account keeps."""

from __future__ import annotations

from xchat.chat.events.base import Event


class ChannelRegistered(Event, frozen=True, tag="channel-registered"):
    """A channel becomes an account's (`founder`, an aid), which may have `channels_max` of them.

    In this and the next three nobody's `uid` stands for the server's administration.
    """

    channel: str
    founder: str
    uid: str = ""
    channels_max: int = 0


class ChannelTransferred(Event, frozen=True, tag="channel-transferred"):
    """A registered channel becomes another account's."""

    channel: str
    founder: str
    uid: str = ""
    channels_max: int = 0


class ChannelDropped(Event, frozen=True, tag="channel-dropped"):
    """A channel is nobody's any more, and ends like any other when it is empty."""

    channel: str
    uid: str = ""


class AccessChanged(Event, frozen=True, tag="access-changed"):
    """An account (`aid`) is to have a role in a channel from now on; `letter` "" for none.

    The channel keeps roles for no more than `entries_max` accounts; 0 is no bound.
    """

    channel: str
    aid: str
    letter: str
    uid: str = ""
    entries_max: int = 0


class RetentionSet(Event, frozen=True, tag="retention-set"):
    """For how many days, and how many messages of it, a channel keeps history; 0 is no bound."""

    channel: str
    uid: str = ""
    days: int = 0
    messages: int = 0


class StandingClaimed(Event, frozen=True, tag="standing-claimed"):
    """A member takes up what their account is in a registered channel."""

    uid: str
    channel: str
