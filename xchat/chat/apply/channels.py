"""What becomes of channels: people enter and leave, and change what holds there."""

from __future__ import annotations

from msgspec.structs import replace

from xchat.chat import effects
from xchat.chat.apply.sight import visible_channel
from xchat.chat.apply.step import Step, actor
from xchat.chat.apply.users import leave
from xchat.chat.entities import Channel, Topic, User
from xchat.chat.events import (
    ChannelJoined,
    ChannelParted,
    TopicChanged,
    UserInvited,
    UserKicked,
)
from xchat.chat.lines import Line
from xchat.chat.modes import BOT, DEFAULT_FLAGS, OPERATOR
from xchat.chat.refused import Ignored, Refused
from xchat.chat.state import State
from xchat.irc import names
from xchat.irc.capabilities import AWAY_NOTIFY, EXTENDED_JOIN, INVITE_NOTIFY
from xchat.irc.masks import compile_mask
from xchat.irc.numerics import (
    ERR_BADCHANMASK,
    ERR_BADCHANNELKEY,
    ERR_BANNEDFROMCHAN,
    ERR_CHANNELISFULL,
    ERR_CHANOPRIVSNEEDED,
    ERR_INVITEONLYCHAN,
    ERR_NOSUCHCHANNEL,
    ERR_NOSUCHNICK,
    ERR_NOTONCHANNEL,
    ERR_USERNOTINCHANNEL,
    ERR_USERONCHANNEL,
    RPL_INVITING,
)

NO_ACCOUNT = "*"


def need_member(state: State, uid: str, name: str) -> tuple[Channel, int]:
    """Return the channel and the user's roles in it; refuse who is not there."""
    channel = visible_channel(state, uid, name)
    if channel is None:
        raise Refused(ERR_NOSUCHCHANNEL, name)
    roles = state.roles(names.fold(name), uid)
    if roles is None:
        raise Refused(ERR_NOTONCHANNEL, channel.name)
    return channel, roles


def need_operator(state: State, uid: str, name: str) -> Channel:
    """Return the channel; refuse who is not an operator of it."""
    channel, roles = need_member(state, uid, name)
    if not roles & OPERATOR:
        raise Refused(ERR_CHANOPRIVSNEEDED, channel.name)
    return channel


def is_banned(channel: Channel, user: User) -> bool:
    """Say whether a ban of the channel matches the user."""
    return any(compile_mask(ban.mask).matches(user.prefix) for ban in channel.bans)


# -- entering ---------------------------------------------------------------------------------


def check_joined(state: State, event: ChannelJoined) -> None:
    """Ask for the key, then look at invitation, limit and bans; a new name must look new.

    Whom an operator invited, these do not stop.
    """
    user = actor(state, event.uid)
    folded = names.fold(event.channel)
    channel = state.channels.get(folded)
    if channel is None:
        _check_new(state, event.channel)
    elif event.uid in state.members[folded]:
        raise Ignored
    elif event.uid not in channel.invited:
        _check_modes(channel, len(state.members[folded]), user, event.key)


def _check_new(state: State, name: str) -> None:
    other = state.look_alike(name)
    if other is not None:
        # A secret channel's name is not told to those outside it.
        alike = f"looks like {other.name}" if "s" not in other.flags else "looks like another"
        raise Refused(ERR_BADCHANMASK, name, text=f"The name {alike}, which is there already")


def _check_modes(channel: Channel, members: int, user: User, key: str) -> None:
    if channel.key and channel.key != key:
        raise Refused(ERR_BADCHANNELKEY, channel.name)
    if "i" in channel.flags:
        left = "" if members else ": all who were in it left as the server ended, none can invite"
        raise Refused(ERR_INVITEONLYCHAN, channel.name, text=f"Cannot join channel (+i){left}")
    if channel.limit and members >= channel.limit:
        raise Refused(ERR_CHANNELISFULL, channel.name)
    if is_banned(channel, user):
        raise Refused(ERR_BANNEDFROMCHAN, channel.name)


def joined(step: Step, event: ChannelJoined) -> None:
    """Let a user in; the first one in is the operator."""
    state, folded = step.state, names.fold(event.channel)
    user = state.users[event.uid]
    channel = state.channels.get(folded)
    if channel is None:
        channel = Channel(
            cid=f"{step.seq:x}", name=event.channel, created=step.ts, flags=DEFAULT_FLAGS
        )
    others = tuple(uid for uid in channel.invited if uid != event.uid)
    state.put_channel(replace(channel, invited=others, emptied=0))
    state.put_member(folded, event.uid, 0 if state.members[folded] else OPERATOR)
    step.effects.append(_entered(step, user, folded))
    away = state.away.get(event.uid)
    if away is not None:
        line = step.line(user, "AWAY", away)
        step.effects.append(effects.ToNeighbours((folded,), user.uid, line, AWAY_NOTIFY))


