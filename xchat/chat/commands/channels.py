"""Being in channels: JOIN PART KICK."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from xchat.chat import events, naming
from xchat.chat.apply.ranks import need_rank
from xchat.chat.commands.each import each, need_targets, need_user, one_by_one
from xchat.chat.modes import KICKS
from xchat.chat.refused import Refused
from xchat.chat.session import Request
from xchat.chat.text import clean
from xchat.irc import names
from xchat.irc.numerics import (
    ERR_CHANNELISFULL,
    ERR_NEEDMOREPARAMS,
    ERR_NOSUCHCHANNEL,
    ERR_TOOMANYCHANNELS,
    ERR_TOOMANYTARGETS,
)

if TYPE_CHECKING:
    from xchat.chat.hub import Hub

_LEAVE_ALL = "0"


def join(hub: Hub, request: Request) -> Iterator[None] | None:
    """JOIN <channel>{,<channel>} [<key>{,<key>}], or JOIN 0 to leave all."""
    wanted = need_targets(request)
    if wanted == [_LEAVE_ALL]:
        return _leave(hub, request, list(hub.state.joined[request.session.uid]), None)
    keys = request.params[1].split(",") if len(request.params) > 1 else []
    # The first key is the first channel's, whatever stands twice or is left out.
    key_of = dict(zip(request.params[0].split(","), keys, strict=False))
    return one_by_one(
        hub, request, wanted, lambda name: _join(hub, request, name, key_of.get(name, ""))
    )


def _join(hub: Hub, request: Request, name: str, key: str) -> None:
    uid, limits = request.session.uid, hub.limits
    try:
        folded = naming.check_channel(hub.config, name)
    except names.BadName as bad:
        raise Refused(ERR_NOSUCHCHANNEL, name, text=bad.why) from bad
    if len(hub.state.joined[uid]) >= limits.channels_per_user_max:
        raise Refused(ERR_TOOMANYCHANNELS, name)
    # Those in which nobody is take nobody's place.
    occupied = len(hub.state.channels) - len(hub.state.empty)
    if occupied >= limits.channels_max and not hub.state.members.get(folded):
        text = f"This server has no room for more than {limits.channels_max} channels"
        raise Refused(ERR_CHANNELISFULL, name, text=text)
    hub.append(request, events.ChannelJoined(uid=uid, channel=name, key=key))


def part(hub: Hub, request: Request) -> Iterator[None] | None:
    """PART <channel>{,<channel>} [<reason>]."""
    return _leave(hub, request, need_targets(request), _reason(hub, request, 1) or None)


def _leave(
    hub: Hub, request: Request, channels: Sequence[str], reason: str | None
) -> Iterator[None] | None:
    uid = request.session.uid

    def leave(name: str) -> None:
        hub.append(request, events.ChannelParted(uid=uid, channel=name, reason=reason))

    return one_by_one(hub, request, channels, leave)


def kick(hub: Hub, request: Request) -> None:
    """KICK <channel> <nick>{,<nick>} [<reason>]; also as many channels as nicks (RFC 2812)."""
    pairs = _pairs(request)
    if len(pairs) > hub.limits.targets_max:
        raise Refused(ERR_TOOMANYTARGETS, request.params[1])
    if len({name for name, _ in pairs}) == 1:
        need_rank(hub.state, request.session.uid, pairs[0][0], KICKS)
    reason = _reason(hub, request, 2) or hub.nick_of(request.session)
    each(hub, request, pairs, lambda pair: _kick(hub, request, *pair, reason))


def _pairs(request: Request) -> list[tuple[str, str]]:
    """Return whom to remove from where, each pair once; refuse lists that do not match."""
    channels, nicks = need_targets(request), need_targets(request, 1)
    if len(channels) == 1:
        return [(channels[0], nick) for nick in nicks]
    channels, nicks = request.params[0].split(","), request.params[1].split(",")
    pairs = list(dict.fromkeys(zip(channels, nicks, strict=False)))
    if len(channels) != len(nicks) or not all(map(all, pairs)):
        text = "Name one channel, or as many channels as nicks; nobody was removed"
        raise Refused(ERR_NEEDMOREPARAMS, "KICK", text=text)
    return pairs


def _kick(hub: Hub, request: Request, name: str, nick: str, reason: str) -> None:
    uid = request.session.uid
    need_rank(hub.state, uid, name, KICKS)
    target = need_user(hub, nick).uid
    event = events.UserKicked(uid=uid, channel=name, target=target, reason=reason)
    hub.append(request, event)


def _reason(hub: Hub, request: Request, index: int) -> str:
    given = request.params[index] if len(request.params) > index else ""
    return clean(given, hub.limits.kick_bytes_max)
