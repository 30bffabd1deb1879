"""MODE of channels: the line taken apart by the table of modes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from xchat.chat import events
from xchat.chat.apply.bans import complete_entry
from xchat.chat.apply.channel_modes import (
    check_change,
    count_entries,
    entries,
    with_entry,
)
from xchat.chat.apply.ranks import need_member
from xchat.chat.apply.sight import is_member, visible_channel
from xchat.chat.commands.each import need_user
from xchat.chat.entities import Channel
from xchat.chat.events import ModeChange
from xchat.chat.modes import MODE_OF, ROLE_OF, ROLES, signed_letters, takes_argument
from xchat.chat.refused import Failed, Refused
from xchat.chat.session import Request
from xchat.irc import names
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
    RPL_ENDOFEXCEPTLIST,
    RPL_ENDOFINVEXLIST,
    RPL_EXCEPTLIST,
    RPL_INVEXLIST,
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
        event = events.ModesChanged(
            uid=uid,
            channel=name,
            changes=tuple(changes),
            entries_max=hub.limits.bans_per_channel_max,
        )
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
    answered, asked, then = set(), dict[str, None](), channel
    for sign, letter in _need_few(channel, words[0]):
        argument = next(arguments, None) if takes_argument(sign, letter) else None
        if letter in _LISTS and not argument:
            asked[letter] = None
            continue
        try:
            change = _change(hub, request, then, Asked(sign, letter, argument))
        except Refused as refused:
            if (refused.numeric, refused.params) not in answered:
                hub.refuse(request, refused)
            answered.add((refused.numeric, refused.params))
            continue
        if letter in _LISTS:
            then = with_entry(then, change, "", 0)
        yield change
    for letter in asked:
        _say_list(hub, request, channel, letter)


def _need_few(channel: Channel, letters: str) -> list[tuple[str, str]]:
    """Return the sign and letter of each change; refuse, whole, a line that asks for too many."""
    asked = list(signed_letters(letters))
    if len(asked) > MODES_A_COMMAND:
        text = f"Nothing was changed: {MODES_A_COMMAND} changes at most, these are {len(asked)}"
        raise Failed("TOO_MANY_CHANGES", channel.name, text=text)
    return asked


class Asked(NamedTuple):
    """A change as it was asked for; None where the line has no argument for it."""

    sign: str
    letter: str
    argument: str | None


def _change(hub: Hub, request: Request, channel: Channel, asked: Asked) -> ModeChange:
    """Return a change with its argument checked; refuse what is off."""
    sign, letter, argument = asked
    if letter not in MODE_OF and letter not in ROLE_OF:
        raise Refused(ERR_UNKNOWNMODE, letter)
    uid = request.session.uid
    if letter in ROLE_OF:
        need_member(hub.state, uid, channel.name)
    else:
        check_change(hub.state, uid, channel.name, ModeChange(sign, letter))
    if sign == "-" and letter in _UNSET_BARE:
        return ModeChange("-", letter)
    if argument is None and letter in _NEED_ARGUMENT:
        raise Refused(ERR_NEEDMOREPARAMS, "MODE")
    change = ModeChange(sign, letter, argument or "")
    check = _CHECKS.get(letter)
    change = check(hub, channel, change) if check else change
    check_change(hub.state, uid, channel.name, change)
    return change


def _role(hub: Hub, channel: Channel, change: ModeChange) -> ModeChange:
    user = need_user(hub, change.argument)
    if hub.state.roles(names.fold(channel.name), user.uid) is None:
        raise Refused(ERR_USERNOTINCHANNEL, user.nick, channel.name)
    return ModeChange(change.sign, change.letter, user.uid)


def checked_entry(hub: Hub, channel: Channel, change: ModeChange) -> ModeChange:
    """Return a change of a list with its mask in full; refuse one that is none, or one too many."""
    letter, given = change.letter, change.argument
    try:
        mask = complete_entry(letter, given)
    except names.BadName as bad:
        raise _bad_argument(channel, letter, given, bad.why) from bad
    if len(mask.encode()) > MASK_BYTES_MAX:
        text = f"A mask has at most {MASK_BYTES_MAX} bytes"
        raise _bad_argument(channel, letter, given, text)
    change = ModeChange(change.sign, letter, mask, change.seconds)
    count = count_entries(with_entry(channel, change, "", 0))
    if count > max(hub.limits.bans_per_channel_max, count_entries(channel)):
        raise Refused(ERR_BANLISTFULL, channel.name, letter)
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
_LISTS = {
    "b": (RPL_BANLIST, RPL_ENDOFBANLIST),
    "e": (RPL_EXCEPTLIST, RPL_ENDOFEXCEPTLIST),
    "I": (RPL_INVEXLIST, RPL_ENDOFINVEXLIST),
}
"""The numerics of each list."""
_NEED_ARGUMENT = {*ROLE_OF, "l"}
_CHECKS: dict[str, Callable[[Hub, Channel, ModeChange], ModeChange]] = {
    **{role.letter: _role for role in ROLES},
    **dict.fromkeys(_LISTS, checked_entry),
    "k": _key,
    "l": _limit,
}


def _say_list(hub: Hub, request: Request, channel: Channel, letter: str) -> None:
    """Tell a list: bans to anyone who asks, the others, which name friends, to members."""
    if letter != "b":
        need_member(hub.state, request.session.uid, channel.name)
    row, end = _LISTS[letter]
    for entry in entries(channel, letter):
        when, setter = str(entry.ts // 1000), entry.setter.partition("!")[0]
        room = hub.row_bytes(request, channel.name, entry.mask)
        who = setter if len(f"{setter} {when}".encode()) <= room else "*"
        hub.reply(request, row, channel.name, entry.mask, who, when)
    hub.reply(request, end, channel.name)
