"""Channels by the administration's hand: channel list, transfer, drop."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from xchat.chat.admin.acting import act, need_account
from xchat.chat.admin.arguments import ChannelName, ChannelTransfer, Nothing
from xchat.chat.admin.operation import Operation
from xchat.chat.admin.shapes import ChannelChanged, ChannelRow, when
from xchat.chat.apply.registration import need_registered
from xchat.chat.entities import Channel
from xchat.chat.events import ChannelDropped, ChannelRegistered, ChannelTransferred
from xchat.chat.refused import Failed
from xchat.chat.state import State

if TYPE_CHECKING:
    from xchat.chat.hub import Hub


def list_(hub: Hub, operation: Operation, _asked: Nothing) -> None:
    """List all channels, those in which nobody is too."""
    operation.rows = _rows(hub.state)


def _rows(state: State) -> Iterator[ChannelRow]:
    for folded in sorted(state.channels):
        channel = state.channels.get(folded)
        if channel is not None:
            yield _row(state, channel, len(state.members[folded]))


def _row(state: State, channel: Channel, members: int) -> ChannelRow:
    founder = state.accounts.get(channel.founder)
    return ChannelRow(
        channel=channel.name,
        members=members,
        modes=f"+{channel.flags}",
        founder=founder.name if founder else None,
        created=when(channel.created),
        topic=channel.topic.text if channel.topic else None,
    )


def transfer(hub: Hub, operation: Operation, asked: ChannelTransfer) -> None:
    """Give a channel to an account, registered or not."""
    account, channel = need_account(hub, asked.name), _need_channel(hub, asked.channel)
    kind = ChannelTransferred if channel.founder else ChannelRegistered
    event = kind(channel=channel.name, founder=account.aid)
    answer = partial(ChannelChanged, channel=channel.name, founder=account.name)
    act(hub, operation, f"{channel.name} to {account.name}", event, answer)


def drop(hub: Hub, operation: Operation, asked: ChannelName) -> None:
    """Let a registered channel be nobody's; without a member and a word in it, it ends."""
    _need_channel(hub, asked.channel)
    channel = need_registered(hub.state, asked.channel)
    answer = partial(ChannelChanged, channel=channel.name, founder=None)
    act(hub, operation, channel.name, ChannelDropped(channel=channel.name), answer)


def _need_channel(hub: Hub, name: str) -> Channel:
    channel = hub.state.channel(name)
    if channel is None:
        text = f"There is no channel {name}"
        raise Failed("CHANNEL_UNKNOWN", name, text=text)
    return channel
