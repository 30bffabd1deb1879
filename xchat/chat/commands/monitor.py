"""MONITOR (IRCv3 monitor): be told when a nick comes and goes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from xchat.chat.commands.each import split
from xchat.chat.refused import Failed, Refused
from xchat.chat.session import Request
from xchat.chat.text import cut, rows
from xchat.irc import names
from xchat.irc.numerics import (
    ERR_MONLISTFULL,
    ERR_NEEDMOREPARAMS,
    RPL_ENDOFMONLIST,
    RPL_MONLIST,
    RPL_MONOFFLINE,
    RPL_MONONLINE,
    Numeric,
)
from xchat.limits import NICK_BYTES_MAX

if TYPE_CHECKING:
    from xchat.chat.hub import Hub


def monitor(hub: Hub, request: Request) -> None:
    """MONITOR <+ | - | C | L | S> [<target>{,<target>}]: hand each to its function."""
    act = _ACTS.get(request.params[0].upper())
    if act is None:
        raise Failed("INVALID_PARAMS", request.params[0], text="MONITOR takes one of + - C L S")
    act(hub, request)


def _targets(request: Request) -> list[str]:
    if len(request.params) < 2:
        raise Refused(ERR_NEEDMOREPARAMS, "MONITOR")
    return split(request.params[1])


def _add(hub: Hub, request: Request) -> None:
    """Watch nicks; what cannot be a nick is told to be offline, and is not watched."""
    watched, most = hub.fanout.monitor, hub.limits.monitor_max
    asked = _targets(request)
    taken: list[str] = []
    for nick in asked:
        folded = _fold(nick)
        if folded is not None and not watched.add(request.session, folded, nick, most):
            _say_full(hub, request, asked[len(taken) :])
            break
        taken.append(nick)
    _say_status(hub, request, taken)


def _fold(nick: str) -> str | None:
    """Return the folded form of what is a nick of any length that is taken, or None."""
    try:
        return names.check_nick(nick, NICK_BYTES_MAX)
    except names.BadName:
        return None


def _say_full(hub: Hub, request: Request, rest: Sequence[str]) -> None:
    most = str(hub.limits.monitor_max)
    words = ERR_MONLISTFULL.text or ""
    room = hub.row_bytes(request, most) - len(f" :{words}")
    for row in rows((cut(nick, room) for nick in rest), room, ","):
        hub.reply(request, ERR_MONLISTFULL, most, row)


def _say_status(hub: Hub, request: Request, nicks: Sequence[str]) -> None:
    """Tell which of these are here, with their hosts, and which are not."""
    found = {nick: hub.state.user_by_nick(nick) for nick in nicks}
    online = [user.prefix for user in found.values() if user]
    offline = [cut(nick, NICK_BYTES_MAX) for nick, user in found.items() if user is None]
    _list_in_rows(hub, request, RPL_MONONLINE, online)
    _list_in_rows(hub, request, RPL_MONOFFLINE, offline)


def _list_in_rows(hub: Hub, request: Request, numeric: Numeric, words: Sequence[str]) -> None:
    for row in rows(words, hub.row_bytes(request), ","):
        hub.reply(request, numeric, text=row)


def _remove(hub: Hub, request: Request) -> None:
    for nick in _targets(request):
        folded = _fold(nick)
        if folded is not None:
            hub.fanout.monitor.remove(request.session, folded)


def _clear(hub: Hub, request: Request) -> None:
    hub.fanout.monitor.forget(request.session)


def _list(hub: Hub, request: Request) -> None:
    _list_in_rows(hub, request, RPL_MONLIST, hub.fanout.monitor.targets(request.session))
    hub.reply(request, RPL_ENDOFMONLIST)


def _status(hub: Hub, request: Request) -> None:
    _say_status(hub, request, hub.fanout.monitor.targets(request.session))


_ACTS: dict[str, Callable[[Hub, Request], None]] = {
    "+": _add,
    "-": _remove,
    "C": _clear,
    "L": _list,
    "S": _status,
}
