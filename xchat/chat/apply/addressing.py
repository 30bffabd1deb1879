"""Who may say something to a user: modes R and T, and whom one has accepted all the same."""

from __future__ import annotations

from msgspec.structs import replace

from xchat.chat.apply.step import Step, actor
from xchat.chat.entities import User
from xchat.chat.events import MessageSent, TypingNotified, UserAccepted
from xchat.chat.modes import LOGGED_IN_ONLY, NO_CTCP
from xchat.chat.multiline import lines_of
from xchat.chat.refused import Ignored, Refused
from xchat.chat.state import State
from xchat.irc.numerics import ERR_CANNOTSENDTOUSER, ERR_NEEDREGGEDNICK, ERR_NOSUCHNICK
from xchat.limits import ACCEPTS_MAX

_CTCP, _ACTION = "\x01", "\x01ACTION "


def check_may_address(state: State, user: User, event: MessageSent | TypingNotified) -> None:
    """Refuse what the modes of a user keep from them."""
    target = state.users.get(event.target)
    if target is None:
        raise Refused(ERR_NOSUCHNICK, "*")
    if target.uid == user.uid:
        return
    if LOGGED_IN_ONLY in target.modes and not (user.account or user.uid in target.accepted):
        raise Refused(ERR_NEEDREGGEDNICK, target.nick, text="You must be logged in to talk to them")
    if NO_CTCP in target.modes and is_ctcp(event):
        raise Refused(ERR_CANNOTSENDTOUSER, target.nick, text="They want no CTCP (mode T)")


def is_ctcp(event: MessageSent | TypingNotified) -> bool:
    """Say whether a message asks a program for something, and is not to be read (ACTION is)."""
    text = (event.text if isinstance(event, MessageSent) else None) or ""
    lines = (line for line, _ in lines_of(text))
    return any(line.startswith(_CTCP) and not line.startswith(_ACTION) for line in lines)


def check_accepted(state: State, event: UserAccepted) -> None:
    """Only who is here is accepted, or not any more, and nobody twice."""
    user = actor(state, event.uid)
    if event.target not in state.users or (event.target in user.accepted) is event.accepted:
        raise Ignored


def accepted(step: Step, event: UserAccepted) -> None:
    """Let somebody through, or not any more; past the bound the first one is not any more."""
    accept(step, step.state.users[event.uid], event.target, is_accepted=event.accepted)


def accept(step: Step, user: User, uid: str, *, is_accepted: bool = True) -> None:
    """Put somebody last on a user's list, or take them off it; who is gone is on none."""
    state = step.state
    others = [one for one in user.accepted if one != uid and one in state.users]
    wanted = (*others[1 - ACCEPTS_MAX :], uid) if is_accepted else tuple(others)
    state.put_user(replace(user, accepted=wanted))


def expect_answer(step: Step, user: User, uid: str) -> None:
    """Let whom a user with mode R addresses answer them."""
    target = step.state.users.get(uid)
    if target is None or target.account or LOGGED_IN_ONLY not in user.modes:
        return
    if uid not in user.accepted and uid != user.uid:
        accept(step, user, uid)
