"""Our own lines, from being typed to being kept.

A line is *pending* until it may be sent, *flying* until the server shows it to us
again (which means that it is kept), and *unsure* when the connection broke in between:
then the history is asked, and the line is either found there or pending once more.
Within one target lines keep their order through all of it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator

import msgspec

from xchat.client.session.events import Kind
from xchat.errors import XChatError
from xchat.limits.client import FLYING_LINES_MAX, PENDING_LINES_MAX


class OutboxFullError(XChatError):
    """More lines wait to be sent than are kept waiting."""


class Line(msgspec.Struct):
    """One line of ours; `id` rises with each, `key` is the folded target."""

    id: int
    key: str
    target: str
    kind: Kind
    text: str
    nick: str = ""
    """The nick we had when it was last sent."""
    label: str = ""


class Outbox:
    """All lines of ours that are not kept yet."""

    def __init__(self) -> None:
        self._pending: dict[str, deque[Line]] = {}
        self._flying: dict[int, Line] = {}
        self._unsure: dict[str, list[Line]] = {}
        self._ids = 0

    def __len__(self) -> int:
        return self.pending + len(self._flying) + sum(map(len, self._unsure.values()))

    @property
    def pending(self) -> int:
        """How many lines wait to be sent."""
        return sum(map(len, self._pending.values()))

    @property
    def last(self) -> int:
        """The id of the last line taken."""
        return self._ids

    @property
    def flying(self) -> Iterator[Line]:
        """The lines on their way, in the order sent."""
        return iter(tuple(self._flying.values()))

    def add(self, key: str, target: str, kind: Kind, text: str) -> int:
        """Take one line; return its id. Raises OutboxFullError."""
        if self.pending >= PENDING_LINES_MAX:
            raise OutboxFullError(
                f"{PENDING_LINES_MAX} lines are waiting to be sent: no more are taken",
                mend="Wait until some are sent.",
            )
        self._ids += 1
        line = Line(self._ids, key, target, kind, text)
        self._pending.setdefault(key, deque()).append(line)
        return line.id

    def has_before(self, last: int, key: str) -> bool:
        """Tell whether lines up to an id wait to be sent: to a target, or (no key) to anyone."""
        waiting = [*self._pending.items(), *self._unsure.items()]
        return any(lines[0].id <= last for it, lines in waiting if lines and key in ("", it))

    def launch(self, may_send: Callable[[str], bool], last: int) -> Line | None:
        """Return the next line to send, up to an id, now flying.

        `may_send` says it of a folded target.
        """
        if len(self._flying) >= FLYING_LINES_MAX:
            return None
        heads = [
            queue[0] for key, queue in self._pending.items()
            if queue[0].id <= last and key not in self._unsure and may_send(key)
        ]  # fmt: skip
        if not heads:
            return None
        line = min(heads, key=lambda head: head.id)
        queue = self._pending[line.key]
        queue.popleft()
        if not queue:
            del self._pending[line.key]
        self._flying[line.id] = line
        return line

    def by_label(self, label: str) -> Line | None:
        """Return the flying line with this label, if there is one."""
        return next((line for line in self._flying.values() if label and line.label == label), None)

    def by_echo(self, key: str, kind: Kind, text: str) -> Line | None:
        """Return the first flying line that says this, for servers without labels."""
        same = (key, kind, text)
        return next(
            (it for it in self._flying.values() if (it.key, it.kind, it.text) == same), None
        )

    def by_target(self, key: str) -> Line | None:
        """Return the first flying line to a target."""
        return next((line for line in self._flying.values() if line.key == key), None)

    def land(self, line: Line) -> None:
        """Forget a line that is kept, or refused."""
        self._flying.pop(line.id, None)

    def lose_connection(self) -> None:
        """Take note that nobody can tell what became of the lines on their way."""
        for line in self._flying.values():
            self._unsure.setdefault(line.key, []).append(line)
        self._flying.clear()

    def has_unsure(self, key: str) -> bool:
        """Tell whether lines to a target wait for the history's word."""
        return key in self._unsure

    def take_unsure(self, key: str) -> list[Line]:
        """Give up the unsure lines of a target, in order."""
        return self._unsure.pop(key, [])

    def unsure_targets(self) -> list[str]:
        """Return the folded targets that have unsure lines."""
        return list(self._unsure)

    def found(self, key: str, nick: str, kind: Kind, text: str) -> Line | None:
        """Take the first unsure line that the history shows to be kept."""
        lines = self._unsure.get(key, [])
        for line in lines:
            if (line.nick, line.kind, line.text) == (nick, kind, text):
                lines.remove(line)
                return line
        return None

    def send_again(self, key: str) -> None:
        """Put the unsure lines of a target, which the history does not have, before the others."""
        again = self.take_unsure(key)
        if again:
            queue = self._pending.setdefault(key, deque())
            queue.extendleft(reversed(again))

    def drop(self, key: str) -> list[Line]:
        """Give up all pending lines of a target, which can never be sent; return them."""
        return [*self.take_unsure(key), *self._pending.pop(key, ())]
