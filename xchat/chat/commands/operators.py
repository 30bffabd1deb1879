"""What operators of the server type: OPER KILL WALLOPS REHASH."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from xchat.chat.apply.administration import CHAT, name_of
from xchat.chat.commands.each import need_user
from xchat.chat.events import Administered, OperatorGranted, UserKilled, WallopsSent
from xchat.chat.lines import Line
from xchat.chat.operators import ADMIN, KILL, REHASH, need_privilege
from xchat.chat.passwords import NO_HASH, verify
from xchat.chat.refused import Failed, Refused
from xchat.chat.session import Request
from xchat.chat.text import clean
from xchat.config import Config
from xchat.errors import ConfigError
from xchat.irc.names import fold_text
from xchat.irc.numerics import (
    ERR_CANTKILLSERVER,
    ERR_NOOPERHOST,
    ERR_NOTEXTTOSEND,
    ERR_PASSWDMISMATCH,
    RPL_REHASHING,
)

if TYPE_CHECKING:
    from xchat.chat.hub import Hub

_WRONG = "There is no such operator, or this is not the password"
_NO_REASON = "no reason given"


def oper(hub: Hub, request: Request) -> None:
    """OPER <name> <password>: become an operator; which of the two is off stays unsaid."""
    name, password = (*request.params, "")[:2]
    if not hub.config.operators:
        raise Refused(ERR_NOOPERHOST)
    why = hub.attempts.begin_login(request.session, hub.now)
    if why is not None:
        raise Refused(ERR_PASSWDMISMATCH, text=why)
    known = {operator.name: operator.password_hash for operator in hub.config.operators}
    check = partial(verify, known.get(name, NO_HASH), password)
    hub.work(request, check, partial(_oper, hub, request, name))


def _oper(hub: Hub, request: Request, name: str, is_right: bool) -> None:
    """Go on once the password was compared."""
    if not is_right:
        hub.attempts.failed(request.session)
        raise Refused(ERR_NOOPERHOST, text=_WRONG)
    hub.attempts.logged_in(request.session)
    hub.append(request, OperatorGranted(uid=request.session.uid, name=name, role=ADMIN))


def kill(hub: Hub, request: Request) -> None:
    """KILL <nick> [<reason>]: part with a user."""
    uid = request.session.uid
    need_privilege(hub.state, uid, KILL)
    if fold_text(request.params[0]) == hub.name.lower():
        raise Refused(ERR_CANTKILLSERVER)
    target = need_user(hub, request.params[0])
    given = request.params[1] if len(request.params) > 1 else ""
    reason = clean(given, hub.limits.kick_bytes_max) or _NO_REASON
    hub.append(request, UserKilled(uid=uid, target=target.uid, reason=reason))


def wallops(hub: Hub, request: Request) -> None:
    """WALLOPS <text>: tell all who have user mode w."""
    text = request.params[0]
    if not text:
        raise Refused(ERR_NOTEXTTOSEND)
    hub.append(request, WallopsSent(uid=request.session.uid, text=text))


def rehash(hub: Hub, request: Request) -> None:
    """REHASH: read the configuration again; what changes with the next start only, is named."""
    need_privilege(hub.state, request.session.uid, REHASH)
    if hub.reload is None:
        raise Failed("NO_CONFIGURATION", text="This server reads no configuration")
    hub.reply(request, RPL_REHASHING, hub.config_name)
    hub.work(request, hub.reload, partial(_rehashed, hub, request))


def _rehashed(hub: Hub, request: Request, read: Config | ConfigError) -> None:
    """Go on once it was read: all of it counts, or nothing of it."""
    if isinstance(read, ConfigError):
        raise Failed("INVALID_CONFIGURATION", text=f"Nothing has changed: {read.what}")
    operator = need_privilege(hub.state, request.session.uid, REHASH)
    who = name_of(hub.state, operator.uid)
    later = hub.configure(read)
    hub.append(request, Administered(who=who, act="REHASH", what=hub.config_name, via=CHAT))
    text = "The configuration was read again"
    if later:
        text = f"{text}; with the next start only: {', '.join(later)}"
    nick = hub.nick_of(request.session)
    request.put(Line(hub.name, "NOTICE", (nick, text), hub.now_ms))
