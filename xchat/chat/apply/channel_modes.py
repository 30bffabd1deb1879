"""What becomes of a MODE on a channel: each change by the row of its letter."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from msgspec.structs import replace

from xchat.chat import effects
from xchat.chat.apply.bans import remember_lifted
from xchat.chat.apply.ranks import need_member, need_power_over, need_rank
from xchat.chat.apply.step import Step, actor
from xchat.chat.entities import Ban, Channel, User
from xchat.chat.events import ModeChange, ModesChanged
from xchat.chat.modes import MODE_OF, ROLE_OF, Rank
from xchat.chat.state import State
from xchat.irc import names
from xchat.irc.names import fold_text
from xchat.irc.numerics import ERR_BANLISTFULL
from xchat.limits import LINE_BYTES_MAX


def check_modes(state: State, event: ModesChanged) -> None:
    """Refuse it all if one of the changes takes more than the user is in the channel."""
    actor(state, event.uid)
    need_member(state, event.uid, event.channel)
    for change in event.changes:
        check_change(state, event.uid, event.channel, change)


def check_change(state: State, uid: str, name: str, change: ModeChange) -> None:
    """Refuse a change for which a user does not stand high enough; roles of one's own go freely."""
    role = ROLE_OF.get(change.letter)
    if role is None:
        mode = MODE_OF.get(change.letter)
        need_rank(state, uid, name, mode.set_by if mode else Rank.OPERATOR)
        return
    _, roles = need_member(state, uid, name)
    lays_down = change.sign != "+" and change.argument == uid and roles & role.bit
    if not lays_down:
        need_rank(state, uid, name, role.given_by)
        if change.sign != "+":
            need_power_over(state, uid, name, change.argument)


def modes_changed(step: Step, event: ModesChanged) -> None:
    """Make each change that changes something, and tell the channel those."""
    folded = names.fold(event.channel)
    made = [shown for change in event.changes if (shown := _make(step, folded, event, change))]
    tell_modes(step, step.state.users[event.uid], folded, made)


def tell_modes(step: Step, source: User | str, folded: str, changes: list[ModeChange]) -> None:
    """Tell a channel what has changed in it, in as many lines as it takes."""
    name = step.state.channels[folded].name
    said_by = source if isinstance(source, str) else source.prefix
    for group in _lines(changes, len(f":{said_by} MODE {name} ".encode())):
        arguments = [change.argument for change in group if change.argument]
        line = step.line(source, "MODE", name, _letters(group), *arguments)
        step.effects.append(effects.ToChannel(folded, line))


def _make(step: Step, folded: str, event: ModesChanged, change: ModeChange) -> ModeChange | None:
    """Make one change; return it as people are shown it, or None if nothing changed.

    Nothing is made of a mode that this version does not know.
    """
    if change.letter in ROLE_OF:
        return _role(step.state, folded, change)
    if change.letter not in MODE_OF:
        return None
    channel = step.state.channels[folded]
    changed, shown = _MAKE[MODE_OF[change.letter].kind](step, event, channel, change)
    if changed == channel:
        return None
    step.state.put_channel(changed)
    return shown


def _role(state: State, folded: str, change: ModeChange) -> ModeChange | None:
    roles = state.roles(folded, change.argument)
    if roles is None:
        return None
    bit = ROLE_OF[change.letter].bit
    changed = roles | bit if change.sign == "+" else roles & ~bit
    if changed == roles:
        return None
    state.put_member(folded, change.argument, changed)
    return ModeChange(change.sign, change.letter, state.users[change.argument].nick)


Made = tuple[Channel, ModeChange]
_LISTS = {"b": "bans", "e": "exceptions", "I": "invexes"}
"""Where the entries of each list stand in a channel."""


def entries(channel: Channel, letter: str) -> tuple[Ban, ...]:
    """Return what is on one of a channel's lists."""
    listed: tuple[Ban, ...] = getattr(channel, _LISTS[letter])
    return listed


def count_entries(channel: Channel) -> int:
    """Return how much is on all lists of a channel together."""
    return sum(len(entries(channel, letter)) for letter in _LISTS)


def with_entry(channel: Channel, change: ModeChange, setter: str, ts: int) -> Channel:
    """Return a channel with one entry more or less; a mask stands once, however it is spelt.

    What stands already is set anew only where it is to end at another time.
    """
    folded = fold_text(change.argument)
    listed = entries(channel, change.letter)
    others = tuple(entry for entry in listed if fold_text(entry.mask) != folded)
    if change.sign == "+":
        until = ts + change.seconds * 1000 if change.seconds else 0
        if any(entry.until == until for entry in listed if entry not in others):
            return channel
        others = (*others, Ban(change.argument, setter, ts, until))
    return replace(channel, **{_LISTS[change.letter]: others})


def _entry(step: Step, event: ModesChanged, channel: Channel, change: ModeChange) -> Made:
    changed = with_entry(channel, change, step.state.users[event.uid].prefix, step.ts)
    changed = remember_lifted(step.state, channel, changed, step.seq)
    count, most = count_entries(changed), event.entries_max
    if most and count > max(most, count_entries(channel)):  # others were before this one
        step.effects.append(effects.Answer(ERR_BANLISTFULL, (channel.name, change.letter)))
        return channel, change
    return changed, _as_it_stands(channel, change)


def _as_it_stands(channel: Channel, change: ModeChange) -> ModeChange:
    """Return the end of an entry with the mask as clients have it on their lists."""
    if change.sign == "+":
        return change
    folded = fold_text(change.argument)
    listed = (entry.mask for entry in entries(channel, change.letter))
    mask = next((mask for mask in listed if fold_text(mask) == folded), change.argument)
    return ModeChange(change.sign, change.letter, mask)


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
    "A": _entry,
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
