"""SIGHUP: the configuration and the certificate are read again, as `xchat-admin reload` does."""

from __future__ import annotations

from xchat.chat.admin.operation import Operation
from xchat.chat.admin.table import begin
from xchat.chat.hub import Hub
from xchat.journal import Journal
from xchat.server.keeper import Keeper
from xchat.server.loop import Loop

WHO = "SIGHUP"


class Rereading:
    """Does what the signal asks for, and records what came of it: nobody waits for an answer."""

    def __init__(self, hub: Hub, loop: Loop, keeper: Keeper, journal: Journal) -> None:
        self._hub = hub
        self._loop = loop
        self._keeper = keeper
        self._journal = journal
        self._operation: Operation | None = None

    def after_turn(self, _before: float, _now: float) -> None:
        """Begin if the signal came; record if it is done. Signals meanwhile count as one more."""
        operation = self._operation
        if operation is not None and operation.is_settled:
            self._record(operation)
            self._operation = None
        elif operation is None and self._loop.is_told_to_reload:
            self._loop.is_told_to_reload = False
            self._operation = begin(self._hub, WHO, "reload", {})
            self._loop.wake()

    def _record(self, operation: Operation) -> None:
        if operation.refusal is not None:
            why, known = operation.refusal.what, self._keeper.failure
            if not known or known not in why:  # the keeper has recorded that one
                self._journal.error("SIGHUP: nothing was read again", why=why)
        elif operation.answer is not None:
            later = ", ".join(operation.answer().later) or "nothing"
            self._journal.info("SIGHUP: all was read again", with_the_next_start_only=later)
