"""What users say of themselves: SETNAME."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xchat.chat.commands.each import each, need_user, split
from xchat.chat.events import RealnameChanged, UserAccepted
from xchat.chat.refused import Failed
from xchat.chat.session import Request
from xchat.chat.text import rows
from xchat.irc.display import clean_text
from xchat.irc.numerics import RPL_ACCEPTLIST, RPL_ENDOFACCEPT

if TYPE_CHECKING:
    from xchat.chat.hub import Hub


def setname(hub: Hub, request: Request) -> None:
    """SETNAME <real name> (IRCv3 setname)."""
    realname = clean_text(request.params[0])
    too_long = len(realname.encode()) > hub.limits.realname_bytes_max
    if not realname.strip() or too_long:
        most = hub.limits.realname_bytes_max
        raise Failed("INVALID_REALNAME", text=f"A real name has from 1 to {most} bytes")
    hub.append(request, RealnameChanged(uid=request.session.uid, realname=realname))


def accept(hub: Hub, request: Request) -> None:
    """ACCEPT [<nick>{,-<nick>}]: whom a user with mode R lets talk to them; without any, who is."""
    targets = split(request.params[0]) if request.params else ["*"]
    if targets == ["*"]:
        _say_accepted(hub, request)
    else:
        each(hub, request, targets, lambda word: _accept(hub, request, word))


def _accept(hub: Hub, request: Request, word: str) -> None:
    target = need_user(hub, word.removeprefix("-"))
    accepted = not word.startswith("-")
    uid = request.session.uid
    hub.append(request, UserAccepted(uid=uid, target=target.uid, accepted=accepted))


def _say_accepted(hub: Hub, request: Request) -> None:
    users = hub.state.users
    nicks = [users[uid].nick for uid in users[request.session.uid].accepted if uid in users]
    for row in rows(nicks, hub.row_bytes(request)):
        hub.reply(request, RPL_ACCEPTLIST, text=row)
    hub.reply(request, RPL_ENDOFACCEPT)
