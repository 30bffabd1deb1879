"""Whose turn it is: lines and commands leave in the order in which they were typed."""

from __future__ import annotations

import sys
from collections.abc import Callable

from xchat.client.session import history, membership, talk
from xchat.client.session.events import Refused
from xchat.client.session.orders import Order
from xchat.client.session.state import State
from xchat.limits.client import JOIN_SECONDS_MAX

Do = Callable[[State, Order], None]


def give(state: State, order: Order) -> None:
    """Take a command; it is sent at once where nothing is before it. Raises XChatError."""
    order.after = state.outbox.last
    state.orders.add(order)
    pump(state)


def pump(state: State) -> None:
    """Send all whose turn it is."""
    if not state.ready:
        return
    while True:
        head = state.orders.head
        talk.pump(state, head.after if head else sys.maxsize)
        if head is None or head.token or _waits(state, head):
            return
        _DO.get(head.command, _send)(state, head)
        head.token = talk.fence(state)


def on_fence(state: State, token: str) -> None:
    """PONG: what was sent before the PING has been dealt with."""
    talk.on_fence(state, token)
    head = state.orders.head
    if head is not None and head.token == token:
        state.orders.done()


def deadline(state: State) -> float | None:
    """Return when a PART has waited long enough."""
    head = state.orders.head
    return head.late_at if head else None


def lose_connection(state: State) -> None:
    """Say which commands are lost; the others wait for the next connection."""
    for order in state.orders.lose_connection():
        words = "the connection broke before the server answered this"
        state.emit(Refused(code="", words=words, about=(order.command, *order.params)))


def _waits(state: State, order: Order) -> bool:
    """Tell whether lines or answers have to come before a command."""
    if state.joining in state.fences:
        return True
    if order.command == "PART" and not _entered(state, order):
        return True
    asks_topic = order.command == "TOPIC" and len(order.params) == 1
    asks = asks_topic or order.command in ("NAMES", "CHATHISTORY")
    if asks and state.outbox.has_unsure(order.key):
        return False  # a question need not wait until an old connection of ours is gone
    return state.outbox.has_before(order.after, order.key)


def _entered(state: State, order: Order) -> bool:
    """Tell whether the JOIN of a channel to be left has been answered, or never will be."""
    room = state.rooms.get(order.key)
    if room is None or room.joined:
        return True
    if order.late_at is None:
        order.late_at = state.now + JOIN_SECONDS_MAX
    if state.now < order.late_at:
        return False
    membership.leave(state, room.name, "you left the channel")
    return True


# -- the commands -----------------------------------------------------------------------------
def _send(state: State, order: Order) -> None:
    state.send(order.command, *order.params)


def _join(state: State, order: Order) -> None:
    assert order.room is not None
    if not state.rooms.setdefault(order.key, order.room).joined:
        _send(state, order)


def _part(state: State, order: Order) -> None:
    """Leave, unless the server would not have us there or has put us out meanwhile."""
    if order.key in state.rooms:
        _send(state, order)


def _ask_topic(state: State, order: Order) -> None:
    if len(order.params) == 1:
        state.topics_asked.add(order.key)
    _send(state, order)


def _ask_names(state: State, order: Order) -> None:
    state.names_asked[order.key] = []
    _send(state, order)


def _ask_whois(state: State, order: Order) -> None:
    state.whois[order.key] = []
    _send(state, order)


def _ask_history(state: State, order: Order) -> None:
    target, count = order.params
    if order.key in state.asked:
        words = "its history is being fetched already"
        state.emit(Refused(code="", words=words, about=(target,)))
    else:
        history.ask(state, target, int(count))


_DO: dict[str, Do] = {
    "JOIN": _join,
    "PART": _part,
    "TOPIC": _ask_topic,
    "NAMES": _ask_names,
    "WHOIS": _ask_whois,
    "CHATHISTORY": _ask_history,
}
"""The commands that take more than sending."""
