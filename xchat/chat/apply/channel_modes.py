"""What becomes of a MODE on a channel: each change by the row of its letter."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from msgspec.structs import replace

from xchat.chat import effects
from xchat.chat.apply.channels import need_operator
from xchat.chat.apply.step import Step, actor
from xchat.chat.entities import Ban, Channel
from xchat.chat.events import ModeChange, ModesChanged
from xchat.chat.modes import KIND_OF, ROLE_BITS
from xchat.chat.state import State
from xchat.irc import names
from xchat.irc.names import fold_text
from xchat.limits import LINE_BYTES_MAX


def check_modes(state: State, event: ModesChanged) -> None:
    """Only operators change modes."""
    actor(state, event.uid)
    need_operator(state, event.uid, event.channel)


def modes_changed(step: Step, event: ModesChanged) -> None:
    """Make each change that changes something, and tell the channel those."""
    folded = names.fold(event.channel)
    made = [shown for change in event.changes if (shown := _make(step, folded, event, change))]
    user, channel = step.state.users[event.uid], step.state.channels[folded]
    for group in _lines(made, len(f":{user.prefix} MODE {channel.name} ".encode())):
        arguments = [change.argument for change in group if change.argument]
        line = step.line(user, "MODE", channel.name, _letters(group), *arguments)
        step.effects.append(effects.ToChannel(folded, line))


def _make(step: Step, folded: str, event: ModesChanged, change: ModeChange) -> ModeChange | None:
    """Make one change; return it as people are shown it, or None if nothing changed.

    Nothing is made of a mode that this version does not know.
    """
    if change.letter in ROLE_BITS:
        return _role(step.state, folded, change)
    if change.letter not in KIND_OF:
        return None
    channel = step.state.channels[folded]
    changed, shown = _MAKE[KIND_OF[change.letter]](step, event, channel, change)
    if changed == channel:
        return None
    step.state.put_channel(changed)
    return shown


def _role(state: State, folded: str, change: ModeChange) -> ModeChange | None:
    roles = state.roles(folded, change.argument)
    if roles is None:
        return None
    bit = ROLE_BITS[change.letter]
    changed = roles | bit if change.sign == "+" else roles & ~bit
    if changed == roles:
        return None
    state.put_member(folded, change.argument, changed)
    return ModeChange(change.sign, change.letter, state.users[change.argument].nick)


Made = tuple[Channel, ModeChange]


def with_ban(channel: Channel, change: ModeChange, setter: str, ts: int) -> Channel:
    """Return a channel with one ban more or one less; a mask stands once, however it is spelt."""
    folded = fold_text(change.argument)
    others = tuple(ban for ban in channel.bans if fold_text(ban.mask) != folded)
    if change.sign == "-":
        return replace(channel, bans=others)
    if len(others) < len(channel.bans):
        return channel
    return replace(channel, bans=(*others, Ban(change.argument, setter, ts)))


def _ban(step: Step, event: ModesChanged, channel: Channel, change: ModeChange) -> Made:
    setter = step.state.users[event.uid].prefix
    return with_ban(channel, change, setter, step.ts), change


def _key(_step: Step, _event: ModesChanged, channel: Channel, change: ModeChange) -> Made:
    if change.sign == "+":
        return replace(channel, key=change.argument), change
    # The key that is taken away is shown as `*`: whoever asked need not have known it.
    return replace(channel, key=""), ModeChange("-", "k", "*")


def _limit(_step: Step, _event: ModesChanged, channel: Channel, change: ModeChange) -> Made:
    if change.sign == "+":
        is_number = change.argument.isascii() and change.argument.isdigit()
        return replace(channel, limit=int(change.argument) if is_number else 0), change
    return replace(channel, limit=0), ModeChange("-", "l")


def _flag(_step: Step, _event: ModesChanged, channel: Channel, change: ModeChange) -> Made:
    flags = set(channel.flags) - {change.letter}
    if change.sign == "+":
        flags.add(change.letter)
    return replace(channel, flags="".join(sorted(flags))), change


_MAKE: dict[str, Callable[[Step, ModesChanged, Channel, ModeChange], Made]] = {
    "A": _ban,
    "B": _key,
    "C": _limit,
    "D": _flag,
}


def _lines(changes: list[ModeChange], head_bytes: int) -> Iterator[list[ModeChange]]:
    """Yield the changes in groups, each of which fits in a line after its head."""
    group: list[ModeChange] = []
    size = head_bytes
    for change in changes:
        cost = len(change.argument.encode()) + len("+x ")
        if group and size + cost > LINE_BYTES_MAX - len("\r\n"):
            yield group
            group, size = [], head_bytes
        group.append(change)
        size += cost
    if group:
        yield group


def _letters(changes: list[ModeChange]) -> str:
    out, sign = [], ""
    for change in changes:
        if change.sign != sign:
            sign = change.sign
            out.append(sign)
        out.append(change.letter)
    return "".join(out)
