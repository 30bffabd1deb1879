"""What becomes of messages: they are kept, and told to those they are for."""

from __future__ import annotations

from msgspec.structs import replace

from xchat.chat import effects
from xchat.chat.apply.bans import is_silenced
from xchat.chat.apply.playback import row_of
from xchat.chat.apply.sight import visible_channel
from xchat.chat.apply.step import Step, actor, direct_target
from xchat.chat.entities import Channel, User
from xchat.chat.events import MessageSent, TypingNotified
from xchat.chat.lines import Line
from xchat.chat.modes import LOGGED_IN_ONLY
from xchat.chat.refused import Ignored, Refused
from xchat.chat.state import State
from xchat.irc import names
from xchat.irc.capabilities import MESSAGE_TAGS
from xchat.irc.numerics import (
    ERR_CANNOTSENDTOCHAN,
    ERR_NEEDREGGEDNICK,
    ERR_NOSUCHCHANNEL,
    ERR_NOSUCHNICK,
)

_CTCP, _ACTION = "\x01", "\x01ACTION "


def check_message(state: State, event: MessageSent | TypingNotified) -> None:
    """Refuse what may not be said here, or to somebody who is not there.

    A NOTICE is never answered (RFC 2812, 3.3.2).
    """
    try:
        _check_target(state, event)
    except Refused:
        if isinstance(event, MessageSent) and event.command == "NOTICE":
            raise Ignored from None
        raise


def _check_target(state: State, event: MessageSent | TypingNotified) -> None:
    user = actor(state, event.uid)
    if names.is_channel(event.target):
        channel = visible_channel(state, event.uid, event.target)
        if channel is None:
            raise Refused(ERR_NOSUCHCHANNEL, event.target)
        check_may_speak(state, channel, user)
        _check_text(channel, event)
    else:
        _check_may_address(state, user, event.target)


def _check_may_address(state: State, user: User, uid: str) -> None:
    """User mode R: only those who are logged in may say something to this user."""
    target = state.users.get(uid)
    if target is None:
        raise Refused(ERR_NOSUCHNICK, "*")
    if LOGGED_IN_ONLY in target.modes and not user.account and target is not user:
        raise Refused(ERR_NEEDREGGEDNICK, target.nick, text="You must be logged in to talk to them")


def check_may_speak(state: State, channel: Channel, user: User) -> None:
    """+n: members only; +m: roles only; +M: the logged in; a ban silences who has no role."""
    roles = state.roles(names.fold(channel.name), user.uid)
    if roles is None:
        if "n" in channel.flags:
            raise _silenced(channel, "n", "you are not in it")
        if channel.key or not {"i", "R"}.isdisjoint(channel.flags):
            raise _silenced(channel, "n", "you are not in it, and it is closed to others")
    if roles:
        return
    if "m" in channel.flags:
        raise _silenced(channel, "m", "only those with a voice speak here")
    if "M" in channel.flags and not state.account_name(user.uid):
        raise _silenced(channel, "M", "only those who are logged in or have a voice speak here")
    if is_silenced(state, channel, user):
        raise _silenced(channel, "b", "you are banned from it")


def _check_text(channel: Channel, event: MessageSent | TypingNotified) -> None:
    """+C: no CTCP but what is meant to be read, ACTION."""
    text = (event.text if isinstance(event, MessageSent) else None) or ""
    if "C" in channel.flags and text.startswith(_CTCP) and not text.startswith(_ACTION):
        raise _silenced(channel, "C", "no CTCP is passed on here")


def _silenced(channel: Channel, mode: str, why: str) -> Refused:
    return Refused(
        ERR_CANNOTSENDTOCHAN, channel.name, text=f"Cannot send to channel (+{mode}): {why}"
    )


def message_sent(step: Step, event: MessageSent) -> None:
    """Keep a message in the history of its target, and tell it.

    Of one that was erased since nothing is kept, and nobody is told.
    """
    state = step.state
    user = state.users[event.uid]
    if names.is_channel(event.target):
        folded = names.fold(event.target)
        channel = state.channels[folded]
        if not channel.spoken and event.command != "TAGMSG":
            state.put_channel(replace(channel, spoken=True))
        target, shown = channel.cid, channel.name
    else:
        other = state.users[event.target]
        target, shown = direct_target(user.party, other.party), other.nick
    if event.text is None and not event.tags:
        return
    params = (shown,) if event.text is None else (shown, event.text)
    line = step.line(user, event.command, *params, tags=event.tags)
    step.history.append(row_of(target, step.seq, line, user.party))
    _tell(step, event.target, line, user.uid)


def typing_notified(step: Step, event: TypingNotified) -> None:
    """Tell what is not kept to those who are there."""
    state = step.state
    shown = (
        state.channels[names.fold(event.target)].name
        if names.is_channel(event.target)
        else state.users[event.target].nick
    )
    line = step.line(state.users[event.uid], "TAGMSG", shown, tags=event.tags)
    _tell(step, event.target, line, event.uid)


def _tell(step: Step, target: str, line: Line, sender: str) -> None:
    need = MESSAGE_TAGS if line.command == "TAGMSG" else 0
    if names.is_channel(target):
        step.effects.append(effects.ChannelMessage(names.fold(target), line, need))
    else:
        step.effects.append(effects.UserMessage(target, line, need, sender))
