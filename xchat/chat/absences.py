"""Users who are always present, and whose devices have been away for too long: they go."""

from __future__ import annotations

from xchat.chat.events import UserQuit
from xchat.chat.ledger import Ledger

LOOK_SECONDS = 60.0
"""How often it is looked who is gone: nobody waits for it to the second."""


class Absences:
    """Looks for users whom nobody has been attached to for `seconds_max`."""

    def __init__(self, ledger: Ledger, seconds_max: float) -> None:
        self._ledger = ledger
        self._ms_max = int(seconds_max * 1000)
        self._next = 0.0

    def go_on(self, now: float, now_ms: int) -> None:
        """Let those go whose time is up; at most once in LOOK_SECONDS."""
        if now < self._next:
            return
        self._next = now + LOOK_SECONDS
        for user in self._ledger.state.users.values():
            if user.detached and now_ms - user.detached > self._ms_max:
                event = UserQuit(uid=user.uid, reason="Not connected for too long")
                self._ledger.append_own(user.uid, event)
