"""Which channels there are, and who is in them: LIST NAMES."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from xchat.chat.apply.sight import is_visible, tells_topic, visible_channel
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
    members = hub.state.members[names.fold(name)]
    users = ((hub.state.users[member], roles) for member, roles in members.items())
    inside = uid in members
    seen = ((user, roles) for user, roles in users if inside or "i" not in user.modes)
    say_names(hub, request, channel, seen)


def list_(hub: Hub, request: Request) -> Iterator[None]:
    """LIST [<condition>{,<condition>}]: names, masks, !masks, >users, <users (ELIST MNU)."""
    conditions = [_condition(word) for word in split(",".join(request.params[:2]))]
    uid = request.session.uid
    hub.reply(request, RPL_LISTSTART, "Channel")
    for folded in list(hub.state.channels):
        channel = hub.state.channels.get(folded)
        if channel is not None and is_visible(hub.state, uid, channel):
            count = len(hub.state.members[folded])
            if _passes(conditions, folded, count):
                _say_list(hub, request, channel, count)
        yield
    hub.reply(request, RPL_LISTEND)


def _say_list(hub: Hub, request: Request, channel: Channel, count: int) -> None:
    told = tells_topic(hub.state, request.session.uid, channel)
    topic = channel.topic.text if channel.topic and told else ""
    hub.reply(request, RPL_LIST, channel.name, str(count), text=topic)


Condition = tuple[str, Callable[[str, int], bool]]


def _condition(word: str) -> Condition:
    """Return what a word of LIST asks of a channel: its kind, and a test of name and users."""
    number = word[1:]
    if word[0] in "<>" and number.isascii() and number.isdigit() and len(number) < 10:
        bound = int(number)
        if word[0] == ">":
            return "users", lambda _name, count: count > bound
        return "users", lambda _name, count: count < bound
    if word[0] == "!":
        unwanted = compile_mask(number)
        return "not", lambda name, _count: not unwanted.matches(name)
    mask = compile_mask(word)
    return "name", lambda name, _count: mask.matches(name)


def _passes(conditions: list[Condition], folded: str, count: int) -> bool:
    """Say whether a channel is wanted: any of the names, and all of the rest."""
    wanted = [test(folded, count) for kind, test in conditions if kind == "name"]
    others = (test(folded, count) for kind, test in conditions if kind != "name")
    return (any(wanted) or not wanted) and all(others)
