"""Who sees which channel, and whom in it: one rule, for what is told and for what is refused.

In an auditorium (+u) those without a role are seen by halfops and above alone.
"""

from __future__ import annotations

from xchat.chat.entities import Channel
from xchat.chat.modes import SEES_ALL, rank_of
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


def is_unseen(state: State, folded: str, uid: str) -> bool:
    """Say whether a member of a channel is one that its other members do not see (+u)."""
    return "u" in state.channels[folded].flags and not state.members[folded].get(uid)


def sees(state: State, folded: str, viewer: str, uid: str) -> bool:
    """Say whether somebody may know that a user is in a channel, where they see that channel."""
    runs = rank_of(state.members[folded].get(viewer, 0)) >= SEES_ALL
    return viewer == uid or runs or not is_unseen(state, folded, uid)


def meets(state: State, viewer: str, uid: str) -> bool:
    """Say whether two are in one channel, where the first sees the second."""
    shared = (folded for folded in state.joined[uid] if folded in state.joined[viewer])
    return any(sees(state, folded, viewer, uid) for folded in shared)


def witnesses(state: State, folded: str, uid: str) -> tuple[str, ...]:
    """Return who sees an unseen member all the same: those who run the channel, and they."""
    members = state.members[folded].items()
    return tuple(one for one, roles in members if one == uid or rank_of(roles) >= SEES_ALL)


def around(state: State, uid: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the channels in which all see a user, and who sees them in the others."""
    joined = state.joined[uid]
    unseen = [folded for folded in joined if is_unseen(state, folded, uid)]
    seen = tuple(folded for folded in joined if folded not in unseen)
    also = [one for folded in unseen for one in witnesses(state, folded, uid)]
    return seen, tuple(dict.fromkeys(also))


def seen_members(state: State, folded: str, viewer: str) -> list[tuple[str, int]]:
    """Return the members of a channel, and their roles, whom somebody sees there."""
    members = state.members[folded]
    runs = rank_of(members.get(viewer, 0)) >= SEES_ALL
    if runs or "u" not in state.channels[folded].flags:
        return list(members.items())
    return [(uid, roles) for uid, roles in members.items() if roles]
