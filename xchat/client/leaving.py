"""Leaving without losing a line: what every app of ours does at its end."""

from __future__ import annotations

import time

from xchat.client.exits import ClientError, Exit
from xchat.client.session import Session
from xchat.limits.client import STUCK_SECONDS_MAX


class Leaving:
    """Waits until all that was said is settled and answered, then says goodbye."""

    def __init__(self, session: Session, *, patience: float = STUCK_SECONDS_MAX) -> None:
        self._session = session
        self._patience = patience
        self._reason = ""
        self._fenced = False
        self._left = (-1, -1)
        self._stuck_at: float | None = None

    @property
    def wanted(self) -> bool:
        """Whether somebody has asked to leave."""
        return self._stuck_at is not None

    def begin(self, reason: str = "") -> None:
        """Leave when all is settled."""
        if not self.wanted:
            self._reason = reason
            self._stuck_at = time.monotonic() + self._patience

    def turn(self) -> float | None:
        """Go on leaving; return the seconds until the next look. Raises ClientError."""
        if self._stuck_at is None or self._session.leaving:
            return None
        left = (self._session.unsettled, self._session.unsent)
        if left != self._left:
            self._left = left
            self._stuck_at = time.monotonic() + self._patience
        if self._session.ready and not self._fenced:
            self._fenced = True
            self._session.fence()
        if self._session.ready and self._session.idle:
            self._session.quit(self._reason)
            return None
        rest = self._stuck_at - time.monotonic()
        if rest <= 0 and self._session.unsettled == 0:
            self._session.quit(self._reason)
        elif rest <= 0:
            raise unsettled(self._session)
        return rest


def unsettled(session: Session) -> ClientError:
    """Return the error of lines that are not known to be kept."""
    count = session.unsettled
    lines = f"{count} line{'s' if count != 1 else ''}"
    return ClientError(Exit.LINE_UNCERTAIN, f"{lines} not known to be kept by the server")