def _entered(step: Step, user: User, folded: str) -> effects.Entered:
    channel, account = step.state.channels[folded], step.account_name(user)
    line = Line(
        user.prefix,
        "JOIN",
        (channel.name,),
        step.ts,
        step.msgid,
        richer_need=EXTENDED_JOIN,
        richer=(channel.name, account or NO_ACCOUNT, user.realname),
        account=account,
        bot=BOT in user.modes,
    )
    users, members = step.state.users, step.state.members[folded]
    present = tuple((users[uid], roles) for uid, roles in members.items())
    return effects.Entered(user.uid, folded, channel, line, present)


# -- leaving ----------------------------------------------------------------------------------


def check_parted(state: State, event: ChannelParted) -> None:
    """Only who is in a channel can leave it."""
    actor(state, event.uid)
    need_member(state, event.uid, event.channel)


def parted(step: Step, event: ChannelParted) -> None:
    """Tell the channel, then take the user out of it."""
    folded = names.fold(event.channel)
    user, channel = step.state.users[event.uid], step.state.channels[folded]
    params = (channel.name, event.reason) if event.reason is not None else (channel.name,)
    step.effects.append(effects.ToChannel(folded, step.line(user, "PART", *params)))
    leave(step, folded, event.uid)


def check_kicked(state: State, event: UserKicked) -> None:
    """Only an operator removes, and only who is there."""
    actor(state, event.uid)
    channel = need_operator(state, event.uid, event.channel)
    target = state.users.get(event.target)
    if target is None:
        raise Refused(ERR_NOSUCHNICK, channel.name)
    if state.roles(names.fold(event.channel), event.target) is None:
        raise Refused(ERR_USERNOTINCHANNEL, target.nick, channel.name)


def kicked(step: Step, event: UserKicked) -> None:
    """Tell the channel, then take the target out of it."""
    folded = names.fold(event.channel)
    state = step.state
    user, target, channel = (
        state.users[event.uid],
        state.users[event.target],
        state.channels[folded],
    )
    line = step.line(user, "KICK", channel.name, target.nick, event.reason)
    step.effects.append(effects.ToChannel(folded, line))
    leave(step, folded, event.target)


# -- topic and invitation ---------------------------------------------------------------------


def check_topic(state: State, event: TopicChanged) -> None:
    """With +t only operators set the topic."""
    actor(state, event.uid)
    channel, roles = need_member(state, event.uid, event.channel)
    if "t" in channel.flags and not roles & OPERATOR:
        raise Refused(ERR_CHANOPRIVSNEEDED, channel.name)


def topic_changed(step: Step, event: TopicChanged) -> None:
    """Set or clear the topic, and tell the channel."""
    folded = names.fold(event.channel)
    user, channel = step.state.users[event.uid], step.state.channels[folded]
    topic = Topic(event.topic, user.prefix, step.ts) if event.topic else None
    step.state.put_channel(replace(channel, topic=topic))
    line = step.line(user, "TOPIC", channel.name, event.topic or "")
    step.effects.append(effects.ToChannel(folded, line))


def check_invited(state: State, event: UserInvited) -> None:
    """Let a member invite who is not there; into a channel with +i only an operator does."""
    actor(state, event.uid)
    channel, roles = need_member(state, event.uid, event.channel)
    target = state.users.get(event.target)
    if target is None:
        raise Refused(ERR_NOSUCHNICK, channel.name)
    if "i" in channel.flags and not roles & OPERATOR:
        raise Refused(ERR_CHANOPRIVSNEEDED, channel.name)
    if event.target in state.members[names.fold(event.channel)]:
        raise Refused(ERR_USERONCHANNEL, target.nick, channel.name)


def invited(step: Step, event: UserInvited) -> None:
    """Tell the target; an operator's invitation also opens the door, once."""
    state, folded = step.state, names.fold(event.channel)
    user, target, channel = (
        state.users[event.uid],
        state.users[event.target],
        state.channels[folded],
    )
    if state.members[folded][event.uid] & OPERATOR and target.uid not in channel.invited:
        waiting = (uid for uid in channel.invited if uid in state.users)
        state.put_channel(replace(channel, invited=(*waiting, target.uid)))
    line = step.line(user, "INVITE", target.nick, channel.name)
    others = tuple(uid for uid in state.members[folded] if uid != event.uid)
    step.effects += (
        effects.Answer(RPL_INVITING, (target.nick, channel.name)),
        effects.ToUser(target.uid, line),
        effects.ToUsers(others, line, INVITE_NOTIFY),
    )
