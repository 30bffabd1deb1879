"""What the hub does about effects that are more than a line for who is there.

Lines are the fan-out's (chat/fanout.py); what is told besides, and who begins or
ends by it, stands here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from xchat.chat import effects
from xchat.chat.admin import carrying
from xchat.chat.commands import accounts, away, markread, reception, renaming
from xchat.chat.metadata import telling
from xchat.chat.refused import Failed, Refused
from xchat.chat.session import News, Request
from xchat.irc.message import Message

if TYPE_CHECKING:
    from xchat.chat.hub import Hub


def carry_out(hub: Hub, effect: effects.Effect, request: Request | None) -> None:
    """Carry out one effect; `request` is what it answers, if that came from here."""
    outcome = OUTCOMES.get(type(effect))
    if outcome is not None:
        outcome(hub, effect, request)
    else:
        hub.fanout.carry_out(effect, request)


def _reply_effect(hub: Hub, effect: effects.Answer, request: Request | None) -> None:
    if request is not None and request.voice:
        hub.refuse(request, Refused(effect.numeric, *effect.params, text=effect.text))
    elif request is not None:
        hub.reply(request, effect.numeric, *effect.params, text=effect.text)


def _fail_effect(hub: Hub, effect: effects.Fail, request: Request | None) -> None:
    if request is not None:
        hub.refuse(request, Failed(effect.code, *effect.context, text=effect.text))


def _nick_left(hub: Hub, effect: effects.NickLeft, request: Request | None) -> None:
    hub.fanout.carry_out(effect, request)
    hub.whowas.add(effect.user, effect.ts)


def _gone(hub: Hub, effect: effects.Gone, _request: Request | None) -> None:
    for session in hub.fanout.gone(effect.user.uid):
        session.claim.nick = effect.user.nick
        hub.close(session, effect.reason)


def _entered(hub: Hub, effect: effects.Entered, request: Request | None) -> None:
    """Tell each device of who has entered what there is to know of the channel."""
    hub.fanout.carry_out(effect, request)
    origin = request.session if request is not None else None
    for session in hub.fanout.sessions.get(effect.uid, ()):
        if session is origin and request is not None:
            reception.entered(hub, request, effect)
        else:
            reception.entered(hub, News(session, Message(""), hub.name), effect)
            hub.fanout.touch(session)


def _welcome(
    hub: Hub, effect: effects.Welcomed | effects.SessionAttached, request: Request | None
) -> None:
    if request is None:
        return
    session, user = request.session, effect.user
    session.registered, session.uid = True, user.uid
    if session.closing is None:
        hub.fanout.welcome(user.uid, session)
    hub.users_most = max(hub.users_most, len(hub.state.users))
    if session.sid not in hub.sessions:  # it ended while the claim waited for the log
        hub.departures.add(session, session.closing or "Connection lost")
        return
    reception.welcome(hub, request, user)
    if session.away is not None or user.uid in hub.state.away:
        away.agree(hub, user.uid)
    if isinstance(effect, effects.SessionAttached):
        session.rejoining = reception.rejoin(hub, session, effect.detached_at)


OUTCOMES: dict[type[effects.Effect], Callable[[Hub, Any, Request | None], None]] = {
    effects.Answer: _reply_effect,
    effects.Fail: _fail_effect,
    effects.Welcomed: _welcome,
    effects.SessionAttached: _welcome,
    effects.Read: markread.read,
    effects.AccountMade: accounts.account_made,
    effects.LoggedIn: reception.logged_in,
    effects.NickLeft: _nick_left,
    effects.Gone: _gone,
    effects.Banned: carrying.banned,
    effects.ToAll: carrying.to_all,
    effects.SessionsClosed: carrying.sessions_closed,
    effects.Entered: _entered,
    effects.Renamed: renaming.renamed,
    effects.MetadataChanged: telling.changed,
}
