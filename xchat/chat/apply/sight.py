"""Who sees which channel: one rule, for what is told and for what is refused."""

from __future__ import annotations

from xchat.chat.entities import Channel
from xchat.chat.state import State
from xchat.irc import names


def is_member(state: State, uid: str, channel: Channel) -> bool:
    """Say whether a user is in a channel."""
    return state.roles(names.fold(channel.name), uid) is not None


def is_visible(state: State, uid: str, channel: Channel) -> bool:
    """Say whether a channel is shown to a user: a secret one is to its members alone."""
    return "s" not in channel.flags or is_member(state, uid, channel)


def visible_channel(state: State, uid: str, name: str) -> Channel | None:
    """Return a channel, however its name is spelt, if it is there for this user."""
    channel = state.channel(name)
    return channel if channel is not None and is_visible(state, uid, channel) else None


def tells_topic(state: State, uid: str, channel: Channel) -> bool:
    """Say whether a user who sees a channel is told its topic: who may just walk in, is."""
    return not (channel.key or "i" in channel.flags) or is_member(state, uid, channel)
