"""What becomes of a channel as people go: whether it ends with the last of them, or stays."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from xchat.chat import effects
from xchat.chat.apply.step import Step
from xchat.chat.entities import Channel
from xchat.limits import CHANNELS_EMPTY_MAX


def is_bare(channel: Channel) -> bool:
    """Say whether there is nothing about a channel to be kept, or to be kept closed."""
    bare = Channel(cid=channel.cid, name=channel.name, created=channel.created)
    return replace(channel, invited=(), emptied=0) == bare


def is_forsaken(channel: Channel) -> bool:
    """Say whether a channel ends when its last member leaves.

    One in which something was said stays, with its modes and its history, for
    those whom the modes let in. One that is by invitation ends: nobody is left
    who could invite, and nobody may read it under another life of its name. A
    registered one is its founder's, and stays.
    """
    return not channel.founder and (not channel.spoken or "i" in channel.flags)


def leave(
    step: Step, folded: str, uid: str, *, is_over: Callable[[Channel], bool] = is_forsaken
) -> None:
    """Take a user out of a channel, and decide what becomes of an empty one."""
    state = step.state
    state.drop_member(folded, uid)
    step.effects.append(effects.Left(uid, folded))
    end_or_rest(step, folded, is_over=is_over)


def end_or_rest(
    step: Step, folded: str, *, is_over: Callable[[Channel], bool] = is_forsaken
) -> None:
    """End a channel in which nobody is, or keep it; one that somebody is in goes on."""
    if step.state.members[folded]:
        return
    if is_over(step.state.channels[folded]):
        step.state.drop_channel(folded)
    else:
        _let_rest(step, folded)


def _let_rest(step: Step, folded: str) -> None:
    """Keep a channel in which nobody is; of too many the one left longest ago ends."""
    state, channel = step.state, step.state.channels[folded]
    state.put_channel(replace(channel, emptied=0 if channel.founder else step.seq))
    if len(state.empty) > CHANNELS_EMPTY_MAX:
        state.drop_channel(next(iter(state.empty)))
