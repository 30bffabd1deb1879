"""MODE of oneself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xchat.chat import events
from xchat.chat.commands.each import need_user
from xchat.chat.modes import OPER, USER_MODES, signed_letters
from xchat.chat.refused import Refused
from xchat.chat.session import Request
from xchat.irc.numerics import ERR_UMODEUNKNOWNFLAG, ERR_USERSDONTMATCH, RPL_UMODEIS

if TYPE_CHECKING:
    from xchat.chat.hub import Hub


def user_mode(hub: Hub, request: Request) -> None:
    """MODE <nick> [<modes>]: see or change one's own."""
    uid = request.session.uid
    if need_user(hub, request.params[0]).uid != uid:
        raise Refused(ERR_USERSDONTMATCH)
    user = hub.state.users[uid]
    if len(request.params) == 1:
        hub.reply(request, RPL_UMODEIS, f"+{user.modes}")
        return
    modes, unknown = set(user.modes), False
    for sign, letter in signed_letters(request.params[1]):
        if letter not in USER_MODES:
            unknown = True
        elif letter == OPER and sign == "+":
            pass  # OPER gives it; MODE only takes it away
        elif sign == "+":
            modes.add(letter)
        else:
            modes.discard(letter)
    changed = "".join(sorted(modes))
    if changed != user.modes:
        hub.append(request, events.UserModesChanged(uid=uid, modes=changed))
    if unknown:
        hub.reply(request, ERR_UMODEUNKNOWNFLAG)
