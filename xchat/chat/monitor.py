"""Who watches which nick (IRCv3 monitor), by folded nick and by session.

A list is a session's own and lives as long as it does: nothing of it is kept.
"""

from __future__ import annotations

from collections.abc import Iterable

from xchat.chat.session import Session


class Monitor:
    """The lists of all sessions here."""

    def __init__(self) -> None:
        self._watchers: dict[str, dict[Session, None]] = {}
        self._lists: dict[Session, dict[str, str]] = {}

    def watchers(self, folded: str) -> Iterable[Session]:
        """Return the sessions that watch a nick, in the order in which they began to."""
        return self._watchers.get(folded, ())

    def targets(self, session: Session) -> list[str]:
        """Return the nicks that a session watches, as it has written them."""
        return list(self._lists.get(session, {}).values())

    def add(self, session: Session, folded: str, nick: str, most: int) -> bool:
        """Let a session watch a nick; say False where its list has as many as it may."""
        targets = self._lists.setdefault(session, {})
        if folded not in targets and len(targets) >= most:
            return False
        targets.setdefault(folded, nick)
        self._watchers.setdefault(folded, {})[session] = None
        return True

    def remove(self, session: Session, folded: str) -> None:
        """Let a session watch a nick no more."""
        targets = self._lists.get(session, {})
        if targets.pop(folded, None) is None:
            return
        if not targets:
            del self._lists[session]
        watchers = self._watchers[folded]
        del watchers[session]
        if not watchers:
            del self._watchers[folded]

    def forget(self, session: Session) -> None:
        """Let go of all that a session watches: it is gone, or has asked to."""
        for folded in list(self._lists.get(session, {})):
            self.remove(session, folded)
