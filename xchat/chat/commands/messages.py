"""Saying something: PRIVMSG NOTICE TAGMSG."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from xchat.chat.apply.sight import visible_channel
from xchat.chat.commands.each import each, need_user, split
from xchat.chat.commands.services import service_of, written_to
from xchat.chat.events import Event, MessageSent, TypingNotified
from xchat.chat.modes import split_status
from xchat.chat.refused import Ignored, Refused
from xchat.chat.session import Request
from xchat.irc import names
from xchat.irc.capabilities import MESSAGE_TAGS
from xchat.irc.message import NO_TAGS
from xchat.irc.numerics import (
    ERR_INPUTTOOLONG,
    ERR_NORECIPIENT,
    ERR_NOTEXTTOSEND,
    ERR_TOOMANYTARGETS,
    RPL_AWAY,
)
from xchat.limits import LINE_BYTES_MAX

if TYPE_CHECKING:
    from xchat.chat.hub import Hub

TYPING = "+typing"
_CLIENT_ONLY = re.compile(r"\+([A-Za-z0-9.-]+/)?[A-Za-z0-9-]+")


def privmsg(hub: Hub, request: Request) -> None:
    """PRIVMSG <target>{,<target>} <text>."""
    if not request.params:
        raise Refused(ERR_NORECIPIENT, text="No recipient given (PRIVMSG)")
    text = _need_text(request)
    targets = _targets(hub, request)
    if not written_to(hub, request, targets, text):
        each(hub, request, targets, lambda name: _say(hub, request, name, text))


def notice(hub: Hub, request: Request) -> None:
    """NOTICE <target>{,<target>} <text>: what is refused is not answered (RFC 2812, 3.3.2)."""
    if not request.params:
        return
    try:
        text = _need_text(request)
        targets = _targets(hub, request)
    except Refused:
        return
    for name in targets:
        if service_of(name) is not None:
            continue  # a notice is never answered, and what it says may be a password
        try:
            _say(hub, request, name, text)
        except (Refused, Ignored):
            continue


def tagmsg(hub: Hub, request: Request) -> None:
    """TAGMSG <target>{,<target>} (IRCv3 message-tags): client-only tags without a text."""
    tags = client_tags(request)
    if not tags:
        return
    targets = [name for name in _targets(hub, request) if service_of(name) is None]
    each(hub, request, targets, lambda name: _tag(hub, request, name, tags))


def _tag(hub: Hub, request: Request, name: str, tags: Mapping[str, str]) -> None:
    uid, target = request.session.uid, _resolve(hub, name)
    event: Event
    if tags.keys() == {TYPING}:
        event = TypingNotified(uid=uid, target=target, tags=tags)
    else:
        event = MessageSent(uid=uid, command="TAGMSG", target=target, text=None, tags=tags)
    hub.append(request, event)


def _say(hub: Hub, request: Request, name: str, text: str) -> None:
    session, command = request.session, request.message.command
    target = _resolve(hub, name)
    source, shown = hub.state.users[session.uid].prefix, _shown(hub, session.uid, target)
    relayed = len(f":{source} {command} {shown} :{text}\r\n".encode())
    if relayed > LINE_BYTES_MAX:
        more = relayed - LINE_BYTES_MAX
        raise Refused(ERR_INPUTTOOLONG, text=f"Not sent: it is {more} bytes too long for a line")
    event = MessageSent(
        uid=session.uid, command=command, target=target, text=text, tags=client_tags(request)
    )
    hub.append(request, event)
    session.said = hub.now
    away = hub.state.away.get(target)
    if away is not None and command == "PRIVMSG":
        hub.reply(request, RPL_AWAY, hub.state.users[target].nick, text=away)


def client_tags(request: Request) -> Mapping[str, str]:
    """Return the client-only tags of a message, which are passed on: message-tags enables them."""
    tags = request.message.tags
    if not tags or not request.session.caps & MESSAGE_TAGS:
        return NO_TAGS
    return {key: value for key, value in tags.items() if _CLIENT_ONLY.fullmatch(key)}


def _resolve(hub: Hub, name: str) -> str:
    prefix, channel = split_status(name)
    return prefix + channel if names.is_channel(channel) else need_user(hub, name).uid


def _shown(hub: Hub, uid: str, target: str) -> str:
    """Return a target as its readers are told it, which may be longer than as it was typed."""
    prefix, name = split_status(target)
    if not names.is_channel(name):
        return hub.state.users[target].nick
    channel = visible_channel(hub.state, uid, name)
    return prefix + channel.name if channel else target


def _need_text(request: Request) -> str:
    if len(request.params) < 2 or not request.params[1]:
        raise Refused(ERR_NOTEXTTOSEND)
    return request.params[1]


def _targets(hub: Hub, request: Request) -> list[str]:
    targets = split(request.params[0])
    if not targets:
        raise Refused(ERR_NORECIPIENT, text=f"No recipient given ({request.message.command})")
    if len(targets) > hub.limits.targets_max:
        text = f"Too many targets: {hub.limits.targets_max} at most, and nothing was sent"
        raise Refused(ERR_TOOMANYTARGETS, request.params[0], text=text)
    return targets
