"""WHOIS and WHOWAS: all about one who is here, and what is remembered of one who was."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from xchat.chat import operators
from xchat.chat.apply.metadata_rules import owner_of
from xchat.chat.apply.sight import is_member, is_visible, sees
from xchat.chat.commands.each import split
from xchat.chat.commands.information import need_this_server
from xchat.chat.commands.who import address_of, idle_of
from xchat.chat.entities import User
from xchat.chat.lines import format_time
from xchat.chat.metadata.telling import EVERYONE, METADATA
from xchat.chat.modes import BOT, OPER, prefix_of
from xchat.chat.refused import Refused
from xchat.chat.session import Request
from xchat.chat.text import rows
from xchat.chat.whowas import Past
from xchat.irc.capabilities import MULTI_PREFIX
from xchat.irc.masks import compile_mask
from xchat.irc.numerics import (
    ERR_NONICKNAMEGIVEN,
    ERR_NOSUCHNICK,
    ERR_WASNOSUCHNICK,
    RPL_AWAY,
    RPL_ENDOFWHOIS,
    RPL_ENDOFWHOWAS,
    RPL_WHOISACCOUNT,
    RPL_WHOISACTUALLY,
    RPL_WHOISBOT,
    RPL_WHOISCERTFP,
    RPL_WHOISCHANNELS,
    RPL_WHOISHOST,
    RPL_WHOISIDLE,
    RPL_WHOISKEYVALUE,
    RPL_WHOISMODES,
    RPL_WHOISOPERATOR,
    RPL_WHOISSECURE,
    RPL_WHOISSERVER,
    RPL_WHOISSPECIAL,
    RPL_WHOISUSER,
    RPL_WHOWASUSER,
)

if TYPE_CHECKING:
    from xchat.chat.hub import Hub

_READABLE_KEYS = ("display-name", "pronouns", "status", "homepage")


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
    nick = user.nick
    hub.reply(request, RPL_WHOISUSER, nick, user.user, user.host, "*", text=user.realname)
    for row in rows(_channels_of(hub, request, user), hub.row_bytes(request, nick)):
        hub.reply(request, RPL_WHOISCHANNELS, nick, text=row)
    hub.reply(request, RPL_WHOISSERVER, nick, hub.name, text=hub.config.server.description)
    _say_standing(hub, request, user)
    hub.reply(request, RPL_WHOISSECURE, nick)
    idle = idle_of(hub, user)
    if idle is not None:
        hub.reply(request, RPL_WHOISIDLE, nick, str(idle), str(user.since // 1000))
    _say_metadata(hub, request, user)
    asker = hub.state.users[request.session.uid]
    if asker.uid == user.uid or operators.may(asker, operators.SIGHT):
        _say_private(hub, request, user)


def _say_standing(hub: Hub, request: Request, user: User) -> None:
    """Tell what a user is and does: operator, bot, logged in, away."""
    if OPER in user.modes:
        hub.reply(request, RPL_WHOISOPERATOR, user.nick, text=f"is an IRC operator ({user.role})")
    if BOT in user.modes:
        hub.reply(request, RPL_WHOISBOT, user.nick)
    account = hub.state.account_name(user.uid)
    if account:
        hub.reply(request, RPL_WHOISACCOUNT, user.nick, account)
    away = hub.state.away.get(user.uid)
    if away is not None:
        hub.reply(request, RPL_AWAY, user.nick, text=away)


def _say_metadata(hub: Hub, request: Request, user: User) -> None:
    """Tell those who know metadata what a person reads of it (IRCv3 metadata)."""
    values = hub.state.metadata.get(owner_of(user), {})
    if not request.session.caps & METADATA:
        return
    for key in _READABLE_KEYS:
        if key in values:
            params = (user.nick, key, EVERYONE)
            hub.reply(request, RPL_WHOISKEYVALUE, *params, text=values[key])


def _say_private(hub: Hub, request: Request, user: User) -> None:
    """Tell what only the user and operators are told."""
    address = address_of(hub, request, user)
    host = f"is connecting from {user.user}@{user.host} {address}"
    hub.reply(request, RPL_WHOISACTUALLY, user.nick, address)
    hub.reply(request, RPL_WHOISHOST, user.nick, text=host)
    certificates = {session.certificate for session in hub.fanout.sessions.get(user.uid, ())}
    for fingerprint in sorted(certificates - {""}):
        text = f"has client certificate fingerprint {fingerprint}"
        hub.reply(request, RPL_WHOISCERTFP, user.nick, text=text)
        if (device := hub.devices.get(fingerprint)) is not None:
            text = f"is here by the device {device.name} of {device.account}"
            hub.reply(request, RPL_WHOISSPECIAL, user.nick, text=text)
    hub.reply(request, RPL_WHOISMODES, user.nick, text=f"is using modes +{user.modes}")


def _channels_of(hub: Hub, request: Request, user: User) -> Iterator[str]:
    uid = request.session.uid
    every = bool(request.session.caps & MULTI_PREFIX)
    hidden = "i" in user.modes and uid != user.uid
    for folded in hub.state.joined[user.uid]:
        channel = hub.state.channels[folded]
        shared = is_member(hub.state, uid, channel)
        if not sees(hub.state, folded, uid, user.uid):
            continue
        if shared or (not hidden and is_visible(hub.state, uid, channel)):
            roles = hub.state.members[folded][user.uid]
            yield f"{prefix_of(roles, every=every)}{channel.name}"


def whowas(hub: Hub, request: Request) -> Iterator[None]:
    """WHOWAS <nick>{,<nick>} [<count>]: so many of each, newest first (RFC 2812, 3.6.3)."""
    asked = split(request.params[0])[: hub.limits.targets_max] if request.params else []
    if not asked:
        raise Refused(ERR_NONICKNAMEGIVEN)
    return _tell_whowas(hub, request, asked, _count(request.params))


def _count(params: tuple[str, ...]) -> int:
    """Return how many are asked for; 0, and what is no number, is all of them."""
    word = params[1] if len(params) > 1 else ""
    return int(word) if word.isascii() and word.isdigit() and len(word) < 6 else 0


def _tell_whowas(hub: Hub, request: Request, asked: list[str], most: int) -> Iterator[None]:
    masks = [compile_mask(nick) for nick in asked]
    told = [0] * len(masks)
    for past in hub.whowas.newest_first():
        place = next((n for n, mask in enumerate(masks) if mask.matches(past.user.nick)), None)
        if place is not None and (not most or told[place] < most):
            told[place] += 1
            _say_past(hub, request, past)
        yield
    for nick, count in zip(asked, told, strict=True):
        if not count:
            hub.refuse(request, Refused(ERR_WASNOSUCHNICK, nick))
    hub.reply(request, RPL_ENDOFWHOWAS, ",".join(asked))


def _say_past(hub: Hub, request: Request, past: Past) -> None:
    user = past.user
    params = (user.nick, user.user, user.host, "*")
    hub.reply(request, RPL_WHOWASUSER, *params, text=user.realname)
    hub.reply(request, RPL_WHOISSERVER, user.nick, hub.name, text=format_time(past.ts))
