"""The certificates that sessions stand on: who has shown one goes when it holds no longer.

A connection outlives what was judged in its handshake. So each session's certificate is
remembered: when it is revoked the session ends at once, with words that say since when;
when it expires the session ends too, and is told so the day before. Others of the same
user stay, and so does a user who is always present.
"""

from __future__ import annotations

import math

from xchat.chat.hub import Hub
from xchat.chat.lines import Line, render
from xchat.chat.session import Session
from xchat.server.deadlines import Deadlines
from xchat.server.presented import Presented
from xchat.server.revoked import Barred

WARNING_SECONDS = 86_400.0
"""So long before its certificate ends a session is told."""
LOOK_SECONDS = 3_600.0
"""Each is looked at so often, that the heap forgets who went: most certificates end in months."""

_SOON = (
    "Your certificate ends on {:%Y-%m-%d at %H:%M} UTC, and this connection with it. xchat-client "
    "renews its own; whoever runs this server can make another for other programs"
)
_OVER = "Your certificate expired on {:%Y-%m-%d at %H:%M} UTC"


class Papers:
    """Who has shown what. Times are of the clock on the wall, as certificates have them."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._papers: dict[Session, _Paper] = {}
        self._deadlines = Deadlines()

    def watch(self, session: Session, presented: Presented) -> None:
        """Remember what a session has shown."""
        paper = self._papers[session] = _Paper(session, presented)
        self._deadlines.watch(paper)

    def forget(self, session: Session) -> None:
        """Remember it no more."""
        paper = self._papers.pop(session, None)
        if paper is not None:
            self._deadlines.forget(paper)

    def go_on(self) -> None:
        """Warn whose certificate ends within a day, and part with whose has ended."""
        now = self._hub.now_ms / 1000
        for paper in self._deadlines.due(now):
            assert isinstance(paper, _Paper)
            self._look_at(paper, now)

    def part_with(self, barred: Barred) -> int:
        """Part with those whose certificate is revoked; return how many they are."""
        found = 0
        for session, paper in self._papers.items():
            why = barred.why_not(paper.presented)
            if why is not None and session.ending is None:
                self._hub.close(session, f"Your certificate was {why}")
                found += 1
        return found

    def _look_at(self, paper: _Paper, now: float) -> None:
        if now >= paper.ends:
            self._hub.close(paper.session, _OVER.format(paper.presented.not_after))
            return
        if now >= paper.warns:
            paper.warns = math.inf
            self._tell(paper.session, _SOON.format(paper.presented.not_after))
        paper.look = now + LOOK_SECONDS
        self._deadlines.watch(paper)

    def _tell(self, session: Session, text: str) -> None:
        hub = self._hub
        line = Line(hub.name, "NOTICE", (hub.nick_of(session), text), hub.now_ms)
        session.outbox.append(render(line, session.caps, ""))
        hub.fanout.touch(session)


class _Paper:
    """A session's certificate; `warns`, `ends` and `look` are when something is due."""

    def __init__(self, session: Session, presented: Presented) -> None:
        self.session = session
        self.presented = presented
        self.ends = presented.not_after.timestamp()
        self.warns = self.ends - WARNING_SECONDS
        self.look = 0.0

    def deadline(self) -> float:
        """Return when to look at it next."""
        return min(self.ends, self.warns, self.look)
