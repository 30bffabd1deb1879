"""Messages that belong together (IRCv3 `batch`)."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from xchat.irc.message import Message
from xchat.limits.client import BATCHED_MESSAGES_MAX, BATCHES_OPEN_MAX


class Batch(msgspec.Struct):
    """A batch: its type, its parameters, its label, and its messages and batches in order."""

    type: str
    params: tuple[str, ...]
    label: str
    parent: str
    content: list[Message | Batch] = msgspec.field(default_factory=list)
    size: int = 0
    """The messages in it, those of inner batches included."""

    def messages(self) -> Iterator[Message]:
        """Yield the messages, those of inner batches in their place."""
        for item in self.content:
            if isinstance(item, Batch):
                yield from item.messages()
            else:
                yield item

    def inner(self, kind: str) -> Iterator[Batch]:
        """Yield this batch, or those within it, that are of a type."""
        if self.type == kind:
            yield self
            return
        for item in self.content:
            if isinstance(item, Batch):
                yield from item.inner(kind)


class Batches:
    """The batches that are open."""

    def __init__(self) -> None:
        self._open: dict[str, Batch] = {}

    def take(self, message: Message) -> bool:
        """Put a message into its batch; return False where it belongs to none that is open."""
        batch = self._open.get(message.tags.get("batch", "")) if self._open else None
        if batch is None:
            return False
        if sum(each.size for each in self._open.values()) < BATCHED_MESSAGES_MAX:
            batch.content.append(message)
            batch.size += 1
        return True

    def open(self, message: Message) -> None:
        """Take `BATCH +ref type params`, if there is room for another."""
        reference = message.params[0][1:]
        if reference and len(self._open) < BATCHES_OPEN_MAX and reference not in self._open:
            parent = message.tags.get("batch", "")
            self._open[reference] = Batch(
                message.params[1] if len(message.params) > 1 else "",
                message.params[2:],
                message.tags.get("label", ""),
                parent,
            )

    def close(self, message: Message) -> Batch | None:
        """Take `BATCH -ref`; return the batch when it is complete and within no other."""
        batch = self._open.pop(message.params[0][1:], None)
        if batch is None:
            return None
        parent = self._open.get(batch.parent)
        if parent is None:
            return batch
        parent.content.append(batch)
        parent.size += batch.size
        return None
