"""Who was here: those who are gone and the nicks that were given up, the last ones only.

Theirs is the memory of one run of one server: a bounded ring, and kept nowhere.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

import msgspec

from xchat.chat.entities import User
from xchat.irc import names
from xchat.limits import WHOWAS_ENTRIES_MAX


class Past(msgspec.Struct, frozen=True):
    """A user as they were when they gave up a nick, and when that was (ms)."""

    folded: str
    user: User
    ts: int


class Whowas:
    """The ring; past its bound the oldest is forgotten."""

    def __init__(self) -> None:
        self._past: deque[Past] = deque(maxlen=WHOWAS_ENTRIES_MAX)

    def add(self, user: User, ts: int) -> None:
        """Remember a user who gives up a nick."""
        self._past.append(Past(names.fold(user.nick), user, ts))

    def newest_first(self) -> Iterator[Past]:
        """Return what is remembered now, the most recent first."""
        return iter(list(reversed(self._past)))
