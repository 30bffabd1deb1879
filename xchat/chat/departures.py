"""Users whose connection is gone, until the log has it that they are.

A quit is owed: where it cannot be kept now, it is tried again, so no user
stays behind as a ghost because the disk was full when they left.
"""

from __future__ import annotations

from xchat.chat.events import UserQuit
from xchat.chat.ledger import Ledger

AGAIN_SECONDS = 1.0


class Departures:
    """Who is owed a quit, and why they went."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._reasons: dict[str, str] = {}
        self._next = 0.0
        self._is_stopped = False

    def add(self, uid: str, reason: str) -> None:
        """Let a user go in the next turn."""
        if not self._is_stopped:
            self._reasons[uid] = reason
            self._next = 0.0

    def stop(self) -> None:
        """Owe nothing more: the server ends, and its next start lets everyone go at once."""
        self._is_stopped = True

    def next_try(self) -> float | None:
        """Return when there is something to do (seconds), or None."""
        return self._next if self._reasons else None

    def go_on(self, now: float) -> None:
        """Append the quits that are due, and forget those that were kept."""
        if not self._reasons or now < self._next:
            return
        self._next = now + AGAIN_SECONDS
        for uid, reason in list(self._reasons.items()):
            if uid in self._ledger.state.users:
                self._ledger.append_own(uid, UserQuit(uid=uid, reason=reason))
            else:
                del self._reasons[uid]
