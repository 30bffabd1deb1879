"""RENAME of a channel, and what its members are told of it (IRCv3 draft/channel-rename)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xchat.chat import effects, events, naming
from xchat.chat.commands import reception
from xchat.chat.entities import User
from xchat.chat.lines import Line, join_of
from xchat.chat.modes import SEES_ALL, rank_of
from xchat.chat.refused import Failed
from xchat.chat.session import News, Request, Session
from xchat.chat.text import clean
from xchat.irc import names
from xchat.irc.capabilities import CHANNEL_RENAME
from xchat.irc.message import Message
from xchat.limits import LINE_BYTES_MAX

if TYPE_CHECKING:
    from xchat.chat.hub import Hub


def rename(hub: Hub, request: Request) -> None:
    """RENAME <channel> <new name> [<reason>]."""
    old, new = request.params[:2]
    try:
        naming.check_channel(hub.config, new)
    except names.BadName as bad:
        raise Failed("CANNOT_RENAME", old, new, text=bad.why) from bad
    room = _reason_room(hub, request, old, new)
    if room < 0:
        raise Failed("CANNOT_RENAME", old, new, text="Both names do not fit in one line")
    given = request.params[2] if len(request.params) > 2 else ""
    uid, reason = request.session.uid, clean(given, room)
    event = events.ChannelRenamed(uid=uid, channel=old, name=new, reason=reason)
    hub.append(request, event)


def _reason_room(hub: Hub, request: Request, old: str, new: str) -> int:
    """Return how many bytes a reason may have, so that nobody is told less of it."""
    channel = hub.state.channel(old)
    shown = channel.name if channel else old
    prefix = hub.state.users[request.session.uid].prefix
    head = f":{prefix} RENAME {shown} {new} :\r\n"
    return min(LINE_BYTES_MAX - len(head.encode()), hub.limits.kick_bytes_max)


def renamed(hub: Hub, effect: effects.Renamed, request: Request | None) -> None:
    """Tell every device in the channel: RENAME, or PART and JOIN where it knows no RENAME.

    Those are not told of a change in case alone.
    """
    hub.fanout.rename(effect.old, effect.new)
    for user, _ in effect.members:
        for session in hub.fanout.sessions.get(user.uid, ()):
            if not hub.fanout.hears(session, effect.new):
                continue  # a device that has yet to be told of the channel is told its new name
            if session.caps & CHANNEL_RENAME:
                hub.fanout.tell(session, effect.line, request)
            elif effect.old != effect.new:
                _part_and_join(hub, session, user, effect, request)


def _part_and_join(
    hub: Hub, session: Session, user: User, effect: effects.Renamed, request: Request | None
) -> None:
    old, new, reason = effect.line.params
    account = hub.state.account_name(user.uid)
    part = Line(user.prefix, "PART", (old, reason) if reason else (old,), effect.line.ts)
    join = join_of(user, new, account, effect.line.ts)
    for line in (part, join):
        hub.fanout.tell(session, line, request)
    asks = request is not None and session is request.session
    answer = request if asks and request is not None else News(session, Message(""), hub.name)
    entry = effects.Entered(user.uid, effect.new, effect.channel, join, _seen(effect, user))
    reception.entered(hub, answer, entry)
    if not asks:
        answer.finish()


def _seen(effect: effects.Renamed, viewer: User) -> tuple[tuple[User, int], ...]:
    """Return the members whom one of them sees, themselves included (+u)."""
    own = next(roles for user, roles in effect.members if user.uid == viewer.uid)
    if "u" not in effect.channel.flags or rank_of(own) >= SEES_ALL:
        return effect.members
    return tuple((user, roles) for user, roles in effect.members if roles or user == viewer)
