"""What becomes of users: they come, change their names, and go."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from xchat.chat import effects
from xchat.chat.apply.step import Step, actor
from xchat.chat.entities import Channel, User
from xchat.chat.events import (
    AwayChanged,
    NickChanged,
    NodeStarted,
    RealnameChanged,
    UserModesChanged,
    UserQuit,
    UserRegistered,
)
from xchat.chat.lines import Line
from xchat.chat.refused import Refused
from xchat.chat.state import State
from xchat.irc import names
from xchat.irc.capabilities import AWAY_NOTIFY, SETNAME
from xchat.irc.numerics import ERR_NICKNAMEINUSE, RPL_NOWAWAY, RPL_UNAWAY
from xchat.limits import CHANNELS_EMPTY_MAX


def check_nick_free(state: State, nick: str, uid: str) -> None:
    """Refuse a nick that somebody holds, or that looks like one somebody holds."""
    holder = state.nick_taken(nick, uid)
    if holder is None:
        return
    if names.fold(holder.nick) == names.fold(nick):
        raise Refused(ERR_NICKNAMEINUSE, nick)
    raise Refused(
        ERR_NICKNAMEINUSE, nick, text=f"Nickname looks like {holder.nick}, who is here already"
    )


def check_registered(state: State, event: UserRegistered) -> None:
    """Two claims on one nick: the first in the log wins."""
    check_nick_free(state, event.nick, event.uid)


def registered(step: Step, event: UserRegistered) -> None:
    """Let a user in."""
    user = User(
        uid=event.uid,
        node=event.node,
        nick=event.nick,
        user=event.user,
        host=event.host,
        realname=event.realname,
        since=step.ts,
    )
    step.state.put_user(user)
    step.effects += (effects.Welcomed(user), effects.NickTaken(user, step.ts))


def check_known(
    state: State, event: UserQuit | RealnameChanged | UserModesChanged | AwayChanged
) -> None:
    """Whoever is gone does nothing any more."""
    actor(state, event.uid)


def quit_(step: Step, event: UserQuit) -> None:
    """Let a user go, everywhere at once."""
    depart(step, event.uid, event.reason)


def node_started(step: Step, event: NodeStarted) -> None:
    """Let all users of a server go whose connections ended with its last run.

    They did not leave of their own: what was closed behind them stays closed,
    or the next to come would be let into it, and be its operator.
    """
    for user in [user for user in step.state.users.values() if user.node == event.node]:
        depart(step, user.uid, "The server was restarted", is_over=_is_bare)


def _is_bare(channel: Channel) -> bool:
    """Say whether there is nothing about a channel to be kept, or to be kept closed."""
    bare = Channel(cid=channel.cid, name=channel.name, created=channel.created)
    return replace(channel, invited=(), emptied=0) == bare


def _is_forsaken(channel: Channel) -> bool:
    """Say whether a channel ends when its last member leaves.

    One in which something was said stays, with its modes and its history, for
    those whom the modes let in. One that is by invitation ends: nobody is left
    who could invite, and nobody may read it under another life of its name.
    """
    return not channel.spoken or "i" in channel.flags


def depart(
    step: Step, uid: str, reason: str, *, is_over: Callable[[Channel], bool] = _is_forsaken
) -> None:
    """Tell those who share a channel with a user, and remove the user."""
    state = step.state
    user = state.users[uid]
    channels = tuple(state.joined[uid])
    line = step.line(user.prefix, "QUIT", reason)
    step.effects.append(effects.ToNeighbours(channels, uid, line))
    for folded in channels:
        leave(step, folded, uid, is_over=is_over)
    state.drop_user(uid)
    step.effects += (effects.NickLeft(user, step.ts), effects.Gone(uid, reason))


def leave(
    step: Step, folded: str, uid: str, *, is_over: Callable[[Channel], bool] = _is_forsaken
) -> None:
    """Take a user out of a channel, and decide what becomes of an empty one."""
    state = step.state
    state.drop_member(folded, uid)
    step.effects.append(effects.Left(uid, folded))
    if state.members[folded]:
        return
    channel = state.channels[folded]
    if is_over(channel):
        state.drop_channel(folded)
        return
    state.put_channel(replace(channel, emptied=step.seq))
    if len(state.empty) > CHANNELS_EMPTY_MAX:
        state.drop_channel(next(iter(state.empty)))


def check_nick_changed(state: State, event: NickChanged) -> None:
    """Two claims on one nick: the first in the log wins."""
    actor(state, event.uid)
    check_nick_free(state, event.nick, event.uid)


def nick_changed(step: Step, event: NickChanged) -> None:
    """Tell the user and those who share a channel with them."""
    old = step.state.users[event.uid]
    new = replace(old, nick=event.nick)
    step.state.put_user(new)
    channels = tuple(step.state.joined[event.uid])
    line = step.line(old.prefix, "NICK", event.nick)
    step.effects.append(effects.ToUser(event.uid, line))
    step.effects.append(effects.ToNeighbours(channels, event.uid, line))
    if names.fold(old.nick) != names.fold(new.nick):
        step.effects += (effects.NickLeft(old, step.ts), effects.NickTaken(new, step.ts))


def realname_changed(step: Step, event: RealnameChanged) -> None:
    """IRCv3 setname: sent to clients with the capability, the user's own among them."""
    user = step.state.users[event.uid]
    step.state.put_user(replace(user, realname=event.realname))
    line = step.line(user.prefix, "SETNAME", event.realname)
    step.effects.append(effects.ToUser(user.uid, line, SETNAME))
    tell_around(step, user, line, SETNAME)


def user_modes_changed(step: Step, event: UserModesChanged) -> None:
    """Set the user's modes to exactly these, and tell them what changed."""
    user = step.state.users[event.uid]
    added = "".join(letter for letter in event.modes if letter not in user.modes)
    removed = "".join(letter for letter in user.modes if letter not in event.modes)
    if not added and not removed:
        return
    step.state.put_user(replace(user, modes=event.modes))
    change = (f"+{added}" if added else "") + (f"-{removed}" if removed else "")
    line = step.line(user.prefix, "MODE", user.nick, change)
    step.effects.append(effects.ToUser(event.uid, line))


def away_changed(step: Step, event: AwayChanged) -> None:
    """IRCv3 away-notify: those who share a channel hear of it."""
    user, away = step.state.users[event.uid], step.state.away
    step.effects.append(effects.Answer(RPL_NOWAWAY if event.message else RPL_UNAWAY))
    if away.get(event.uid) == event.message:
        return
    step.state.put_away(event.uid, event.message)
    params = (event.message,) if event.message else ()
    line = step.line(user.prefix, "AWAY", *params)
    tell_around(step, user, line, AWAY_NOTIFY)


def tell_around(step: Step, user: User, line: Line, need: int) -> None:
    """Tell those who share a channel with a user, and those who watch them, what they changed."""
    channels, watched = tuple(step.state.joined[user.uid]), names.fold(user.nick)
    step.effects.append(effects.ToNeighbours(channels, user.uid, line, need, watched))
