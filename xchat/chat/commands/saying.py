"""What all that is said goes through: whom it is for, how long it may be, and the log."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from xchat.chat.apply.sight import visible_channel
from xchat.chat.commands.each import need_user
from xchat.chat.events import MessageSent
from xchat.chat.modes import split_status
from xchat.chat.session import Request
from xchat.irc import names
from xchat.irc.capabilities import MESSAGE_TAGS
from xchat.irc.message import NO_TAGS
from xchat.irc.numerics import RPL_AWAY
from xchat.limits import LINE_BYTES_MAX

if TYPE_CHECKING:
    from xchat.chat.hub import Hub

_CLIENT_ONLY = re.compile(r"\+([A-Za-z0-9.-]+/)?[A-Za-z0-9-]+")


def over_bytes(hub: Hub, request: Request, name: str, text: str) -> int:
    """Return by how many bytes a text is too long for a line as it is relayed."""
    uid, command = request.session.uid, request.message.command
    source, shown = hub.state.users[uid].prefix, _shown(hub, uid, resolve(hub, name))
    return len(f":{source} {command} {shown} :{text}\r\n".encode()) - LINE_BYTES_MAX


def send(
    hub: Hub, request: Request, name: str, text: str, *, command: str, tags: Mapping[str, str]
) -> None:
    """Append a message to one target, and say if who it is for is away."""
    session, target = request.session, resolve(hub, name)
    event = MessageSent(uid=session.uid, command=command, target=target, text=text, tags=tags)
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


def resolve(hub: Hub, name: str) -> str:
    """Return what an event calls a target: a channel by its name, a user by their uid."""
    prefix, channel = split_status(name)
    return prefix + channel if names.is_channel(channel) else need_user(hub, name).uid


def _shown(hub: Hub, uid: str, target: str) -> str:
    """Return a target as its readers are told it, which may be longer than as it was typed."""
    prefix, name = split_status(target)
    if not names.is_channel(name):
        return hub.state.users[target].nick
    channel = visible_channel(hub.state, uid, name)
    return prefix + channel.name if channel else target
