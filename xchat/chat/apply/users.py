"""What users say of themselves: their real name, their modes, that they are away."""

from __future__ import annotations

from msgspec.structs import replace

from xchat.chat import effects
from xchat.chat.apply.sight import around
from xchat.chat.apply.step import Step, actor
from xchat.chat.entities import User
from xchat.chat.events import (
    AwayChanged,
    RealnameChanged,
    UserModesChanged,
    UserQuit,
)
from xchat.chat.lines import Line
from xchat.chat.modes import OPER
from xchat.chat.state import State
from xchat.irc import names
from xchat.irc.capabilities import AWAY_NOTIFY, SETNAME
from xchat.irc.numerics import (
    RPL_NOWAWAY,
    RPL_UNAWAY,
)


def check_known(
    state: State, event: UserQuit | RealnameChanged | UserModesChanged | AwayChanged
) -> None:
    """Whoever is gone does nothing any more."""
    actor(state, event.uid)


def realname_changed(step: Step, event: RealnameChanged) -> None:
    """IRCv3 setname: sent to clients with the capability, the user's own among them."""
    user = step.state.users[event.uid]
    step.state.put_user(replace(user, realname=event.realname))
    line = step.line(user, "SETNAME", event.realname)
    step.effects.append(effects.ToUser(user.uid, line, SETNAME))
    tell_around(step, user, line, SETNAME)


def user_modes_changed(step: Step, event: UserModesChanged) -> None:
    """Set the user's modes to these, but for operator, and tell them what changed."""
    user = step.state.users[event.uid]
    modes = "".join(letter for letter in event.modes if letter != OPER or OPER in user.modes)
    added = "".join(letter for letter in modes if letter not in user.modes)
    removed = "".join(letter for letter in user.modes if letter not in modes)
    if not added and not removed:
        return
    step.state.put_user(replace(user, modes=modes, role=user.role if OPER in modes else ""))
    change = (f"+{added}" if added else "") + (f"-{removed}" if removed else "")
    line = step.line(user, "MODE", user.nick, change)
    step.effects.append(effects.ToUser(event.uid, line))


def away_changed(step: Step, event: AwayChanged) -> None:
    """IRCv3 away-notify: those who share a channel hear of it."""
    step.effects.append(effects.Answer(RPL_NOWAWAY if event.device_is_away else RPL_UNAWAY))
    set_away(step, step.state.users[event.uid], event.message)


def set_away(step: Step, user: User, message: str | None) -> None:
    """Let a user be away or back, and tell who is to know; nothing where that is so already."""
    if step.state.away.get(user.uid) == message:
        return
    step.state.put_away(user.uid, message)
    params = (message,) if message else ()
    tell_around(step, user, step.line(user, "AWAY", *params), AWAY_NOTIFY)


def tell_around(step: Step, user: User, line: Line, need: int) -> None:
    """Tell those who share a channel with a user, and those who watch them, what they changed."""
    (channels, also), watched = around(step.state, user.uid), names.fold(user.nick)
    effect = effects.ToNeighbours(channels, user.uid, line, need, watched, also=also)
    step.effects.append(effect)
