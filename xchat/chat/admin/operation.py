"""One thing that the administration asks for, until it is answered: no socket, no session.

To the ledger and to the work beside the loop it is what a client's request is.
Of what it comes to, its own answer is all that it is told: a value, rows, or
why it cannot be.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from xchat.chat.refused import Failed, Ignored, Refused

CONSOLE = "console"
"""Whose events these are to the log: those of all operations keep their order."""


class Refusal(msgspec.Struct, frozen=True):
    """Why an operation came to nothing: a code for programs, words for people."""

    code: str
    what: str


class Operation:
    """What somebody asks for (`verb`), and what has come of it."""

    def __init__(self, who: str, verb: str = "") -> None:
        self.who = who
        self.verb = verb
        self.refusal: Refusal | None = None
        self.rows: Iterator[Any] | None = None
        """What is listed, a row a step; read it as far as it can be passed on."""
        self.answer: Callable[[], Any] | None = None
        """Makes the answer, once all that was asked for is settled."""
        self.is_gone = False
        """Whether nobody waits for the answer any more."""
        self._waiting = 0

    @property
    def key(self) -> str:
        """Whose events keep their order in the log."""
        return CONSOLE

    @property
    def is_settled(self) -> bool:
        """Whether nothing more will come of it."""
        return not self._waiting

    def claimed(self, *, changes: bool) -> None:  # noqa: ARG002 - nothing overtakes it
        """Remember that an event waits for the log."""
        self.wait()

    def placed(self, *, changes: bool) -> None:
        """Take it that the log has decided on one; `settled` says when that is done."""

    def wait(self) -> None:
        """Remember that something has yet to come."""
        self._waiting += 1

    def settled(self) -> None:
        """Remember that one of those has come."""
        self._waiting -= 1

    def refused(self, fault: Refused | Failed | Ignored) -> None:
        """Take it that what was asked for cannot be; the first reason counts."""
        if self.refusal is None:
            self.refusal = refusal_of(fault)


def refusal_of(fault: Refused | Failed | Ignored) -> Refusal:
    """Return a refusal of the rules as the administration is told it."""
    if isinstance(fault, Failed):
        return Refusal(fault.code, fault.text)
    if isinstance(fault, Refused):
        return Refusal(fault.numeric.code, fault.text or fault.numeric.text or "It was refused")
    return Refusal("NOTHING_TO_DO", "It is so already, or what it was about is gone")
