"""Finding people: WHO WHOIS USERHOST ISON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from xchat.chat.apply.sight import is_member, is_visible, visible_channel
from xchat.chat.commands.each import split
from xchat.chat.commands.information import need_this_server
from xchat.chat.entities import User
from xchat.chat.modes import prefix_of
from xchat.chat.refused import Refused
from xchat.chat.session import Request
from xchat.chat.text import rows
from xchat.irc import names
from xchat.irc.capabilities import MULTI_PREFIX
from xchat.irc.masks import Mask, compile_mask
from xchat.irc.numerics import (
    ERR_NONICKNAMEGIVEN,
    ERR_NOSUCHNICK,
    RPL_AWAY,
    RPL_ENDOFWHO,
    RPL_ENDOFWHOIS,
    RPL_ISON,
    RPL_USERHOST,
    RPL_WHOISACTUALLY,
    RPL_WHOISCHANNELS,
    RPL_WHOISIDLE,
    RPL_WHOISMODES,
    RPL_WHOISSECURE,
    RPL_WHOISSERVER,
    RPL_WHOISUSER,
    RPL_WHOREPLY,
)
from xchat.limits import USERHOST_NICKS_MAX

if TYPE_CHECKING:
    from xchat.chat.hub import Hub


def who(hub: Hub, request: Request) -> Iterator[None]:
    """WHO [<mask> [o]]: the members of a channel, a nick, or all whom a mask matches.

    With `o` operators of the server alone are asked for (RFC 2812, 3.6.1): there are none.
    """
    asked = request.params[0] if request.params else "*"
    if request.params[1:2] != ("o",):
        find = _who_channel if names.is_channel(asked) else _who_mask
        yield from find(hub, request, asked)
    hub.reply(request, RPL_ENDOFWHO, asked)


def _who_channel(hub: Hub, request: Request, name: str) -> Iterator[None]:
    uid = request.session.uid
    channel = visible_channel(hub.state, uid, name)
    if channel is None:
        return
    folded = names.fold(name)
    inside = uid in hub.state.members[folded]
    for member in list(hub.state.members[folded]):
        roles = hub.state.roles(folded, member)
        if roles is None:
            continue
        user = hub.state.users[member]
        if inside or "i" not in user.modes:
            _say_who(hub, request, channel.name, user, roles)
            yield


def _who_mask(hub: Hub, request: Request, asked: str) -> Iterator[None]:
    one = hub.state.user_by_nick(asked)
    mask = compile_mask(asked if asked != "0" else "*")
    for uid in [one.uid] if one else list(hub.state.users):
        user = hub.state.users.get(uid)
        if user is not None and (user is one or _is_found(hub, request, user, mask)):
            _say_who(hub, request, "*", user, 0)
        yield


def _is_found(hub: Hub, request: Request, user: User, mask: Mask) -> bool:
    uid = request.session.uid
    if "i" in user.modes and uid != user.uid and not hub.state.share_channel(uid, user.uid):
        return False
    return any(map(mask.matches, (user.nick, user.user, user.host, user.realname, user.prefix)))


def _say_who(hub: Hub, request: Request, where: str, user: User, roles: int) -> None:
    every = bool(request.session.caps & MULTI_PREFIX)
    flags = ("G" if user.uid in hub.state.away else "H") + prefix_of(roles, every=every)
    hub.reply(
        request,
        RPL_WHOREPLY,
        where,
        user.user,
        user.host,
        hub.name,
        user.nick,
        flags,
        text=f"0 {user.realname}",
    )


def whois(hub: Hub, request: Request) -> None:
    """WHOIS [<server>] <nick>{,<nick>}."""
    if not request.params or not split(request.params[-1]):
        raise Refused(ERR_NONICKNAMEGIVEN)
    if len(request.params) > 1:
        need_this_server(hub, request)
    for nick in split(request.params[-1])[: hub.limits.targets_max]:
        user = hub.state.user_by_nick(nick)
        if user is None:
            hub.refuse(request, Refused(ERR_NOSUCHNICK, nick))
        else:
            _say_whois(hub, request, user)
        hub.reply(request, RPL_ENDOFWHOIS, user.nick if user else nick)


def _say_whois(hub: Hub, request: Request, user: User) -> None:
    nick, own = user.nick, user.uid == request.session.uid
    hub.reply(request, RPL_WHOISUSER, nick, user.user, user.host, "*", text=user.realname)
    for row in rows(_channels_of(hub, request, user), hub.row_bytes(request, nick)):
        hub.reply(request, RPL_WHOISCHANNELS, nick, text=row)
    hub.reply(request, RPL_WHOISSERVER, nick, hub.name, text=hub.config.server.description)
    away = hub.state.away.get(user.uid)
    if away is not None:
        hub.reply(request, RPL_AWAY, nick, text=away)
    hub.reply(request, RPL_WHOISSECURE, nick)
    session = hub.sessions.get(user.uid)
    if session is not None:
        idle, since = str(int(hub.now - session.said)), str(user.since // 1000)
        hub.reply(request, RPL_WHOISIDLE, nick, idle, since)
    if own:
        hub.reply(request, RPL_WHOISACTUALLY, nick, user.host)
        hub.reply(request, RPL_WHOISMODES, nick, text=f"is using modes +{user.modes}")


def _channels_of(hub: Hub, request: Request, user: User) -> Iterator[str]:
    uid = request.session.uid
    every = bool(request.session.caps & MULTI_PREFIX)
    hidden = "i" in user.modes and uid != user.uid
    for folded in hub.state.joined[user.uid]:
        channel = hub.state.channels[folded]
        shared = is_member(hub.state, uid, channel)
        if shared or (not hidden and is_visible(hub.state, uid, channel)):
            roles = hub.state.members[folded][user.uid]
            yield f"{prefix_of(roles, every=every)}{channel.name}"


def userhost(hub: Hub, request: Request) -> None:
    """USERHOST <nick> {<nick>}: five at most."""
    found = []
    for nick in request.params[:USERHOST_NICKS_MAX]:
        user = hub.state.user_by_nick(nick)
        if user is not None:
            sign = "-" if user.uid in hub.state.away else "+"
            found.append(f"{user.nick}={sign}{user.user}@{user.host}")
    hub.reply(request, RPL_USERHOST, text=" ".join(found))


def ison(hub: Hub, request: Request) -> None:
    """ISON <nick> {<nick>}: which of them are here."""
    asked = [nick for param in request.params for nick in param.split()]
    found = [user.nick for nick in asked if (user := hub.state.user_by_nick(nick))]
    hub.reply(request, RPL_ISON, text=next(rows(found, hub.row_bytes(request)), ""))
