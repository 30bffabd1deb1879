"""Who is connected: session list, kill; and words for all of them: broadcast."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from xchat.chat.admin.acting import act
from xchat.chat.admin.arguments import BroadcastText, Nothing, SessionKill
from xchat.chat.admin.operation import Operation
from xchat.chat.admin.shapes import SessionRow, SessionsKilled, Told
from xchat.chat.events import Broadcast, SessionsEnded
from xchat.chat.refused import Failed
from xchat.chat.session import Session
from xchat.chat.text import clean

if TYPE_CHECKING:
    from xchat.chat.hub import Hub


def list_(hub: Hub, operation: Operation, _asked: Nothing) -> None:
    """List all connections to this server, those who have said nothing too."""
    operation.rows = _rows(hub)


def _rows(hub: Hub) -> Iterator[SessionRow]:
    for session in list(hub.sessions.values()):
        if session.closing is None:
            yield _row(hub, session)


def _row(hub: Hub, session: Session) -> SessionRow:
    user = hub.state.users.get(session.uid) if session.registered else None
    account = hub.state.accounts.get(user.account if user else session.claim.account)
    device = hub.devices.get(session.certificate)
    return SessionRow(
        session=session.sid,
        nick=user.nick if user else None,
        account=account.name if account else None,
        address=session.address,
        idle_seconds=int(hub.now - session.said),
        cert=session.certificate or None,
        device=device.name if device else None,
    )


def kill(hub: Hub, operation: Operation, asked: SessionKill) -> None:
    """Part with one session, or with all of a nick; a user who is always present stays."""
    sids = _sids_of(hub, asked.target)
    given = clean(asked.reason, hub.limits.kick_bytes_max)
    reason = f"Closed by the administration: {given}" if given else "Closed by the administration"
    event = SessionsEnded(sids=sids, reason=reason)
    what = f"{asked.target} ({', '.join(sids)}): {given}"
    act(hub, operation, what, event, partial(SessionsKilled, sessions=len(sids)))


def _sids_of(hub: Hub, target: str) -> tuple[str, ...]:
    if target in hub.sessions:
        return (target,)
    user = hub.state.user_by_nick(target)
    sids = tuple(session.sid for session in user.sessions) if user else ()
    if not sids:
        text = f"{target} is no session, and nobody of that nick is connected"
        raise Failed("SESSION_UNKNOWN", target, text=text)
    return sids


def broadcast(hub: Hub, operation: Operation, asked: BroadcastText) -> None:
    """Tell everyone who is here something, in the server's name."""
    text = clean(asked.text, hub.limits.topic_bytes_max)
    if not text.strip():
        raise Failed("NO_TEXT", text="There is nothing to tell")
    users = sum(1 for user in hub.state.users.values() if user.sessions)
    act(hub, operation, text, Broadcast(text=text), partial(Told, users=users))
