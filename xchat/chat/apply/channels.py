"""What holds in a channel, and who is asked in: topic and invitation."""

from __future__ import annotations

from msgspec.structs import replace

from xchat.chat import effects
from xchat.chat.apply.ranks import need_member
from xchat.chat.apply.sight import sees
from xchat.chat.apply.step import Step, actor
from xchat.chat.entities import Topic
from xchat.chat.events import TopicChanged, UserInvited
from xchat.chat.modes import INVITES, SETS_TOPIC, rank_of
from xchat.chat.refused import Ignored, Refused
from xchat.chat.state import State
from xchat.irc import names
from xchat.irc.capabilities import INVITE_NOTIFY
from xchat.irc.numerics import (
    ERR_CHANOPRIVSNEEDED,
    ERR_NOSUCHNICK,
    ERR_TOOMANYTARGETS,
    ERR_USERONCHANNEL,
    RPL_INVITING,
)


def check_topic(state: State, event: TopicChanged) -> None:
    """With +t only halfops and above set the topic."""
    actor(state, event.uid)
    channel, roles = need_member(state, event.uid, event.channel)
    if "t" in channel.flags and rank_of(roles) < SETS_TOPIC:
        raise Refused(ERR_CHANOPRIVSNEEDED, channel.name)
    if (channel.topic.text if channel.topic else "") == (event.topic or ""):
        raise Ignored


def topic_changed(step: Step, event: TopicChanged) -> None:
    """Set or clear the topic, and tell the channel."""
    folded = names.fold(event.channel)
    user, channel = step.state.users[event.uid], step.state.channels[folded]
    topic = Topic(event.topic, user.prefix, step.ts) if event.topic else None
    step.state.put_channel(replace(channel, topic=topic))
    line = step.line(user, "TOPIC", channel.name, event.topic or "")
    step.effects.append(effects.ToChannel(folded, line))


def check_invited(state: State, event: UserInvited) -> None:
    """Let a member invite who is not there; into a channel with +i only a halfop or above does."""
    actor(state, event.uid)
    channel, roles = need_member(state, event.uid, event.channel)
    target = state.users.get(event.target)
    if target is None:
        raise Refused(ERR_NOSUCHNICK, channel.name)
    if "i" in channel.flags and rank_of(roles) < INVITES:
        raise Refused(ERR_CHANOPRIVSNEEDED, channel.name)
    folded = names.fold(event.channel)
    if event.target in state.members[folded] and sees(state, folded, event.uid, event.target):
        raise Refused(ERR_USERONCHANNEL, target.nick, channel.name)
    waiting = [uid for uid in channel.invited if uid in state.users]
    if event.target not in waiting and 0 < event.invites_max <= len(waiting):
        raise Refused(ERR_TOOMANYTARGETS, channel.name, text="Too many invitations are open")


def invited(step: Step, event: UserInvited) -> None:
    """Tell the target; that of a halfop or above also opens the door, once."""
    state, folded = step.state, names.fold(event.channel)
    user, target, channel = (
        state.users[event.uid],
        state.users[event.target],
        state.channels[folded],
    )
    opens = rank_of(state.members[folded][event.uid]) >= INVITES
    if opens and target.uid not in channel.invited:
        waiting = (uid for uid in channel.invited if uid in state.users)
        state.put_channel(replace(channel, invited=(*waiting, target.uid)))
    line = step.line(user, "INVITE", target.nick, channel.name)
    others = tuple(uid for uid in state.members[folded] if uid != event.uid)
    step.effects += (
        effects.Answer(RPL_INVITING, (target.nick, channel.name)),
        effects.ToUser(target.uid, line),
        effects.ToUsers(others, line, INVITE_NOTIFY),
    )
