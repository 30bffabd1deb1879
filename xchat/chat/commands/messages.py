"""Saying something: PRIVMSG NOTICE TAGMSG."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from xchat.chat.commands import multiline, playback
from xchat.chat.commands.each import each, split
from xchat.chat.commands.saying import client_tags, over_bytes, resolve, send
from xchat.chat.commands.services import service_of, written_to
from xchat.chat.events import Event, MessageSent, TypingNotified
from xchat.chat.refused import Ignored, Refused
from xchat.chat.session import Request
from xchat.irc.numerics import (
    ERR_INPUTTOOLONG,
    ERR_NORECIPIENT,
    ERR_NOTEXTTOSEND,
    ERR_TOOMANYTARGETS,
)

if TYPE_CHECKING:
    from xchat.chat.hub import Hub

TYPING = "+typing"


def privmsg(hub: Hub, request: Request) -> Iterator[None] | None:
    """PRIVMSG <target>{,<target>} <text>."""
    if multiline.collect(hub, request):
        return None
    if not request.params:
        raise Refused(ERR_NORECIPIENT, text="No recipient given (PRIVMSG)")
    text = _need_text(request)
    targets = _targets(hub, request)
    if [name.lower() for name in targets] == [playback.NAME]:
        return playback.written_to(hub, request, text)
    if not written_to(hub, request, targets, text):
        each(hub, request, targets, lambda name: _say(hub, request, name, text))
    return None


def notice(hub: Hub, request: Request) -> None:
    """NOTICE <target>{,<target>} <text>: what is refused is not answered (RFC 2812, 3.3.2)."""
    if multiline.collect(hub, request) or not request.params:
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
    if multiline.collect(hub, request) or not tags:
        return
    targets = [name for name in _targets(hub, request) if service_of(name) is None]
    each(hub, request, targets, lambda name: _tag(hub, request, name, tags))


def _tag(hub: Hub, request: Request, name: str, tags: Mapping[str, str]) -> None:
    uid, target = request.session.uid, resolve(hub, name)
    event: Event
    if tags.keys() == {TYPING}:
        event = TypingNotified(uid=uid, target=target, tags=tags)
    else:
        event = MessageSent(uid=uid, command="TAGMSG", target=target, text=None, tags=tags)
    hub.append(request, event)


def _say(hub: Hub, request: Request, name: str, text: str) -> None:
    more = over_bytes(hub, request, name, text)
    if more > 0:
        raise Refused(ERR_INPUTTOOLONG, text=f"Not sent: it is {more} bytes too long for a line")
    command, tags = request.message.command, client_tags(request)
    send(hub, request, name, text, command=command, tags=tags)


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
