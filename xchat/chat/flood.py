"""Flood control: a token bucket a session, which slows and never drops (SAFERATE).

A session with no token left is not forgotten: its lines wait, reading from it
stops when `inbox_lines_max` of them do, and it goes on when the bucket has
refilled. What it sends beyond that waits in its own network, so that it costs
memory to nobody but its sender.
"""

from __future__ import annotations

from xchat.chat.session import Session
from xchat.limits import Limits


class FloodGate:
    """The buckets of all sessions; times in seconds."""

    def __init__(self, limits: Limits) -> None:
        self._burst = limits.flood_burst
        self._rate = limits.flood_lines_per_second
        self._asleep: dict[Session, float] = {}

    def admits(self, session: Session, now: float) -> bool:
        """Say whether the next line may be handled; if not, the session sleeps until it may."""
        if session.exempt:
            return True
        tokens = session.tokens + (now - session.tokens_at) * self._rate
        session.tokens = min(tokens, self._burst)
        session.tokens_at = now
        if session.tokens >= 1:
            return True
        self._asleep[session] = now + (1 - session.tokens) / self._rate
        return False

    def charge(self, session: Session, cost: float) -> None:
        """Take the cost of a line out of a bucket, which may run into debt."""
        if not session.exempt:
            session.tokens -= cost

    def released(self, now: float) -> list[Session]:
        """Return the sessions that may go on."""
        awake = [session for session, until in self._asleep.items() if until <= now]
        for session in awake:
            del self._asleep[session]
        return awake

    def next_release(self) -> float | None:
        """Return when the next session may go on, or None."""
        return min(self._asleep.values(), default=None)

    def forget(self, session: Session) -> None:
        """Let go of a session that is closed."""
        self._asleep.pop(session, None)
