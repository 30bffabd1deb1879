"""What operators of the server do: they become it, part with users, tell all, change hosts."""

from __future__ import annotations

from xchat.chat import effects
from xchat.chat.apply.departure import depart
from xchat.chat.apply.promotion import set_operator
from xchat.chat.apply.step import Step, actor
from xchat.chat.events import OperatorGranted, UserKilled, WallopsSent
from xchat.chat.modes import WALLOPS
from xchat.chat.operators import KILL, need_privilege
from xchat.chat.operators import WALLOPS as TELL_ALL
from xchat.chat.refused import Refused
from xchat.chat.state import State
from xchat.irc.numerics import ERR_NOSUCHNICK


def check_here(state: State, event: OperatorGranted) -> None:
    """Whoever is gone becomes nothing any more."""
    actor(state, event.uid)


def granted(step: Step, event: OperatorGranted) -> None:
    """Let a user be an operator, and tell them."""
    set_operator(step, step.state.users[event.uid], event.role)


def check_killed(state: State, event: UserKilled) -> None:
    """Only an operator parts with others, and only with who is here."""
    if event.uid:
        need_privilege(state, event.uid, KILL)
    if event.target not in state.users:
        raise Refused(ERR_NOSUCHNICK, "*")


def killed(step: Step, event: UserKilled) -> None:
    """Tell the target who has parted with them, and all who share a channel that they are gone."""
    target, killer = step.state.users[event.target], step.state.users.get(event.uid)
    if killer is not None:
        line = step.line(killer, "KILL", target.nick, event.reason)
        step.effects.append(effects.ToUser(target.uid, line))
    by = killer.nick if killer else "the server"
    depart(step, target.uid, f"Killed ({by} ({event.reason}))")


def check_wallops(state: State, event: WallopsSent) -> None:
    """Only an operator tells all."""
    need_privilege(state, event.uid, TELL_ALL)


def wallops_sent(step: Step, event: WallopsSent) -> None:
    """Tell all who have user mode w, and the operator who said it."""
    state = step.state
    user = state.users[event.uid]
    hearers = tuple(uid for uid, one in state.users.items() if WALLOPS in one.modes or one is user)
    step.effects.append(effects.ToUsers(hearers, step.line(user, "WALLOPS", event.text)))
