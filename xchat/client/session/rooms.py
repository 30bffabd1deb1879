"""The channels we mean to be in, and what we have seen of each.

A Room outlives connections: it is what a reconnect joins again, and its anchor is
where the history is taken up.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Literal

from xchat.client.session.events import MessageReceived
from xchat.limits.client import HELD_MESSAGES_MAX, SEEN_MSGIDS_MAX


class Seen:
    """The last message ids, so that nothing is told twice."""

    def __init__(self) -> None:
        self._ids: OrderedDict[str, None] = OrderedDict()

    def add(self, msgid: str | None) -> bool:
        """Remember an id; return whether it is new. What has no id is always new."""
        if msgid is None:
            return True
        if msgid in self._ids:
            return False
        self._ids[msgid] = None
        if len(self._ids) > SEEN_MSGIDS_MAX:
            self._ids.popitem(last=False)
        return True


class Fetch:
    """History being fetched for one target, page by page.

    `gap`: everything after the room's anchor, oldest page first, told page by page.
    `context`: the last `wanted` messages, told on joining, before what is live.
    `asked`: the last `wanted` messages, as the one answer to `Session.history`.
    """

    def __init__(
        self, purpose: Literal["gap", "context", "asked"], target: str, wanted: int = 0
    ) -> None:
        self.purpose = purpose
        self.target = target
        self.wanted = wanted
        self.label = ""
        self.reference = "*"
        self.deadline = 0.0
        self.pages = 0
        self.told = 0
        self.by_time = False
        self.collected: list[MessageReceived] = []
        self._held: list[MessageReceived] = []

    def hold(self, message: MessageReceived) -> bool:
        """Keep a live message for later; return False where there is no room for it."""
        if len(self._held) >= HELD_MESSAGES_MAX:
            return False
        self._held.append(message)
        return True

    def release(self) -> list[MessageReceived]:
        """Give up the live messages that were held, in the order they came."""
        held, self._held = self._held, []
        return held


class Room:
    """A channel we want to be in; `history` is how much of its past the first join wants."""

    def __init__(self, name: str, *, key: str = "", history: int = 0) -> None:
        self.name = name
        self.key = key
        self.history = history
        self.joined = False
        self.ever_joined = False
        self.anchor_id: str | None = None
        self.anchor_time: str | None = None
        self.seen = Seen()
        self.fetch: Fetch | None = None

    def passed(self, msgid: str | None, time: str | None) -> None:
        """Move the anchor to a message that has been told."""
        self.anchor_id = msgid or self.anchor_id
        self.anchor_time = time or self.anchor_time

    def lose_connection(self) -> None:
        """Forget what belonged to the connection; what was held comes again from history."""
        self.joined = False
        self.fetch = None
