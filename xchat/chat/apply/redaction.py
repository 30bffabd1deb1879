"""What becomes of a message that is taken back (IRCv3 draft/message-redaction)."""

from __future__ import annotations

from xchat.chat import effects
from xchat.chat.apply.playback import row_of
from xchat.chat.apply.step import Step, actor, seq_of
from xchat.chat.entities import User
from xchat.chat.events import MessageRedacted
from xchat.chat.modes import Rank, rank_of
from xchat.chat.operators import REDACT, may
from xchat.chat.refused import Failed
from xchat.chat.state import State
from xchat.irc import names
from xchat.irc.capabilities import MESSAGE_REDACTION

REDACTS = Rank.HALFOP
"""The rank it takes to take back what others said in a channel."""


def check_redacted(state: State, event: MessageRedacted) -> None:
    """Let authors take back what is theirs, and those who keep order in a channel anything."""
    user = actor(state, event.uid)
    if names.is_channel(event.target):
        allowed = _check_channel(state, event, user)
    else:
        allowed = user.party in event.history.split("&") and user.party == event.author
    if not allowed:
        text = "You are not authorised to delete this message"
        raise Failed("REDACT_FORBIDDEN", event.target, event.msgid, text=text)


def _check_channel(state: State, event: MessageRedacted, user: User) -> bool:
    channel = state.channel(event.target)
    roles = state.roles(names.fold(event.target), event.uid)
    if may(user, REDACT) and channel is not None and channel.cid == event.history:
        return True
    if channel is None or channel.cid != event.history or roles is None:
        raise invalid_target(event.target)
    return user.party == event.author or rank_of(roles) >= REDACTS


def invalid_target(target: str) -> Failed:
    """Return the refusal of a target that one has no messages in."""
    return Failed("INVALID_TARGET", target, text=f"You cannot delete messages from {target}")


def redacted(step: Step, event: MessageRedacted) -> None:
    """Let the store erase the message, and tell those who know what it means."""
    user = step.state.users[event.uid]
    reason = () if event.reason is None else (event.reason,)
    line = step.line(user, "REDACT", event.target, event.msgid, *reason)
    step.erase(seq_of(step.log_id, event.msgid) or 0, event.history)
    step.history.append(row_of(event.history, step.seq, line, user.party))
    if names.is_channel(event.target):
        folded = names.fold(event.target)
        step.effects.append(effects.ChannelMessage(folded, line, MESSAGE_REDACTION))
    else:
        other = _partner(step.state, event.history, user)
        message = effects.UserMessage(other, line, MESSAGE_REDACTION, user.uid)
        step.effects.append(message)


def _partner(state: State, history: str, user: User) -> str:
    """Return the uid of the other end of a conversation, or nothing while they are not here."""
    one, _, other = history.partition("&")
    party = other if one == user.party else one
    here = (uid for uid, who in sorted(state.users.items()) if who.party == party)
    return next(here, "")
