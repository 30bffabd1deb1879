"""What becomes of users whose connections end: they go, or stay while nobody is attached."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from xchat.chat import effects
from xchat.chat.apply.emptying import is_bare, is_forsaken, leave
from xchat.chat.apply.sight import around
from xchat.chat.apply.step import Step, actor
from xchat.chat.apply.users import set_away
from xchat.chat.entities import Channel, User
from xchat.chat.events import (
    NodeStarted,
    SessionDetached,
    UserQuit,
)
from xchat.chat.refused import Ignored
from xchat.chat.state import State

DETACHED = "Not connected; what you write waits"
"""The away message of who is always present, and not connected."""


def check_attached(state: State, event: SessionDetached) -> None:
    """Let only a session that is attached be detached."""
    user = actor(state, event.uid)
    if not any(session.sid == event.sid for session in user.sessions):
        raise Ignored


def session_detached(step: Step, event: SessionDetached) -> None:
    """Detach a device; with the last one the user goes, if they are not always present."""
    user = step.state.users[event.uid]
    rest = tuple(session for session in user.sessions if session.sid != event.sid)
    if rest:
        step.state.put_user(replace(user, sessions=rest))
    elif is_always_present(step.state, user):
        _detach(step, user)
    else:
        depart(step, event.uid, event.reason)


def _detach(step: Step, user: User) -> None:
    """Let a user be here while nobody is attached; whoever writes to them is told so."""
    if not user.detached:
        user = replace(user, detached=step.ts, detached_at=step.seq)
    step.state.put_user(replace(user, sessions=()))
    set_away(step, user, DETACHED)


def is_always_present(state: State, user: User) -> bool:
    """Say whether a user stays while nobody is attached: under a nick that is their account's."""
    account = state.accounts.get(user.account)
    if account is None or state.nick_owner(user.nick) != account:
        return False
    return user.stays if account.always_present is None else account.always_present


def quit_(step: Step, event: UserQuit) -> None:
    """Let a user go, everywhere at once."""
    depart(step, event.uid, event.reason)


def node_started(step: Step, event: NodeStarted) -> None:
    """Detach all sessions of a server, which ended with its last run.

    Whose last it was did not leave of their own: what was closed behind them
    stays closed, or the next to come would be let into it, and be its operator.
    """
    for _, user in sorted(step.state.users.items()):  # a state rebuilt has another order
        rest = tuple(session for session in user.sessions if session.node != event.node)
        if rest == user.sessions and (rest or user.node != event.node):
            continue
        if rest:
            step.state.put_user(replace(user, sessions=rest))
        elif is_always_present(step.state, user):
            _detach(step, user)
        else:
            depart(step, user.uid, "The server was restarted", is_over=is_bare)


def depart(
    step: Step, uid: str, reason: str, *, is_over: Callable[[Channel], bool] = is_forsaken
) -> None:
    """Tell those who share a channel with a user, and remove the user."""
    state = step.state
    user = state.users[uid]
    channels, also = around(state, uid)
    line = step.line(user, "QUIT", reason)
    step.effects.append(effects.ToNeighbours(channels, uid, line, also=also))
    for folded in sorted(state.joined[uid]):  # a state rebuilt has another order
        leave(step, folded, uid, is_over=is_over)
    state.drop_user(uid)
    forget_markers(state, uid)
    step.effects += (effects.NickLeft(user, step.ts), effects.Gone(user, reason))


def forget_markers(state: State, party: str) -> None:
    """Forget how far a party that is no more has read."""
    for target in list(state.read.get(party, ())):
        state.put_read(party, target, None)
