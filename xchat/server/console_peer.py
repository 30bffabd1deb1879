"""One connection of `xchat-admin`: bytes to a request, an operation to bytes."""

from __future__ import annotations

import selectors
import socket
from itertools import islice
from typing import Any

import msgspec

from xchat.chat.admin.operation import Operation, Refusal
from xchat.chat.ledger import CannotRead
from xchat.limits import CONSOLE_LINE_BYTES_MAX, CONSOLE_ROWS_A_TURN

READ, WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE
READ_BYTES = 16_384


class Ask(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A request: a verb of chat/admin/table.py, and what it takes."""

    verb: str
    arguments: dict[str, Any] = {}


_DECODER = msgspec.json.Decoder(Ask)


def encode(value: object) -> bytes:
    """Return a line of an answer."""
    return msgspec.json.encode(value) + b"\n"


class Peer:
    """What it has sent and not been answered, and what it is to be sent and has not read."""

    def __init__(self, sock: socket.socket, who: str, now: float) -> None:
        self.sock = sock
        self.who = who
        self.interest = 0
        self.since = now
        """When it last said or read something (seconds)."""
        self.operation: Operation | None = None
        self.is_gone = False
        self._inbox = b""
        self._outbox = b""

    @property
    def has_more(self) -> bool:
        """Whether it can go on by itself: with its next request, or the next piece of a list."""
        if self._outbox or self.is_gone:
            return False
        return b"\n" in self._inbox if self.operation is None else self.operation.is_settled

    @property
    def is_waiting(self) -> bool:
        """Whether it waits for us, and not we for it."""
        return self.operation is not None and not self.operation.is_settled

    def wants(self) -> int:
        """Return the events to wait for: it is not read from while it has not been answered."""
        if self._outbox:
            return WRITE
        return 0 if self.operation is not None or b"\n" in self._inbox else READ

    def receive(self, now: float) -> None:
        """Read once; whoever sends more than a line may have, or has gone, is to go."""
        if self._outbox:
            return
        try:
            data = self.sock.recv(READ_BYTES)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            data = b""
        self.since = now
        self._inbox += data
        self.is_gone = not data
        if len(self._inbox) > CONSOLE_LINE_BYTES_MAX and b"\n" not in self._inbox:
            self._refuse("LINE_TOO_LONG", f"A request has at most {CONSOLE_LINE_BYTES_MAX} bytes")
            self._inbox = b""
            self.flush(now)
            self.is_gone = True

    def next_request(self) -> Ask | None:
        """Return the next thing it asks for, once it was answered the last; refuse what is none."""
        if self.operation is not None or self._outbox or b"\n" not in self._inbox:
            return None
        line, _, self._inbox = self._inbox.partition(b"\n")
        try:
            return _DECODER.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            self._refuse("INVALID_REQUEST", f"not a request in JSON: {error}")
            return None

    def answer(self, now: float) -> None:
        """Tell what has come of its operation: all of it, or the next piece of a list."""
        operation = self.operation
        if operation is not None and operation.is_settled and not self._outbox:
            self._outbox += self._next_piece(operation)
        self.flush(now)

    def _next_piece(self, operation: Operation) -> bytes:
        if operation.refusal is None and operation.rows is not None:
            try:
                rows = list(islice(operation.rows, CONSOLE_ROWS_A_TURN))
            except CannotRead as unread:
                operation.refusal = Refusal("CANNOT_READ", str(unread))
            else:
                if rows:
                    return encode({"rows": rows})
        self.operation = None
        if operation.refusal is not None:
            return encode({"refused": operation.refusal})
        if operation.answer is not None:
            return encode({"answer": operation.answer()})
        return encode({"done": True})

    def _refuse(self, code: str, what: str) -> None:
        self._outbox += encode({"refused": Refusal(code, what)})

    def flush(self, now: float) -> None:
        """Send what the socket takes."""
        if not self._outbox:
            return
        try:
            sent = self.sock.send(self._outbox)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            self.is_gone = True
            return
        self._outbox = self._outbox[sent:]
        self.since = now
