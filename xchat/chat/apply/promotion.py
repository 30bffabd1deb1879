"""Who is an operator by their account: a role makes one, whichever way they have logged in."""

from __future__ import annotations

from msgspec.structs import replace

from xchat.chat import effects
from xchat.chat.apply.step import Step
from xchat.chat.entities import User
from xchat.chat.modes import OPER
from xchat.chat.operators import ROLES
from xchat.irc.numerics import RPL_YOUREOPER


def promote(step: Step, uid: str) -> None:
    """Let a user be what the role of their account makes them, and tell them."""
    user = step.state.users[uid]
    account = step.state.accounts.get(user.account)
    if account is not None and account.role in ROLES:
        set_operator(step, user, account.role)


def set_operator(step: Step, user: User, role: str) -> None:
    """Let a user be an operator with a role: who asked is answered, their devices see the mode."""
    modes = "".join(sorted({*user.modes, OPER}))
    step.state.put_user(replace(user, modes=modes, role=role))
    step.effects.append(effects.Answer(RPL_YOUREOPER))
    if OPER not in user.modes:
        line = step.line(user, "MODE", user.nick, f"+{OPER}")
        step.effects.append(effects.ToUser(user.uid, line))


def demote(step: Step, uid: str) -> None:
    """Let a user be no operator any more."""
    user = step.state.users[uid]
    if OPER in user.modes:
        step.state.put_user(replace(user, modes=user.modes.replace(OPER, ""), role=""))
        line = step.line(user, "MODE", user.nick, f"-{OPER}")
        step.effects.append(effects.ToUser(uid, line))
