"""WHO and its extended form, WHOX (IRCv3 whox): who is in a channel, or whom a mask matches."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import msgspec

from xchat.chat import operators
from xchat.chat.apply.sight import meets, seen_members, visible_channel
from xchat.chat.entities import User
from xchat.chat.lines import Line
from xchat.chat.modes import BOT, OPER, prefix_of
from xchat.chat.session import Request
from xchat.irc import names
from xchat.irc.capabilities import MULTI_PREFIX
from xchat.irc.masks import Mask, compile_mask
from xchat.irc.numerics import RPL_ENDOFWHO, RPL_WHOREPLY, RPL_WHOSPCRPL

if TYPE_CHECKING:
    from xchat.chat.hub import Hub

_TOKEN = re.compile("[0-9]{1,3}")
_NO_TOKEN = "0"  # noqa: S105 - what is said back where nothing was given
_HOPS = "0"
_NO_LEVEL = "n/a"


class Question(msgspec.Struct, frozen=True):
    """What a WHO asks: of operators alone, and of WHOX which fields (None: it is no WHOX)."""

    mask: str
    opers: bool = False
    fields: str | None = None
    token: str = _NO_TOKEN


class Found(msgspec.Struct, frozen=True):
    """One who is found, where, and with which roles there."""

    user: User
    channel: str = "*"
    roles: int = 0


def who(hub: Hub, request: Request) -> Iterator[None]:
    """WHO [<mask> [o][%<fields>[,<token>]]]: of a channel, a nick, or a mask."""
    question = _question(request.params)
    find = _in_channel if names.is_channel(question.mask) else _by_mask
    for found in find(hub, request, question):
        if found is not None and (OPER in found.user.modes or not question.opers):
            _say(hub, request, question, found)
        yield
    hub.reply(request, RPL_ENDOFWHO, question.mask)


def _question(params: tuple[str, ...]) -> Question:
    mask = params[0] if params else "*"
    flags, percent, rest = (params[1] if len(params) > 1 else "").partition("%")
    if not percent:
        return Question(mask, "o" in flags)
    fields, _, token = rest.partition(",")
    if not _TOKEN.fullmatch(token):
        token = _NO_TOKEN
    return Question(mask, "o" in flags, fields, token)


def _in_channel(hub: Hub, request: Request, question: Question) -> Iterator[Found | None]:
    uid = request.session.uid
    channel = visible_channel(hub.state, uid, question.mask)
    if channel is None:
        return
    folded = names.fold(channel.name)
    sees_all = _sees_all(hub, uid)
    inside = uid in hub.state.members[folded] or sees_all
    members = hub.state.members[folded].items()
    for member, _ in list(members) if sees_all else seen_members(hub.state, folded, uid):
        roles = hub.state.roles(folded, member)
        if roles is None:
            continue
        user = hub.state.users[member]
        if inside or "i" not in user.modes:
            yield Found(user, channel.name, roles)


def _by_mask(hub: Hub, request: Request, question: Question) -> Iterator[Found | None]:
    """Find who has this nick; nobody having it, whom the mask matches."""
    one = hub.state.user_by_nick(question.mask)
    if one is not None:
        yield Found(one)
        return
    mask = compile_mask(question.mask if question.mask != "0" else "*")
    for uid in list(hub.state.users):
        user = hub.state.users.get(uid)
        yield Found(user) if user is not None and _matches(hub, request, user, mask) else None


def _matches(hub: Hub, request: Request, user: User, mask: Mask) -> bool:
    return is_in_sight(hub, request, user) and any(
        map(mask.matches, (user.nick, user.user, user.host, user.realname, user.prefix))
    )


def is_in_sight(hub: Hub, request: Request, user: User) -> bool:
    """Say whether a user is found without being named: +i hides from who shares no channel."""
    uid = request.session.uid
    if "i" not in user.modes or uid == user.uid or _sees_all(hub, uid):
        return True
    return meets(hub.state, uid, user.uid)


def _sees_all(hub: Hub, uid: str) -> bool:
    return operators.may(hub.state.users[uid], operators.SIGHT)


def _say(hub: Hub, request: Request, question: Question, found: Found) -> None:
    if question.fields is not None:
        _say_fields(hub, request, question, found)
        return
    user = found.user
    hub.reply(
        request,
        RPL_WHOREPLY,
        found.channel,
        user.user,
        user.host,
        hub.name,
        user.nick,
        _flags(hub, request, found),
        text=f"{_HOPS} {user.realname}",
    )


def _flags(hub: Hub, request: Request, found: Found) -> str:
    """Return `H` or `G` (gone), then what is so of `*` operator, the roles, and `B` bot."""
    away = "G" if found.user.uid in hub.state.away else "H"
    oper = "*" if OPER in found.user.modes else ""
    roles = prefix_of(found.roles, every=bool(request.session.caps & MULTI_PREFIX))
    return f"{away}{oper}{roles}{BOT if BOT in found.user.modes else ''}"


# -- WHOX -------------------------------------------------------------------------------------


def _say_fields(hub: Hub, request: Request, question: Question, found: Found) -> None:
    wanted = question.fields or ""
    params = [
        question.token if letter == "t" else field(hub, request, found)
        for letter, field in _FIELDS.items()
        if letter in wanted
    ]
    nick = hub.nick_of(request.session)
    request.put(Line(hub.name, RPL_WHOSPCRPL.code, (nick, *params), hub.now_ms))


_Field = Callable[["Hub", Request, Found], str]
_FIELDS: dict[str, _Field] = {
    "t": lambda _hub, _request, _found: "0",
    "c": lambda _hub, _request, found: found.channel,
    "u": lambda _hub, _request, found: found.user.user,
    "i": lambda hub, request, found: address_of(hub, request, found.user),
    "h": lambda _hub, _request, found: found.user.host,
    "s": lambda hub, _request, _found: hub.name,
    "n": lambda _hub, _request, found: found.user.nick,
    "f": _flags,
    "d": lambda _hub, _request, _found: _HOPS,
    "l": lambda hub, _request, found: str(idle_of(hub, found.user) or 0),
    "a": lambda hub, _request, found: hub.state.account_name(found.user.uid) or "0",
    "o": lambda _hub, _request, _found: _NO_LEVEL,
    "r": lambda _hub, _request, found: found.user.realname,
}
"""The fields in the order in which they are told; `d` and `o` are of older documents."""

HIDDEN_ADDRESS = "255.255.255.255"
"""What is told where an address is not (IRCv3 whox)."""


def address_of(hub: Hub, request: Request, user: User) -> str:
    """Return where a user comes from, to those who may know what another host hides."""
    sessions = hub.fanout.sessions.get(user.uid, ())
    address = next((session.address for session in sessions), user.host)
    asker = request.session.uid
    may_know = address == user.host or asker == user.uid or _sees_all(hub, asker)
    return address if may_know else HIDDEN_ADDRESS


def idle_of(hub: Hub, user: User) -> int | None:
    """Return for how many seconds a user has said nothing; None where nobody is there to."""
    sessions = hub.fanout.sessions.get(user.uid, ())
    return min((int(hub.now - session.said) for session in sessions), default=None)
