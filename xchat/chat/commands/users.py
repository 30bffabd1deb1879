"""What users say of themselves: AWAY SETNAME."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xchat.chat.events import AwayChanged, RealnameChanged
from xchat.chat.refused import Failed
from xchat.chat.session import Request
from xchat.chat.text import clean
from xchat.irc.display import clean_text

if TYPE_CHECKING:
    from xchat.chat.hub import Hub


def away(hub: Hub, request: Request) -> None:
    """AWAY [<message>]: away with one, back without."""
    given = request.params[0] if request.params else ""
    message = clean(given, hub.limits.away_bytes_max) or None
    hub.append(request, AwayChanged(uid=request.session.uid, message=message))


def setname(hub: Hub, request: Request) -> None:
    """SETNAME <real name> (IRCv3 setname)."""
    realname = clean_text(request.params[0])
    too_long = len(realname.encode()) > hub.limits.realname_bytes_max
    if not realname.strip() or too_long:
        most = hub.limits.realname_bytes_max
        raise Failed("INVALID_REALNAME", text=f"A real name has from 1 to {most} bytes")
    hub.append(request, RealnameChanged(uid=request.session.uid, realname=realname))
