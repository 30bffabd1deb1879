"""Being in channels: JOIN PART KICK INVITE TOPIC NAMES."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from xchat.chat import events
from xchat.chat.apply.channels import need_member, need_operator
from xchat.chat.apply.sight import tells_topic, visible_channel
from xchat.chat.commands.each import each, need_targets, need_user, one_by_one, split
from xchat.chat.commands.reception import say_names, say_topic
from xchat.chat.refused import Refused
from xchat.chat.session import Request
from xchat.chat.text import clean
from xchat.irc import names
from xchat.irc.numerics import (
    ERR_CHANNELISFULL,
    ERR_NEEDMOREPARAMS,
    ERR_NOSUCHCHANNEL,
    ERR_NOTONCHANNEL,
    ERR_TOOMANYCHANNELS,
    ERR_TOOMANYTARGETS,
    RPL_AWAY,
    RPL_ENDOFINVITELIST,
    RPL_ENDOFNAMES,
    RPL_INVITELIST,
    RPL_NOTOPIC,
)
from xchat.limits import LINE_BYTES_MAX, NICK_BYTES_MAX

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
        folded = names.check_channel(name, limits.channel_chars_max)
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
        need_operator(hub.state, request.session.uid, pairs[0][0])
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
    need_operator(hub.state, uid, name)
    target = need_user(hub, nick).uid
    event = events.UserKicked(uid=uid, channel=name, target=target, reason=reason)
    hub.append(request, event)


def invite(hub: Hub, request: Request) -> None:
    """INVITE <nick> <channel>, or INVITE alone, which lists one's open invitations."""
    uid = request.session.uid
    if not request.params:
        _list_invitations(hub, request)
        return
    if len(request.params) < 2:
        raise Refused(ERR_NEEDMOREPARAMS, "INVITE")
    nick, name = request.params[:2]
    target = need_user(hub, nick)
    channel, _ = need_member(hub.state, uid, name)
    open_ = sum(invited in hub.state.users for invited in channel.invited)
    if open_ >= hub.limits.invites_per_channel_max and target.uid not in channel.invited:
        raise Refused(ERR_TOOMANYTARGETS, name, text="Too many invitations are open")
    hub.append(request, events.UserInvited(uid=uid, channel=name, target=target.uid))
    away = hub.state.away.get(target.uid)
    if away is not None:
        hub.reply(request, RPL_AWAY, target.nick, text=away)


def _list_invitations(hub: Hub, request: Request) -> None:
    for channel in hub.state.channels.values():
        if request.session.uid in channel.invited:
            hub.reply(request, RPL_INVITELIST, channel.name)
    hub.reply(request, RPL_ENDOFINVITELIST)


def topic(hub: Hub, request: Request) -> None:
    """TOPIC <channel> [<topic>]: see it, set it, or clear it with an empty one."""
    uid, name = request.session.uid, request.params[0]
    if len(request.params) > 1:
        text = clean(request.params[1], _topic_room(hub, uid, name))
        hub.append(request, events.TopicChanged(uid=uid, channel=name, topic=text))
        return
    channel = visible_channel(hub.state, uid, name)
    if channel is None:
        raise Refused(ERR_NOSUCHCHANNEL, name)
    if not tells_topic(hub.state, uid, channel):
        raise Refused(ERR_NOTONCHANNEL, channel.name)
    if channel.topic:
        say_topic(hub, request, channel)
    else:
        hub.reply(request, RPL_NOTOPIC, channel.name)


def _topic_room(hub: Hub, uid: str, name: str) -> int:
    """Return how many bytes a topic may have so that nobody is ever told less of it."""
    channel = visible_channel(hub.state, uid, name)
    shown = channel.name if channel else name
    told = f":{hub.state.users[uid].prefix} TOPIC {shown} :\r\n"
    listed = f":{hub.name} 322 {'x' * NICK_BYTES_MAX} {shown} 99999 :\r\n"
    room = LINE_BYTES_MAX - max(len(told.encode()), len(listed.encode()))
    return min(room, hub.limits.topic_bytes_max)


def names_(hub: Hub, request: Request) -> Iterator[None] | None:
    """NAMES <channel>{,<channel>}: who is in them; one end for all, as other servers have it."""
    asked = request.params[0] if request.params else ""
    wanted = split(asked)[: hub.limits.channels_per_user_max]
    if len(wanted) > 1:
        return _names_of_several(hub, request, wanted, asked)
    for name in wanted:
        _say_names_of(hub, request, name)
    hub.reply(request, RPL_ENDOFNAMES, asked)
    return None


def _names_of_several(
    hub: Hub, request: Request, wanted: Sequence[str], asked: str
) -> Iterator[None]:
    for name in wanted:
        _say_names_of(hub, request, name)
        yield
    hub.reply(request, RPL_ENDOFNAMES, asked)


def _say_names_of(hub: Hub, request: Request, name: str) -> None:
    uid = request.session.uid
    channel = visible_channel(hub.state, uid, name)
    if channel is None:
        return
    members = hub.state.members[names.fold(name)]
    users = ((hub.state.users[member], roles) for member, roles in members.items())
    inside = uid in members
    seen = ((user, roles) for user, roles in users if inside or "i" not in user.modes)
    say_names(hub, request, channel, seen)


def _reason(hub: Hub, request: Request, index: int) -> str:
    given = request.params[index] if len(request.params) > index else ""
    return clean(given, hub.limits.kick_bytes_max)
