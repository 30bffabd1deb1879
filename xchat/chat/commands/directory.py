"""Finding people: USERHOST ISON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xchat.chat.modes import OPER
from xchat.chat.session import Request
from xchat.chat.text import rows
from xchat.irc.numerics import (
    RPL_ISON,
    RPL_USERHOST,
)
from xchat.limits import USERHOST_NICKS_MAX

if TYPE_CHECKING:
    from xchat.chat.hub import Hub


def userhost(hub: Hub, request: Request) -> None:
    """USERHOST <nick> {<nick>}: five at most."""
    found = []
    for nick in request.params[:USERHOST_NICKS_MAX]:
        user = hub.state.user_by_nick(nick)
        if user is not None:
            oper = "*" if OPER in user.modes else ""
            sign = "-" if user.uid in hub.state.away else "+"
            found.append(f"{user.nick}{oper}={sign}{user.user}@{user.host}")
    hub.reply(request, RPL_USERHOST, text=" ".join(found))


def ison(hub: Hub, request: Request) -> None:
    """ISON <nick> {<nick>}: which of them are here."""
    asked = [nick for param in request.params for nick in param.split()]
    found = [user.nick for nick in asked if (user := hub.state.user_by_nick(nick))]
    hub.reply(request, RPL_ISON, text=next(rows(found, hub.row_bytes(request)), ""))
