"""What users say of themselves: SETNAME."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xchat.chat.events import RealnameChanged
from xchat.chat.refused import Failed
from xchat.chat.session import Request
from xchat.irc.display import clean_text

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
