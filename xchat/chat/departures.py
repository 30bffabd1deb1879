"""Sessions whose connection is gone, until the log has it that they are.

That is owed: where it cannot be kept now, it is tried again, so no user
stays behind as a ghost because the disk was full when they left.
"""

from __future__ import annotations

from xchat.chat.events import SessionDetached
from xchat.chat.ledger import Ledger
from xchat.chat.session import Session
from xchat.chat.state import State

AGAIN_SECONDS = 1.0


class Departures:
    """Which sessions are to be detached, and why they went."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._owed: dict[str, SessionDetached] = {}
        self._next = 0.0
        self._is_stopped = False

    def add(self, session: Session, reason: str) -> None:
        """Detach a session in the next turn."""
        if not self._is_stopped:
            event = SessionDetached(uid=session.uid, sid=session.sid, reason=reason)
            self._owed[session.sid] = event
            self._next = 0.0

    def begin(self, session: Session, reason: str, now: float) -> bool:
        """Ask at once for a session to be detached; say False where nobody is any more."""
        self.add(session, reason)
        self.go_on(now)
        return session.sid in self._owed

    def stop(self) -> None:
        """Owe nothing more: the server ends, and its next start lets everyone go at once."""
        self._is_stopped = True

    def next_try(self) -> float | None:
        """Return when there is something to do (seconds), or None."""
        return self._next if self._owed else None

    def go_on(self, now: float) -> None:
        """Append what is due, and forget what was kept."""
        if not self._owed or now < self._next:
            return
        self._next = now + AGAIN_SECONDS
        for sid, event in list(self._owed.items()):
            if is_attached(self._ledger.state, event.uid, sid):
                self._ledger.append_own(event.uid, event)
            else:
                del self._owed[sid]


def is_attached(state: State, uid: str, sid: str) -> bool:
    """Say whether a session is one of a user's."""
    user = state.users.get(uid)
    return user is not None and any(session.sid == sid for session in user.sessions)
