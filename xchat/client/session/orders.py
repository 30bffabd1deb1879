"""Commands that were typed, in one queue with the lines that were typed before them.

A command overtakes no line and no command: it is sent when the lines typed before it to
its target have been, and what was typed after it is sent when the server has dealt with
it. So `one`, `/nick later`, `two` is said by two nicks, and a `/part` right after a
`/join` leaves the channel that was joined.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

import msgspec

from xchat.client.session.rooms import Room
from xchat.errors import XChatError
from xchat.limits.client import PENDING_LINES_MAX

LASTING = ("JOIN", "PART", "NICK")
"""What is still wanted when the connection breaks before it is answered."""


class OrdersFullError(XChatError):
    """More commands wait to be sent than are kept waiting."""


class Order(msgspec.Struct):
    """One command; `after` is the id of the last line typed before it."""

    command: str
    params: tuple[str, ...]
    key: str
    """The folded target whose lines it waits for; nothing for everybody's."""
    after: int = 0
    room: Room | None = None
    """What a JOIN wants to be in."""
    token: str = ""
    """The PING behind it, once it is sent."""
    late_at: float | None = None
    """Until when a PART waits for the answer to its JOIN."""


class Orders:
    """The queue; only its head may be on its way."""

    def __init__(self) -> None:
        self._queue: deque[Order] = deque()
        self._nick_bytes = 0

    def __len__(self) -> int:
        return len(self._queue)

    def __iter__(self) -> Iterator[Order]:
        return iter(self._queue)

    @property
    def head(self) -> Order | None:
        """The command whose turn it is, sent or about to be."""
        return self._queue[0] if self._queue else None

    @property
    def nick_bytes(self) -> int:
        """The length of the longest nick that is asked for, in UTF-8."""
        return self._nick_bytes if self._queue else 0

    def add(self, order: Order) -> None:
        """Take a command. Raises OrdersFullError."""
        if len(self) >= PENDING_LINES_MAX:
            raise OrdersFullError(
                f"{PENDING_LINES_MAX} commands are waiting to be sent: no more are taken",
                mend="Wait until some are sent.",
            )
        if order.command == "NICK":
            size = len(order.params[0].encode(errors="replace"))
            self._nick_bytes = max(self.nick_bytes, size)
        self._queue.append(order)

    def done(self) -> Order:
        """Give up the head: the server has dealt with it."""
        return self._queue.popleft()

    def wishes(self) -> dict[str, Order]:
        """Return the last JOIN or PART of each channel that has one, by folded name."""
        return {order.key: order for order in self._queue if order.command in ("JOIN", "PART")}

    def returns_to(self, key: str) -> bool:
        """Tell whether a JOIN to a channel waits: what is typed for it waits for that."""
        return any(order.key == key and not order.token for order in self._queue if order.room)

    def lose_connection(self) -> list[Order]:
        """Keep what is wanted all the same, to be sent again; give up the rest."""
        lost = [order for order in self._queue if order.command not in LASTING]
        self._queue = deque(order for order in self._queue if order.command in LASTING)
        for order in self._queue:
            order.token, order.late_at = "", None
        return lost
