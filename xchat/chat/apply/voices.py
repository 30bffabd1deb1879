"""Messages in another's name: who may say them, and what their source is.

A name with a `/` is that of somebody on another network, for whom a bot speaks
(IRCv3 draft/relaymsg); `*name*` is a character of a game, and `=Scene=` its
narrator. No nick holds any of these signs, so nobody is mistaken for a user; who
really speaks stands in the source as the user name.
"""

from __future__ import annotations

from msgspec.structs import replace

from xchat.chat.apply.ranks import need_member
from xchat.chat.entities import Channel, User
from xchat.chat.lines import Line
from xchat.chat.modes import Rank, rank_of
from xchat.chat.refused import Failed, Refused
from xchat.chat.state import State
from xchat.irc.numerics import ERR_CANNOTSENDRP

SEPARATOR = "/"
SCENE = "=Scene="
RELAY_HOST, CHARACTER_HOST = "relayed", "character"


def character(name: str) -> str:
    """Return the voice of a character."""
    return f"*{name}*"


def is_character(voice: str) -> bool:
    """Say whether a voice is one of a game: whoever speaks so hears it too."""
    return voice.startswith(("*", "="))


def check_voice(state: State, channel: Channel, uid: str, voice: str) -> None:
    """Let operators of a channel relay, and members speak as characters under +E."""
    _, roles = need_member(state, uid, channel.name)
    if not is_character(voice):
        if rank_of(roles) < Rank.OPERATOR:
            raise Failed("PRIVS_NEEDED", text="Only operators of the channel relay messages to it")
    elif "E" not in channel.flags:
        raise Refused(ERR_CANNOTSENDRP, channel.name)


def source_of(user: User, voice: str) -> str:
    """Return the source of what a user says in another's name."""
    host = CHARACTER_HOST if is_character(voice) else RELAY_HOST
    return f"{voice}!{user.nick}@{host}"


def in_voice(line: Line, user: User, voice: str) -> Line:
    """Return what a user says as it is told: not as theirs."""
    return replace(line, source=source_of(user, voice), account="", bot=False)
