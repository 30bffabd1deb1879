"""Which keys each session wants to hear of, and what it has set before it was registered."""

from __future__ import annotations

from xchat.chat.session import Session
from xchat.limits import METADATA_CHANGES_A_SECOND, METADATA_CHANGES_BURST


class Interest:
    """One session's: `keys` in the order of its subscriptions, `claimed` until it is registered."""

    __slots__ = ("_at", "_tokens", "claimed", "keys")

    def __init__(self, now: float) -> None:
        self.keys: dict[str, None] = {}
        self.claimed: dict[str, str] = {}
        self._tokens = float(METADATA_CHANGES_BURST)
        self._at = now

    def wait(self, now: float) -> float:
        """Take a change of metadata; return for how long (seconds) none may be made, or 0."""
        tokens = self._tokens + (now - self._at) * METADATA_CHANGES_A_SECOND
        self._tokens, self._at = min(tokens, float(METADATA_CHANGES_BURST)), now
        if self._tokens < 1:
            return (1 - self._tokens) / METADATA_CHANGES_A_SECOND
        self._tokens -= 1
        return 0.0


class Interests:
    """Those of all sessions that ever asked for metadata."""

    def __init__(self) -> None:
        self._of: dict[Session, Interest] = {}

    def of(self, session: Session, now: float) -> Interest:
        """Return a session's, which may begin with it."""
        return self._of.setdefault(session, Interest(now))

    def keys(self, session: Session) -> dict[str, None]:
        """Return the keys that a session has subscribed to."""
        interest = self._of.get(session)
        return interest.keys if interest else {}

    def claimed(self, session: Session) -> dict[str, str]:
        """Return what a session has set before it was registered."""
        interest = self._of.get(session)
        return dict(interest.claimed) if interest else {}

    def take_claimed(self, session: Session) -> dict[str, str]:
        """Return, once, what a session has set before it was registered."""
        interest = self._of.get(session)
        if interest is None:
            return {}
        claimed, interest.claimed = interest.claimed, {}
        return claimed

    def forget(self, session: Session) -> None:
        """Let go of a session that is gone."""
        self._of.pop(session, None)
