"""What becomes of a channel that is called otherwise (IRCv3 draft/channel-rename)."""

from __future__ import annotations

from msgspec.structs import replace

from xchat.chat import effects
from xchat.chat.apply.metadata_rules import owner_of
from xchat.chat.apply.ranks import need_rank
from xchat.chat.apply.step import Step, actor
from xchat.chat.entities import Channel
from xchat.chat.events import ChannelRenamed
from xchat.chat.modes import Rank
from xchat.chat.refused import Failed
from xchat.chat.state import State
from xchat.irc import names


def check_renamed(state: State, event: ChannelRenamed) -> None:
    """Let operators rename a channel, a registered one its founder; the name must be free."""
    actor(state, event.uid)
    channel = need_rank(state, event.uid, event.channel, Rank.OPERATOR)
    if channel.founder:
        need_rank(state, event.uid, event.channel, Rank.FOUNDER)
    if not names.is_channel(event.name) or event.name == channel.name:
        text = "It is called so" if event.name == channel.name else "This is no channel's name"
        raise Failed("CANNOT_RENAME", channel.name, event.name, text=text)
    taken = state.channel(event.name)
    is_free = taken is None or taken.cid == channel.cid
    if not is_free or state.look_alike(event.name, names.fold(channel.name)) is not None:
        text = "The channel name is already taken, or looks like one that is"
        raise Failed("CHANNEL_NAME_IN_USE", channel.name, event.name, text=text)


def renamed(step: Step, event: ChannelRenamed) -> None:
    """Let everything of the channel go on under the new name; its history hangs on its cid."""
    state, old = step.state, names.fold(event.channel)
    before, new = state.channels[old], names.fold(event.name)
    channel, members = replace(before, name=event.name), dict(state.members[old])
    if old == new:
        state.put_channel(channel)
    else:
        _move(state, old, channel)
    params = (before.name, channel.name, event.reason)
    line = step.line(state.users[event.uid], "RENAME", *params)
    present = tuple((state.users[uid], roles) for uid, roles in members.items())
    step.effects.append(effects.Renamed(old, new, line, channel, present))


def _move(state: State, old: str, channel: Channel) -> None:
    members, new = dict(state.members[old]), names.fold(channel.name)
    metadata = dict(state.metadata.get(owner_of(channel), {}))
    for uid in members:
        state.drop_member(old, uid)
    state.drop_channel(old)
    state.put_channel(channel)
    state.put_metadata(owner_of(channel), metadata)
    for uid, roles in members.items():
        state.put_member(new, uid, roles)
    for party, read in state.read.items():
        if old in read:
            state.put_read(party, new, read[old])
            state.put_read(party, old, None)
