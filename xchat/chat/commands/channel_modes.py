"""MODE of channels: the line taken apart by the table of modes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from xchat.chat import events
from xchat.chat.apply.channel_modes import with_ban
from xchat.chat.apply.channels import need_operator
from xchat.chat.apply.sight import is_member, visible_channel
from xchat.chat.commands.each import need_user
from xchat.chat.entities import Channel
from xchat.chat.events import ModeChange
from xchat.chat.lines import Line
from xchat.chat.modes import KIND_OF, ROLE_BITS, signed_letters, takes_argument
from xchat.chat.refused import Failed, Refused
from xchat.chat.session import Request
from xchat.irc import names
from xchat.irc.masks import complete
from xchat.irc.numerics import (
    ERR_BANLISTFULL,
    ERR_INVALIDMODEPARAM,
    ERR_NEEDMOREPARAMS,
    ERR_NOSUCHCHANNEL,
    ERR_UNKNOWNMODE,
    ERR_USERNOTINCHANNEL,
    RPL_BANLIST,
    RPL_CHANNELMODEIS,
    RPL_CREATIONTIME,
    RPL_ENDOFBANLIST,
)
from xchat.limits import MASK_BYTES_MAX, MODES_A_COMMAND

if TYPE_CHECKING:
    from xchat.chat.hub import Hub

_LIMIT = re.compile(r"[0-9]{1,9}")
_KEY = re.compile(r"[!-+\--9;-~]+")


def channel_mode(hub: Hub, request: Request) -> None:
    """MODE <channel> [<modes> {<argument>}]: see or change them."""
    name, *words = request.params
    channel = visible_channel(hub.state, request.session.uid, name)
    if channel is None:
        raise Refused(ERR_NOSUCHCHANNEL, name)
    if not words:
        _say_modes(hub, request, channel)
        return
    changes = list(_changes(hub, request, channel, words))
    if changes:
        uid = request.session.uid
        event = events.ModesChanged(uid=uid, channel=name, changes=tuple(changes))
        hub.append(request, event)


def _say_modes(hub: Hub, request: Request, channel: Channel) -> None:
    inside = is_member(hub.state, request.session.uid, channel)
    letters, arguments = f"+{channel.flags}", []
    if channel.key:
        letters += "k"
        arguments.append(channel.key if inside else "*")
    if channel.limit:
        letters += "l"
        arguments.append(str(channel.limit))
    hub.reply(request, RPL_CHANNELMODEIS, channel.name, letters, *arguments)
    created = str(channel.created // 1000)
    hub.reply(request, RPL_CREATIONTIME, channel.name, created)


def _changes(
    hub: Hub, request: Request, channel: Channel, words: list[str]
) -> Iterator[ModeChange]:
    """Yield the changes that may be made; each other one is answered, the same words once."""
    arguments = iter(words[1:])
    answered, asks_bans, then = set(), False, channel
    for sign, letter in _need_few(channel, words[0]):
        argument = next(arguments, "") if takes_argument(sign, letter) else ""
        if letter == "b" and not argument:
            asks_bans = True
            continue
        try:
            change = _change(hub, request, then, ModeChange(sign, letter, argument))
        except Refused as refused:
            if (refused.numeric, refused.params) not in answered:
                hub.refuse(request, refused)
            answered.add((refused.numeric, refused.params))
            continue
        if letter == "b":
            then = with_ban(then, change, "", 0)
        yield change
    if asks_bans:
        _say_bans(hub, request, channel)


def _need_few(channel: Channel, letters: str) -> list[tuple[str, str]]:
    """Return the sign and letter of each change; refuse, whole, a line that asks for too many."""
    asked = list(signed_letters(letters))
    if len(asked) > MODES_A_COMMAND:
        text = f"Nothing was changed: {MODES_A_COMMAND} changes at most, these are {len(asked)}"
        raise Failed("TOO_MANY_CHANGES", channel.name, text=text)
    return asked


def _change(hub: Hub, request: Request, channel: Channel, change: ModeChange) -> ModeChange:
    """Return a change with its argument checked; refuse what is off."""
    if change.letter not in KIND_OF and change.letter not in ROLE_BITS:
        raise Refused(ERR_UNKNOWNMODE, change.letter)
    need_operator(hub.state, request.session.uid, channel.name)
    if change.sign == "-" and change.letter in _UNSET_BARE:
        return ModeChange("-", change.letter)
    if change.letter in _NEED_ARGUMENT and not change.argument:
        raise Refused(ERR_NEEDMOREPARAMS, "MODE")
    check = _CHECKS.get(change.letter)
    return check(hub, channel, change) if check else change


def _role(hub: Hub, channel: Channel, change: ModeChange) -> ModeChange:
    user = need_user(hub, change.argument)
    if hub.state.roles(names.fold(channel.name), user.uid) is None:
        raise Refused(ERR_USERNOTINCHANNEL, user.nick, channel.name)
    return ModeChange(change.sign, change.letter, user.uid)


def _ban(hub: Hub, channel: Channel, change: ModeChange) -> ModeChange:
    try:
        mask = complete(change.argument)
    except names.BadName as bad:
        raise _bad_argument(channel, "b", change.argument, bad.why) from bad
    if len(mask.encode()) > MASK_BYTES_MAX:
        text = f"A mask has at most {MASK_BYTES_MAX} bytes"
        raise _bad_argument(channel, "b", change.argument, text)
    change = ModeChange(change.sign, "b", mask)
    bans = with_ban(channel, change, "", 0).bans
    if len(bans) > max(hub.limits.bans_per_channel_max, len(channel.bans)):
        raise Refused(ERR_BANLISTFULL, channel.name, "b")
    return change


def _key(hub: Hub, channel: Channel, change: ModeChange) -> ModeChange:
    bytes_max = hub.limits.key_bytes_max
    if len(change.argument.encode()) > bytes_max or not _KEY.fullmatch(change.argument):
        text = f"A key is of ASCII letters, digits and signs, but no comma; {bytes_max} at most"
        raise _bad_argument(channel, "k", "*", text)
    return change


def _limit(_hub: Hub, channel: Channel, change: ModeChange) -> ModeChange:
    if not _LIMIT.fullmatch(change.argument) or int(change.argument) == 0:
        raise _bad_argument(channel, "l", change.argument, "A limit is a number of one or more")
    return ModeChange("+", "l", str(int(change.argument)))


def _bad_argument(channel: Channel, letter: str, argument: str, text: str) -> Refused:
    return Refused(ERR_INVALIDMODEPARAM, channel.name, letter, argument, text=text)


_UNSET_BARE = "kl"
"""To take these away needs no argument, whatever stands there."""
_NEED_ARGUMENT = "ovl"
_CHECKS = {"o": _role, "v": _role, "b": _ban, "k": _key, "l": _limit}


def _say_bans(hub: Hub, request: Request, channel: Channel) -> None:
    nick = hub.nick_of(request.session)
    for ban in channel.bans:
        when, setter = str(ban.ts // 1000), ban.setter.partition("!")[0]
        room = hub.row_bytes(request, channel.name, ban.mask)
        who = setter if len(f"{setter} {when}".encode()) <= room else "*"
        params = (nick, channel.name, ban.mask, who, when)
        request.put(Line(hub.name, RPL_BANLIST.code, params, hub.now_ms))
    hub.reply(request, RPL_ENDOFBANLIST, channel.name)
