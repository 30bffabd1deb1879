"""What operators of the server do: they become it, part with users, tell all, change hosts."""

from __future__ import annotations

from msgspec.structs import replace

from xchat.chat import effects
from xchat.chat.apply.departure import depart
from xchat.chat.apply.promotion import set_operator
from xchat.chat.apply.sight import around, is_unseen, witnesses
from xchat.chat.apply.step import Step, actor
from xchat.chat.entities import User
from xchat.chat.events import HostChanged, OperatorGranted, UserKilled, WallopsSent
from xchat.chat.lines import Line
from xchat.chat.modes import ROLES, WALLOPS
from xchat.chat.operators import KILL, need_privilege
from xchat.chat.operators import WALLOPS as TELL_ALL
from xchat.chat.refused import Refused
from xchat.chat.state import State
from xchat.irc import names
from xchat.irc.capabilities import CHGHOST, EXTENDED_JOIN
from xchat.irc.numerics import ERR_NOSUCHNICK

CHANGING = "Changing host"
"""Why a user seems to leave, to those who do not know CHGHOST."""


def check_here(state: State, event: OperatorGranted | HostChanged) -> None:
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


# -- IRCv3 chghost ----------------------------------------------------------------------------


def host_changed(step: Step, event: HostChanged) -> None:
    """Show a user with another host; to those without chghost they leave and come back."""
    old = step.state.users[event.uid]
    new = replace(old, user=event.user, host=event.host)
    if new == old:
        return
    step.state.put_user(new)
    (channels, also), watched = around(step.state, old.uid), names.fold(old.nick)
    line = step.line(old, "CHGHOST", event.user, event.host)
    left = step.line(old, "QUIT", CHANGING)
    step.effects += (
        effects.ToUser(old.uid, line, CHGHOST),
        effects.ToNeighbours(channels, old.uid, line, CHGHOST, watched, also=also),
        effects.ToNeighbours(channels, old.uid, left, lack=CHGHOST, also=also),
    )
    for folded in step.state.joined[old.uid]:
        unseen = is_unseen(step.state, folded, old.uid)
        also = witnesses(step.state, folded, old.uid) if unseen else ()
        where = () if unseen else (folded,)
        for again in _come_back(step, new, folded):
            effect = effects.ToNeighbours(where, old.uid, again, lack=CHGHOST, also=also)
            step.effects.append(effect)


def _come_back(step: Step, user: User, folded: str) -> list[Line]:
    """Return what shows a user, and the roles they have, in a channel again."""
    channel, roles = step.state.channels[folded], step.state.members[folded][user.uid]
    account = step.account_name(user) or "*"
    join = replace(
        step.line(user, "JOIN", channel.name),
        richer_need=EXTENDED_JOIN,
        richer=(channel.name, account, user.realname),
    )
    letters = "".join(role.letter for role in ROLES if roles & role.bit)
    if not letters:
        return [join]
    nicks = [user.nick] * len(letters)
    return [join, step.line(user, "MODE", channel.name, f"+{letters}", *nicks)]
