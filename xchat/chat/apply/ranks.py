"""Who may do what in a channel: by rank (chat/modes.py), and never against a higher one."""

from __future__ import annotations

from xchat.chat.apply.sight import visible_channel
from xchat.chat.entities import Channel
from xchat.chat.modes import Rank, rank_of
from xchat.chat.refused import Refused
from xchat.chat.state import State
from xchat.irc import names
from xchat.irc.numerics import ERR_CHANOPRIVSNEEDED, ERR_NOSUCHCHANNEL, ERR_NOTONCHANNEL


def need_member(state: State, uid: str, name: str) -> tuple[Channel, int]:
    """Return the channel and the user's roles in it; refuse who is not there."""
    channel = visible_channel(state, uid, name)
    if channel is None:
        raise Refused(ERR_NOSUCHCHANNEL, name)
    roles = state.roles(names.fold(name), uid)
    if roles is None:
        raise Refused(ERR_NOTONCHANNEL, channel.name)
    return channel, roles


def need_rank(state: State, uid: str, name: str, needed: Rank) -> Channel:
    """Return the channel; refuse who does not stand so high in it."""
    channel, roles = need_member(state, uid, name)
    if rank_of(roles) < needed:
        raise Refused(ERR_CHANOPRIVSNEEDED, channel.name)
    return channel


def need_power_over(state: State, uid: str, name: str, target: str) -> None:
    """Refuse who acts against somebody who stands higher; equals they may be from operators on."""
    if uid == target:
        return
    channel, roles = need_member(state, uid, name)
    rank, other = rank_of(roles), rank_of(state.roles(names.fold(name), target) or 0)
    if other > rank or (other == rank < Rank.OPERATOR):
        text = "You're not channel operator enough: they stand as high as you or higher"
        raise Refused(ERR_CHANOPRIVSNEEDED, channel.name, text=text)
