"""AWAY (modern.ircdocs.horse), before registration too (IRCv3 draft/pre-away).

A user with several devices is here while somebody sits at one of them: away
is who has said so at all, and what was said last of all is why.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from xchat.chat.events import AwayChanged
from xchat.chat.refused import Refused
from xchat.chat.session import Request, Session
from xchat.chat.text import clean
from xchat.irc.capabilities import PRE_AWAY
from xchat.irc.numerics import ERR_NOTREGISTERED, RPL_NOWAWAY, RPL_UNAWAY

if TYPE_CHECKING:
    from xchat.chat.hub import Hub

NOT_HERE = "*"
"""Of a connection that a client made by itself: it counts for nobody's presence (pre-away)."""


def away(hub: Hub, request: Request) -> None:
    """AWAY [<message>]: away with one, back without."""
    session = request.session
    if not session.registered and not session.caps & PRE_AWAY:
        raise Refused(ERR_NOTREGISTERED)
    given = request.params[0] if request.params else ""
    message = clean(given, hub.limits.away_bytes_max) or None
    _say_last(hub, session, message)
    if session.registered:
        together = _presence(hub, session.uid)
        hub.append(request, replace(together, device_is_away=message is not None))
    else:
        hub.reply(request, RPL_NOWAWAY if message else RPL_UNAWAY)


def _say_last(hub: Hub, session: Session, message: str | None) -> None:
    """Set what a device says, behind what the user's others say."""
    session.away = message
    own = hub.fanout.sessions.get(session.uid, [])
    if session in own:
        own.remove(session)
        own.append(session)


def agree(hub: Hub, uid: str) -> None:
    """Let a user whose devices have come or gone be away or here as those there are say."""
    if hub.fanout.sessions.get(uid):
        hub.ledger.append_own(uid, _presence(hub, uid))


def _presence(hub: Hub, uid: str) -> AwayChanged:
    said = [session.away for session in hub.fanout.sessions[uid]]
    if None in said:
        return AwayChanged(uid=uid, message=None)
    message = next((why for why in reversed(said) if why != NOT_HERE), NOT_HERE)
    return AwayChanged(uid=uid, message=message)
