"""What becomes of the host that a user is shown with (IRCv3 chghost)."""

from __future__ import annotations

from msgspec.structs import replace

from xchat.chat import effects
from xchat.chat.apply.sight import around, is_unseen, witnesses
from xchat.chat.apply.step import Step, actor
from xchat.chat.entities import User
from xchat.chat.events import HostChanged
from xchat.chat.lines import Line, join_of
from xchat.chat.modes import ROLES
from xchat.chat.state import State
from xchat.irc import names
from xchat.irc.capabilities import CHGHOST

CHANGING = "Changing host"
"""Why a user seems to leave, to those who do not know CHGHOST."""


def check_host(state: State, event: HostChanged) -> None:
    """Whoever is gone is shown nowhere."""
    actor(state, event.uid)


def host_changed(step: Step, event: HostChanged) -> None:
    """Show a user with another user name and host."""
    show(step, step.state.users[event.uid], event.user, event.host)


def show(step: Step, old: User, user: str, host: str) -> None:
    """Show a user with another host; to those without chghost they leave and come back."""
    new = replace(old, user=user, host=host)
    if new == old:
        return
    step.state.put_user(new)
    (channels, also), watched = around(step.state, old.uid), names.fold(old.nick)
    line = step.line(old, "CHGHOST", user, host)
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
    join = join_of(user, channel.name, step.account_name(user), step.ts, step.msgid)
    letters = "".join(role.letter for role in ROLES if roles & role.bit)
    if not letters:
        return [join]
    nicks = [user.nick] * len(letters)
    return [join, step.line(user, "MODE", channel.name, f"+{letters}", *nicks)]
