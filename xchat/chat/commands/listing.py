"""Which channels there are, and who is in them: LIST NAMES."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from xchat.chat.apply.sight import is_visible, seen_members, tells_topic, visible_channel
from xchat.chat.commands.each import split
from xchat.chat.commands.reception import say_names
from xchat.chat.entities import Channel
from xchat.chat.session import Request
from xchat.irc import names
from xchat.irc.masks import compile_mask
from xchat.irc.numerics import RPL_ENDOFNAMES, RPL_LIST, RPL_LISTEND, RPL_LISTSTART

if TYPE_CHECKING:
    from xchat.chat.hub import Hub


def names_(hub: Hub, request: Request) -> Iterator[None] | None:
    """NAMES <channel>{,<channel>}: who is in them; one end for all, as other servers have it."""
    asked = request.params[0] if request.params else ""
    wanted = split(asked)[: hub.limits.channels_per_user_max]
    if len(wanted) > 1:
        return _names_of_several(hub, request, wanted, asked)
    for name in wanted:
        _say_names_of(hub, request, name)
    hub.reply(request, RPL_ENDOFNAMES, asked)
    return None


def _names_of_several(
    hub: Hub, request: Request, wanted: Sequence[str], asked: str
) -> Iterator[None]:
    for name in wanted:
        _say_names_of(hub, request, name)
        yield
    hub.reply(request, RPL_ENDOFNAMES, asked)


def _say_names_of(hub: Hub, request: Request, name: str) -> None:
    uid = request.session.uid
    channel = visible_channel(hub.state, uid, name)
    if channel is None:
        return
    folded = names.fold(name)
    members = seen_members(hub.state, folded, uid)
    users = ((hub.state.users[member], roles) for member, roles in members)
    inside = uid in hub.state.members[folded]
    seen = ((user, roles) for user, roles in users if inside or "i" not in user.modes)
    say_names(hub, request, channel, seen)


def list_(hub: Hub, request: Request) -> Iterator[None]:
    """LIST [<condition>{,<condition>}]: names, and what ELIST=CMNTU says (see `_condition`)."""
    conditions = [_condition(word, hub.now_ms) for word in split(",".join(request.params[:2]))]
    uid = request.session.uid
    hub.reply(request, RPL_LISTSTART, "Channel")
    for folded in list(hub.state.channels):
        channel = hub.state.channels.get(folded)
        if channel is not None and is_visible(hub.state, uid, channel):
            row = Listed(folded, channel, len(hub.state.members[folded]))
            if _passes(conditions, row):
                _say_list(hub, request, row)
        yield
    hub.reply(request, RPL_LISTEND)


class Listed(NamedTuple):
    """A channel as conditions see it: its folded name, itself, and how many are in it."""

    folded: str
    channel: Channel
    members: int


def _say_list(hub: Hub, request: Request, row: Listed) -> None:
    channel = row.channel
    told = tells_topic(hub.state, request.session.uid, channel)
    topic = channel.topic.text if channel.topic and told else ""
    hub.reply(request, RPL_LIST, channel.name, str(row.members), text=topic)


class Condition(NamedTuple):
    """What a word of LIST asks of a channel; of those that name channels one is enough."""

    is_name: bool
    holds: Callable[[Listed], bool]


_COUNTED = re.compile(r"([CcTt]?)([<>])([0-9]{1,9})")


def _condition(word: str, now_ms: int) -> Condition:
    """Return what a word of LIST asks for (modern.ircdocs.horse, ELIST).

    `>n` and `<n`: more or fewer users; `C<n` and `C>n`: created less or more than
    n minutes ago, `T` likewise with the topic; a mask, and `!` before one: no match.
    """
    counted = _COUNTED.fullmatch(word)
    if counted is not None:
        what, sign, number = counted.groups()
        return Condition(False, _compared(_MEASURES[what.upper()], sign, int(number), now_ms))
    if word[0] == "!":
        unwanted = compile_mask(word[1:])
        return Condition(False, lambda row: not unwanted.matches(row.folded))
    mask = compile_mask(word)
    return Condition(True, lambda row: mask.matches(row.folded))


Measure = Callable[[Listed, int], float | None]
_MINUTE_MS = 60_000
_MEASURES: dict[str, Measure] = {
    "": lambda row, _now: row.members,
    "C": lambda row, now: (now - row.channel.created) / _MINUTE_MS,
    "T": lambda row, now: (now - row.channel.topic.ts) / _MINUTE_MS if row.channel.topic else None,
}
"""What can be compared with a number; None, as the age of a topic that is not set, never holds."""


def _compared(measure: Measure, sign: str, bound: int, now_ms: int) -> Callable[[Listed], bool]:
    def holds(row: Listed) -> bool:
        value = measure(row, now_ms)
        if value is None:
            return False
        return value < bound if sign == "<" else value > bound

    return holds


def _passes(conditions: list[Condition], row: Listed) -> bool:
    """Say whether a channel is wanted: any of the names, and all of the rest."""
    named = [condition for condition in conditions if condition.is_name]
    others = (condition for condition in conditions if not condition.is_name)
    is_named = not named or any(condition.holds(row) for condition in named)
    return is_named and all(condition.holds(row) for condition in others)
