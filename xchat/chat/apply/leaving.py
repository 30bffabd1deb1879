"""How somebody goes out of a channel: of their own, or by force."""

from __future__ import annotations

from xchat.chat import effects
from xchat.chat.apply.emptying import leave
from xchat.chat.apply.ranks import need_member, need_power_over, need_rank
from xchat.chat.apply.sight import is_unseen, witnesses
from xchat.chat.apply.step import Step, actor
from xchat.chat.events import ChannelParted, UserKicked
from xchat.chat.modes import KICKS
from xchat.chat.refused import Refused
from xchat.chat.state import State
from xchat.irc import names
from xchat.irc.numerics import ERR_NOSUCHNICK, ERR_USERNOTINCHANNEL


def check_parted(state: State, event: ChannelParted) -> None:
    """Only who is in a channel can leave it."""
    actor(state, event.uid)
    need_member(state, event.uid, event.channel)


def parted(step: Step, event: ChannelParted) -> None:
    """Tell the channel, then take the user out of it."""
    folded = names.fold(event.channel)
    user, channel = step.state.users[event.uid], step.state.channels[folded]
    params = (channel.name, event.reason) if event.reason is not None else (channel.name,)
    line = step.line(user, "PART", *params)
    if is_unseen(step.state, folded, user.uid):
        step.effects.append(effects.ToUsers(witnesses(step.state, folded, user.uid), line))
    else:
        step.effects.append(effects.ToChannel(folded, line))
    leave(step, folded, event.uid)


def check_kicked(state: State, event: UserKicked) -> None:
    """Only halfops and above remove, and only who is there and stands no higher."""
    actor(state, event.uid)
    channel = need_rank(state, event.uid, event.channel, KICKS)
    target = state.users.get(event.target)
    if target is None:
        raise Refused(ERR_NOSUCHNICK, channel.name)
    if state.roles(names.fold(event.channel), event.target) is None:
        raise Refused(ERR_USERNOTINCHANNEL, target.nick, channel.name)
    need_power_over(state, event.uid, event.channel, event.target)


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
