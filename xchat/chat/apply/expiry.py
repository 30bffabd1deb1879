"""What becomes of bans whose time is up."""

from __future__ import annotations

from msgspec.structs import replace

from xchat.chat.apply.bans import remember_lifted
from xchat.chat.apply.channel_modes import tell_modes
from xchat.chat.apply.step import Step
from xchat.chat.entities import Ban
from xchat.chat.events import BansEnded, ModeChange
from xchat.chat.refused import Ignored
from xchat.chat.state import State
from xchat.irc import names


def check_ended(state: State, event: BansEnded) -> None:
    """Let only those end that are there and due: they may be lifted already, or set anew."""
    channel = state.channel(event.channel)
    if channel is None or channel.cid != event.cid:
        raise Ignored
    if not any(_is_over(ban, event) for ban in channel.bans):
        raise Ignored


def ended(step: Step, event: BansEnded) -> None:
    """Lift what is due, and tell the channel as of any ban that is lifted."""
    folded = names.fold(event.channel)
    channel = step.state.channels[folded]
    over = [ModeChange("-", "b", ban.mask) for ban in channel.bans if _is_over(ban, event)]
    bans = tuple(ban for ban in channel.bans if not _is_over(ban, event))
    after = replace(channel, bans=bans)
    step.state.put_channel(remember_lifted(step.state, channel, after, step.seq))
    tell_modes(step, event.server, folded, over)


def _is_over(ban: Ban, event: BansEnded) -> bool:
    return 0 < ban.until <= event.due
