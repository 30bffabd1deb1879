"""Saying something in another's name: RELAYMSG, and NPC, NPCA and SCENE for games."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xchat.chat.apply.sight import visible_channel
from xchat.chat.apply.voices import SCENE, SEPARATOR, character, is_character, source_of
from xchat.chat.commands.saying import client_tags
from xchat.chat.events import MessageSent
from xchat.chat.lines import RELAYED
from xchat.chat.refused import Failed, Refused
from xchat.chat.session import Request
from xchat.irc import display
from xchat.irc.numerics import ERR_INPUTTOOLONG, ERR_NOSUCHCHANNEL, ERR_NOTEXTTOSEND
from xchat.limits import LINE_BYTES_MAX, NICK_BYTES_MAX

if TYPE_CHECKING:
    from xchat.chat.hub import Hub

_RESERVED = frozenset("!+%@&#$:'\"?*,.=~")
"""What no nick of another network may hold: what stands for something in a line, or in a list."""


def relaymsg(hub: Hub, request: Request) -> None:
    """RELAYMSG <channel> <nick> <text>: what somebody says on another network (draft/relaymsg)."""
    channel, nick, text = request.params[:3]
    if SEPARATOR not in nick or not _is_name(nick):
        words = f"A nick that is relayed holds a {SEPARATOR}, and no sign that names or masks use"
        raise Failed("INVALID_NICK", text=words)
    _say(hub, request, channel, nick, text)


def npc(hub: Hub, request: Request) -> None:
    """NPC <channel> <name> <text>: a character says something."""
    channel, name, *words = request.params
    _say(hub, request, channel, _need_character(name), " ".join(words))


def npca(hub: Hub, request: Request) -> None:
    """NPCA <channel> <name> <text>: a character does something."""
    channel, name, *words = request.params
    _say(hub, request, channel, _need_character(name), f"\x01ACTION {' '.join(words)}\x01")


def scene(hub: Hub, request: Request) -> None:
    """SCENE <channel> <text>: what the narrator says."""
    channel, *words = request.params
    _say(hub, request, channel, SCENE, " ".join(words))


def _need_character(name: str) -> str:
    if not _is_name(name) or SEPARATOR in name:
        raise Failed(
            "INVALID_NICK", text="A character's name holds no sign that names or masks use"
        )
    return character(name)


def _is_name(name: str) -> bool:
    """Say whether a name can stand in a line, and nothing of it is lost on a screen."""
    fits = 0 < len(name.encode()) <= NICK_BYTES_MAX
    is_safe = _RESERVED.isdisjoint(name) and not any(map(str.isspace, name))
    return fits and is_safe and display.visible(name) == name


def _say(hub: Hub, request: Request, name: str, voice: str, text: str) -> None:
    uid = request.session.uid
    channel = visible_channel(hub.state, uid, name)
    if channel is None:
        raise Refused(ERR_NOSUCHCHANNEL, name)
    if not text:
        raise Refused(ERR_NOTEXTTOSEND)
    source = source_of(hub.state.users[uid], voice)
    more = len(f":{source} PRIVMSG {channel.name} :{text}\r\n".encode()) - LINE_BYTES_MAX
    if more > 0:
        raise Refused(ERR_INPUTTOOLONG, text=f"Not sent: it is {more} bytes too long for a line")
    relayed = {} if is_character(voice) else {RELAYED: hub.nick_of(request.session)}
    tags = {**client_tags(request), **relayed}
    event = MessageSent(
        uid=uid, command="PRIVMSG", target=channel.name, text=text, tags=tags, voice=voice
    )
    hub.append(request, event)
    request.session.said = hub.now
