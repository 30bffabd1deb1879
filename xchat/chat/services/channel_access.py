"""ChanServ: who is what in a channel, whenever they enter or now; and whom it lets in again."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from xchat.chat.apply.bans import meant_by
from xchat.chat.apply.sight import is_member
from xchat.chat.commands.each import need_user
from xchat.chat.entities import Channel
from xchat.chat.events import (
    AccessChanged,
    Event,
    ModeChange,
    ModesChanged,
    StandingClaimed,
)
from xchat.chat.refused import Failed
from xchat.chat.services.channel import do, name_of, need_channel, stands
from xchat.chat.services.service import Misused, need_account, say
from xchat.chat.session import Request
from xchat.irc import names

if TYPE_CHECKING:
    from xchat.chat.hub import Hub


ROLE_NAMES = {"q": "founder", "a": "admin", "o": "op", "h": "halfop", "v": "voice"}
_LETTERS = {name: letter for letter, name in ROLE_NAMES.items()} | {one: one for one in "aohv"}


def access(hub: Hub, request: Request, words: list[str]) -> None:
    """ACCESS <channel> LIST | ADD <account> <role> | DEL <account>."""
    channel, act = need_channel(hub, request, words[0]), words[1].upper() if words[1:] else "LIST"
    if act == "LIST" and len(words) <= 2:
        _list(hub, request, channel)
    elif act == "ADD" and len(words) == 4:
        _give(hub, request, channel, words[2], _role(words[3]))
    elif act == "DEL" and len(words) == 3:
        _give(hub, request, channel, words[2], "")
    else:
        raise Misused


def amode(hub: Hub, request: Request, words: list[str]) -> None:
    """AMODE <channel> [+o | -o <account>]: the same as ACCESS, as a mode is written."""
    channel = need_channel(hub, request, words[0])
    if len(words) == 1:
        _list(hub, request, channel)
        return
    if len(words) == 2 or words[1][0] not in "+-":
        raise Misused
    letter = _role(words[1][1:])
    _give(hub, request, channel, words[2], letter if words[1][0] == "+" else "")


def _role(word: str) -> str:
    letter = _LETTERS.get(word.lower())
    if letter is None or letter == "q":
        raise Failed("UNKNOWN_ROLE", text="A role is admin, op, halfop or voice")
    return letter


def _list(hub: Hub, request: Request, channel: Channel) -> None:
    if not stands(hub, request.session.uid, channel):
        text = f"Only those with a role in {channel.name} see who has one"
        raise Failed("PRIVILEGES_NEEDED", text=text)
    rows = (f"{name_of(hub, one.aid)}: {ROLE_NAMES[one.letter]}" for one in channel.access)
    say(hub, request, f"{name_of(hub, channel.founder)}: founder", *rows)


def _give(hub: Hub, request: Request, channel: Channel, name: str, letter: str) -> None:
    account = need_account(hub, name)
    event = AccessChanged(
        channel=channel.name,
        aid=account.aid,
        letter=letter,
        uid=request.session.uid,
        entries_max=hub.limits.access_per_channel_max,
    )
    what = f"is {ROLE_NAMES[letter]}" if letter else "has no role"
    do(hub, request, event, f"{account.name} {what} in {channel.name}")


def role_verb(sign: str, letter: str) -> Callable[[Hub, Request, list[str]], None]:
    """Return the handler of OP, DEOP and the like: a MODE; of one's own standing, a claim."""

    def handler(hub: Hub, request: Request, words: list[str]) -> None:
        channel, uid = need_channel(hub, request, words[0]), request.session.uid
        target = need_user(hub, words[1]).uid if words[1:] else uid
        event: Event
        if target == uid and sign == "+":
            event = StandingClaimed(uid=uid, channel=channel.name)
        else:
            changes = (ModeChange(sign, letter, target),)
            event = ModesChanged(uid=uid, channel=channel.name, changes=changes)
        if not is_member(hub.state, target, channel):
            raise Failed(
                "NOT_THERE", text=f"{hub.state.users[target].nick} is not in {channel.name}"
            )
        do(hub, request, event, f"Done: {sign}{letter} in {channel.name}")

    return handler


def unban(hub: Hub, request: Request, words: list[str]) -> None:
    """UNBAN <channel> [nick | mask]: whatever ban of the channel means them, or is that mask."""
    channel = need_channel(hub, request, words[0])
    wanted = words[1] if words[1:] else hub.nick_of(request.session)
    user = hub.state.user_by_nick(wanted)
    meant = meant_by(hub.state, channel.bans, user) if user else []
    alike = [ban for ban in channel.bans if names.fold_text(ban.mask) == names.fold_text(wanted)]
    found = list(dict.fromkeys(ban.mask for ban in (*meant, *alike)))
    if not found:
        raise Failed("NOTHING_TO_DO", text=f"No ban of {channel.name} means {wanted}")
    changes = tuple(ModeChange("-", "b", mask) for mask in found)
    event = ModesChanged(uid=request.session.uid, channel=channel.name, changes=changes)
    do(hub, request, event, f"Lifted: {', '.join(found)}")
