"""MARKREAD (IRCv3 draft/read-marker): how far a user has read, the same on all their devices."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xchat.chat.commands.references import parse_time
from xchat.chat.effects import Read
from xchat.chat.events import MarkedRead
from xchat.chat.lines import Line, format_time
from xchat.chat.refused import Failed
from xchat.chat.session import Request, Session
from xchat.irc import names
from xchat.irc.capabilities import READ_MARKER

if TYPE_CHECKING:
    from xchat.chat.hub import Hub

_KIND = "timestamp="


def markread(hub: Hub, request: Request) -> None:
    """MARKREAD <target> [timestamp=<time>]: say how far, or ask."""
    if not request.params or not request.params[0]:
        raise Failed("NEED_MORE_PARAMS", text="Missing parameters: MARKREAD <target> [timestamp=]")
    target, *rest = request.params
    _check_target(target)
    if not rest:
        request.put(_marker(hub, request.session, target))
        return
    kind, sign, value = rest[0].partition("=")
    ts = parse_time(value) if f"{kind}{sign}" == _KIND else None
    if ts is None:
        text = "A time is written timestamp=YYYY-MM-DDThh:mm:ss.sssZ"
        raise Failed("INVALID_PARAMS", target, rest[0], text=text)
    hub.append(request, MarkedRead(uid=request.session.uid, target=target, ts=ts))


def _check_target(target: str) -> None:
    try:
        names.fold(target)
    except names.BadName as bad:
        raise Failed("INVALID_PARAMS", target, text=bad.why) from bad


def say_marker(hub: Hub, request: Request, channel: str) -> None:
    """Tell a client that knows of markers how far its user has read a channel it has joined."""
    if request.session.caps & READ_MARKER:
        request.put(_marker(hub, request.session, channel))


def _marker(hub: Hub, session: Session, target: str) -> Line:
    user = hub.state.users[session.uid]
    return _line(hub, target, hub.state.read.get(user.party, {}).get(names.fold(target)))


def _line(hub: Hub, target: str, ts: int | None) -> Line:
    when = "*" if ts is None else f"{_KIND}{format_time(ts)}"
    return Line(hub.name, "MARKREAD", (target, when), hub.now_ms)


def read(hub: Hub, effect: Read, request: Request | None) -> None:
    """Answer who marked, and tell the user's other devices what is new."""
    line = _line(hub, effect.target, effect.ts)
    if request is not None:
        request.put(line)
    for session in hub.fanout.sessions.get(effect.uid, ()) if effect.is_new else ():
        is_origin = request is not None and session is request.session
        if session.caps & READ_MARKER and not is_origin:
            aside = hub.aside(session)
            aside.put(line)
            aside.finish()
            hub.fanout.touch(session)
