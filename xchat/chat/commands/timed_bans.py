"""TBAN: bans that end by themselves. The command is InspIRCd's, its lengths are everybody's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xchat.chat import events
from xchat.chat.apply.ranks import need_rank
from xchat.chat.apply.sight import visible_channel
from xchat.chat.commands.channel_modes import checked_entry
from xchat.chat.durations import format_duration, parse_duration
from xchat.chat.entities import Ban, Channel
from xchat.chat.events import ModeChange
from xchat.chat.modes import MODE_OF
from xchat.chat.refused import Failed, Refused
from xchat.chat.session import Request
from xchat.irc.numerics import (
    ERR_NEEDMOREPARAMS,
    ERR_NOSUCHCHANNEL,
    RPL_BANLIST,
    RPL_ENDOFBANLIST,
)
from xchat.limits import BAN_SECONDS_MAX

if TYPE_CHECKING:
    from xchat.chat.hub import Hub


def tban(hub: Hub, request: Request) -> None:
    """TBAN <channel> [<duration> <mask>]: ban for so long, or see which bans end, and when."""
    uid, name = request.session.uid, request.params[0]
    channel = visible_channel(hub.state, uid, name)
    if channel is None:
        raise Refused(ERR_NOSUCHCHANNEL, name)
    if len(request.params) == 1:
        _say_ends(hub, request, channel)
        return
    need_rank(hub.state, uid, name, MODE_OF["b"].set_by)
    if len(request.params) == 2:
        raise Refused(ERR_NEEDMOREPARAMS, "TBAN")
    seconds, mask = _need_seconds(channel, request.params[1]), request.params[2]
    change = checked_entry(hub, channel, ModeChange("+", "b", mask, seconds))
    event = events.ModesChanged(
        uid=uid,
        channel=name,
        changes=(change,),
        entries_max=hub.limits.bans_per_channel_max,
    )
    hub.append(request, event)


def _need_seconds(channel: Channel, text: str) -> int:
    seconds = parse_duration(text)
    if seconds is None or not 0 < seconds <= BAN_SECONDS_MAX:
        words = f"A length is written 10m, 2h30m or 1w; {format_duration(BAN_SECONDS_MAX)} at most"
        raise Failed("INVALID_DURATION", channel.name, text, text=words)
    return seconds


def _say_ends(hub: Hub, request: Request, channel: Channel) -> None:
    for ban in channel.bans:
        if ban.until:
            _say_end(hub, request, channel, ban)
    hub.reply(request, RPL_ENDOFBANLIST, channel.name)


def _say_end(hub: Hub, request: Request, channel: Channel, ban: Ban) -> None:
    text = f"ends in {format_duration(max(0, ban.until - hub.now_ms) // 1000)}"
    setter, when = ban.setter.partition("!")[0], str(ban.ts // 1000)
    room = hub.row_bytes(request, channel.name, ban.mask)
    who = setter if len(f"{setter} {when} :{text}".encode()) <= room else "*"
    hub.reply(request, RPL_BANLIST, channel.name, ban.mask, who, when, text=text)
