"""What becomes of messages: they are kept, and told to those they are for."""

from __future__ import annotations

from typing import NamedTuple

from msgspec.structs import replace

from xchat.chat import effects
from xchat.chat.apply.addressing import check_may_address, expect_answer, is_ctcp
from xchat.chat.apply.bans import is_silenced
from xchat.chat.apply.playback import row_of
from xchat.chat.apply.ranks import need_member
from xchat.chat.apply.sight import visible_channel
from xchat.chat.apply.step import Step, actor, direct_target
from xchat.chat.apply.voices import check_voice, in_voice, is_character
from xchat.chat.entities import Channel, User
from xchat.chat.events import MessageSent, TypingNotified
from xchat.chat.lines import Line, spoken
from xchat.chat.modes import (
    HEARS_ALL,
    RANK_OF_PREFIX,
    Rank,
    rank_of,
    split_status,
)
from xchat.chat.refused import Ignored, Refused
from xchat.chat.state import State
from xchat.irc import names
from xchat.irc.capabilities import MESSAGE_TAGS
from xchat.irc.numerics import (
    ERR_CANNOTSENDTOCHAN,
    ERR_NOSUCHCHANNEL,
)


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
    prefix, name = split_status(event.target)
    if names.is_channel(name):
        channel = visible_channel(state, event.uid, name)
        if channel is None:
            raise Refused(ERR_NOSUCHCHANNEL, name)
        if prefix:
            need_member(state, event.uid, name)
        check_may_speak(state, channel, user)
        _check_text(channel, event)
        if isinstance(event, MessageSent) and event.voice:
            check_voice(state, channel, event.uid, event.voice)
    elif isinstance(event, MessageSent) and event.voice:
        raise Ignored  # in another's name one speaks to a channel
    else:
        check_may_address(state, user, event)


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
    if "C" in channel.flags and is_ctcp(event):
        raise _silenced(channel, "C", "no CTCP is passed on here")


def _silenced(channel: Channel, mode: str, why: str) -> Refused:
    return Refused(
        ERR_CANNOTSENDTOCHAN, channel.name, text=f"Cannot send to channel (+{mode}): {why}"
    )


def message_sent(step: Step, event: MessageSent) -> None:
    """Keep a message in the history of its target, and tell it.

    Of one that was erased since nothing is kept, and nobody is told. What is
    for some of a channel only is in no history, which all of it may read.
    """
    state = step.state
    user, target = state.users[event.uid], _target(state, event)
    if target.folded and not target.floor and event.command != "TAGMSG":
        channel = state.channels[target.folded]
        if not channel.spoken:
            state.put_channel(replace(channel, spoken=True))
    if event.text is None and not event.tags:
        return
    if not target.folded:
        expect_answer(step, user, event.target)
    params = (target.shown,) if event.text is None else (target.shown, event.text)
    line = step.line(user, event.command, *params, tags=event.tags)
    if event.voice:
        line = in_voice(line, user, event.voice)
    line = spoken(line)
    if not target.floor:
        step.history.append(row_of(target.history, step.seq, line, user.party))
    _tell(step, event, target, line)


def typing_notified(step: Step, event: TypingNotified) -> None:
    """Tell what is not kept to those who are there."""
    target = _target(step.state, event)
    line = step.line(step.state.users[event.uid], "TAGMSG", target.shown, tags=event.tags)
    _tell(step, event, target, line)


class _Target(NamedTuple):
    """Whom a message is for: a channel (`folded`), of it those from the rank `floor` on, or a user.

    `shown` is how it is addressed, `history` where it is kept.
    """

    shown: str
    history: str
    folded: str = ""
    floor: Rank = Rank.NONE


def _target(state: State, event: MessageSent | TypingNotified) -> _Target:
    prefix, name = split_status(event.target)
    if not names.is_channel(name):
        user, other = state.users[event.uid], state.users[event.target]
        return _Target(other.nick, direct_target(user.party, other.party))
    folded = names.fold(name)
    channel, rank = state.channels[folded], rank_of(state.roles(folded, event.uid) or 0)
    floor = RANK_OF_PREFIX[prefix] if prefix else Rank.NONE
    if "U" in channel.flags and not floor and rank == Rank.NONE:
        floor = HEARS_ALL
    return _Target(prefix + channel.name, channel.cid, folded, floor)


def _tell(step: Step, event: MessageSent | TypingNotified, target: _Target, line: Line) -> None:
    need = MESSAGE_TAGS if line.command == "TAGMSG" else 0
    if not target.folded:
        step.effects.append(effects.UserMessage(event.target, line, need, event.uid))
    elif not target.floor and isinstance(event, MessageSent) and is_character(event.voice):
        step.effects.append(effects.ToChannel(target.folded, line))
    elif not target.floor:
        step.effects.append(effects.ChannelMessage(target.folded, line, need))
    else:
        members = step.state.members[target.folded]
        uids = tuple(uid for uid, roles in members.items() if rank_of(roles) >= target.floor)
        step.effects.append(effects.SomeMessage(uids, line, need, event.uid))
