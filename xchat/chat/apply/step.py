"""One event being applied: where it stands, and what has come of it so far."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from xchat.chat.effects import Effect
from xchat.chat.entities import User
from xchat.chat.lines import Line
from xchat.chat.modes import BOT
from xchat.chat.refused import Failed, Ignored, Refused
from xchat.chat.state import State
from xchat.irc.message import NO_TAGS


class HistoryRow(msgspec.Struct, frozen=True):
    """What was said, or happened, as the history of its target keeps it.

    `target` is a channel's cid, or `direct_target` of two people; `shown` the
    parameters as they were told but for a last `text`. `author` is the person
    whose message it is, `account` the name of their account; `part` tells rows
    of one target and place apart.
    """

    target: str
    seq: int
    ts: int
    source: str
    command: str
    shown: str
    text: str | None
    tags: Mapping[str, str]
    author: str = ""
    account: str = ""
    bot: bool = False
    part: int = 0


class Erased(NamedTuple):
    """A place in the log whose text is to go, and the target whose history tells it, if any."""

    seq: int
    target: str = ""


class AuditRow(msgspec.Struct, frozen=True):
    """What was done in somebody's name: `via` the console or a chat, by `who`, to `what`."""

    seq: int
    ts: int
    via: str
    who: str
    act: str
    what: str


class Step:
    """The place of an event in the log, and its outcome as `apply` fills it in."""

    __slots__ = ("audit", "effects", "erased", "fault", "history", "log_id", "seq", "state", "ts")

    def __init__(self, state: State, seq: int, ts: int, log_id: str) -> None:
        self.state = state
        self.seq = seq
        self.ts = ts
        self.log_id = log_id
        self.effects: list[Effect] = []
        self.history: list[HistoryRow] = []
        self.erased: list[Erased] = []
        self.audit: list[AuditRow] = []
        self.fault: Refused | Failed | Ignored | None = None
        """Why the claim came to nothing, where it did."""

    @property
    def is_applied(self) -> bool:
        """Whether the event counts: it was neither refused nor ignored."""
        return self.fault is None

    @property
    def msgid(self) -> str:
        """The msgid of what is said here; none for what is not kept."""
        return make_msgid(self.log_id, self.seq) if self.seq else ""

    def line(
        self, source: User | str, command: str, *params: str, tags: Mapping[str, str] = NO_TAGS
    ) -> Line:
        """Return a line of this moment; of a user it tells the account too."""
        if isinstance(source, str):
            return Line(source, command, params, self.ts, self.msgid, tags)
        return Line(
            source.prefix,
            command,
            params,
            self.ts,
            self.msgid,
            tags,
            account=self.account_name(source),
            bot=BOT in source.modes,
        )

    def account_name(self, user: User) -> str:
        """Return the name of the account that a user is logged in to, or nothing."""
        account = self.state.accounts.get(user.account)
        return account.name if account else ""

    def erase(self, seq: int, target: str = "") -> None:
        """Let the store erase what an entry of the log says, and the history of its target."""
        if seq:
            self.erased.append(Erased(seq, target))


def make_msgid(log_id: str, seq: int) -> str:
    """Return the msgid of an entry: unique, for ever the same, and of this log alone."""
    return f"{log_id}-{seq:x}"


def seq_of(log_id: str, msgid: str) -> int | None:
    """Return the place in the log that a msgid of ours names, or None."""
    ours, _, place = msgid.rpartition("-")
    if ours != log_id or not 0 < len(place) <= 15 or place.strip("0123456789abcdef"):
        return None
    return int(place, 16)


def direct_target(one: str, other: str) -> str:
    """Return the history target of two parties (`User.party`), and of no others."""
    return "&".join(sorted((one, other)))


def actor(state: State, uid: str) -> User:
    """Return the user who acts; raises Ignored when they are gone by now."""
    user = state.users.get(uid)
    if user is None:
        raise Ignored
    return user
