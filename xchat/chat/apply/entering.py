"""How somebody comes into a channel: whom its modes let in, and what they are there."""

from __future__ import annotations

from msgspec.structs import replace

from xchat.chat import effects
from xchat.chat.apply.bans import is_banned, is_expected
from xchat.chat.apply.sight import is_unseen, seen_members, witnesses
from xchat.chat.apply.standing import comes_and_goes, role_bits, tell_roles
from xchat.chat.apply.step import Step, actor
from xchat.chat.entities import Channel, User
from xchat.chat.events import ChannelJoined
from xchat.chat.lines import join_of
from xchat.chat.modes import DEFAULT_FLAGS, OPERATOR
from xchat.chat.refused import Ignored, Refused
from xchat.chat.state import State
from xchat.irc import names
from xchat.irc.capabilities import AWAY_NOTIFY
from xchat.irc.numerics import (
    ERR_BADCHANMASK,
    ERR_BADCHANNELKEY,
    ERR_BANNEDFROMCHAN,
    ERR_CHANNELISFULL,
    ERR_INVITEONLYCHAN,
    ERR_NEEDREGGEDNICK,
)


def check_joined(state: State, event: ChannelJoined) -> None:
    """Ask for the key, then look at invitation, login, limit and bans; a new name must look new.

    These stop nobody whom an operator invited, or who may invite whenever they are there.
    """
    user = actor(state, event.uid)
    folded = names.fold(event.channel)
    channel = state.channels.get(folded)
    if channel is None:
        _check_new(state, event.channel)
    elif event.uid in state.members[folded]:
        raise Ignored
    elif event.uid not in channel.invited and not comes_and_goes(channel, user.account):
        _check_modes(state, channel, user, event.key)


def _check_new(state: State, name: str) -> None:
    other = state.look_alike(name)
    if other is not None:
        # A secret channel's name is not told to those outside it.
        alike = f"looks like {other.name}" if "s" not in other.flags else "looks like another"
        raise Refused(ERR_BADCHANMASK, name, text=f"The name {alike}, which is there already")


def _check_modes(state: State, channel: Channel, user: User, key: str) -> None:
    members = len(state.members[names.fold(channel.name)])
    if channel.key and channel.key != key:
        raise Refused(ERR_BADCHANNELKEY, channel.name)
    if "i" in channel.flags and not is_expected(state, channel, user):
        left = "" if members else ": all who were in it left as the server ended, none can invite"
        raise Refused(ERR_INVITEONLYCHAN, channel.name, text=f"Cannot join channel (+i){left}")
    if "R" in channel.flags and not state.account_name(user.uid):
        raise Refused(ERR_NEEDREGGEDNICK, channel.name)
    if channel.limit and members >= channel.limit:
        raise Refused(ERR_CHANNELISFULL, channel.name)
    if is_banned(state, channel, user):
        raise Refused(ERR_BANNEDFROMCHAN, channel.name)


def joined(step: Step, event: ChannelJoined) -> None:
    """Let a user in; the first one in is the operator, where the channel is nobody's."""
    state, folded = step.state, names.fold(event.channel)
    user = state.users[event.uid]
    channel = state.channels.get(folded)
    if channel is None:
        channel = Channel(
            cid=f"{step.seq:x}", name=event.channel, created=step.ts, flags=DEFAULT_FLAGS
        )
    others = tuple(uid for uid in channel.invited if uid != event.uid)
    state.put_channel(replace(channel, invited=others, emptied=0))
    standing = role_bits(channel, user.account)
    is_first = not channel.founder and not state.members[folded]
    state.put_member(folded, event.uid, OPERATOR if is_first else standing)
    step.effects.append(_entered(step, user, folded))
    if standing:
        tell_roles(step, folded, event.uid, standing)
    away = state.away.get(event.uid)
    if away is not None:
        line = step.line(user, "AWAY", away)
        unseen = is_unseen(state, folded, user.uid)
        also = witnesses(state, folded, user.uid) if unseen else ()
        where = () if unseen else (folded,)
        step.effects.append(effects.ToNeighbours(where, user.uid, line, AWAY_NOTIFY, also=also))


def _entered(step: Step, user: User, folded: str) -> effects.Entered:
    channel, account = step.state.channels[folded], step.account_name(user)
    line = join_of(user, channel.name, account, step.ts, step.msgid)
    state = step.state
    seen = dict(seen_members(state, folded, user.uid))
    seen.setdefault(user.uid, state.members[folded][user.uid])
    present = tuple((state.users[uid], roles) for uid, roles in seen.items())
    unseen = is_unseen(state, folded, user.uid)
    told = witnesses(state, folded, user.uid) if unseen else None
    return effects.Entered(user.uid, folded, channel, line, present, told)
