"""What happened, as values: all that a session ever tells whoever stands on it.

Text in these values is as the network sent it. Whoever shows it to a person passes it
through `xchat.irc.names.visible` first.
"""

from __future__ import annotations

from typing import Literal

import msgspec

Kind = Literal["message", "notice", "action"]


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened."""


class Registered(Event, frozen=True):
    """The server took us in; `again` where this is not the first time."""

    nick: str
    server: str
    network: str
    again: bool


class NickRefused(Event, frozen=True):
    """The server does not give us this nick; nothing goes on until another is asked for."""

    nick: str
    code: str
    words: str

    @property
    def taken(self) -> bool:
        """Whether somebody else has it (and it is not ill-formed)."""
        return self.code != "432"


class EntryRefused(Event, frozen=True):
    """The server let us not in, or put us out for good, in its own words."""

    code: str
    words: str
    permanent: bool


class Disconnected(Event, frozen=True):
    """The connection ended; the next try is due at `retry_at` (session seconds), if ever."""

    reason: str
    retry_at: float | None


class MessageReceived(Event, frozen=True):
    """Something was said; our own words too, once the server has kept them.

    `time` is the server's, `2026-11-22T16:51:46.123Z`, or None where it gives none.
    `replayed` tells what came out of the history from what was said just now.
    """

    nick: str
    target: str
    text: str
    kind: Kind
    buffer: str
    time: str | None = None
    msgid: str | None = None
    own: bool = False
    replayed: bool = False


class MessageKept(Event, frozen=True):
    """A line of ours is in the server's history (or handed over, where it echoes nothing)."""

    line: int
    target: str
    msgid: str | None
    proven: bool


class MessageRefused(Event, frozen=True):
    """A line of ours was not taken."""

    line: int
    target: str
    text: str
    code: str
    words: str


class MessageUncertain(Event, frozen=True):
    """A line of ours was on its way when the connection broke, and no history can tell."""

    line: int
    target: str
    text: str


class HistoryReceived(Event, frozen=True):
    """The answer to `Session.history`, oldest first."""

    target: str
    messages: tuple[MessageReceived, ...]


class GapFilled(Event, frozen=True):
    """All that was said in a channel while we were away has been told."""

    channel: str
    count: int


class GapLeft(Event, frozen=True):
    """What was said while we were away could not be fetched, and why."""

    channel: str
    words: str


class Joined(Event, frozen=True):
    """Someone, or we, came into a channel."""

    channel: str
    nick: str
    own: bool
    again: bool = False


class JoinRefused(Event, frozen=True):
    """The server does not let us into a channel."""

    channel: str
    code: str
    words: str


class Parted(Event, frozen=True):
    """Someone, or we, left a channel."""

    channel: str
    nick: str
    reason: str
    own: bool


class Kicked(Event, frozen=True):
    """Someone, or we, was put out of a channel."""

    channel: str
    nick: str
    by: str
    reason: str
    own: bool


class LeftNetwork(Event, frozen=True):
    """Someone left for good; `channels` are those of ours they were in."""

    nick: str
    reason: str
    channels: tuple[str, ...]


class NickChanged(Event, frozen=True):
    """Someone, or we, goes by another nick now."""

    old: str
    new: str
    own: bool
    channels: tuple[str, ...]


class TopicChanged(Event, frozen=True):
    """A channel's topic; `by` is None where we learn it, on joining or (`asked`) by asking."""

    channel: str
    topic: str
    by: str | None
    asked: bool = False


class NamesListed(Event, frozen=True):
    """Who is in a channel, each nick with its prefixes; `asked` where it was not for a join."""

    channel: str
    names: tuple[str, ...]
    asked: bool


class ModeChanged(Event, frozen=True):
    """Modes of a channel or of ours were changed."""

    target: str
    by: str
    words: str


class Invited(Event, frozen=True):
    """Someone asks somebody into a channel."""

    channel: str
    nick: str
    by: str


class WhoisReceived(Event, frozen=True):
    """What the server tells about someone, as pairs of a word and its value."""

    nick: str
    facts: tuple[tuple[str, str], ...]


class Refused(Event, frozen=True):
    """A command of ours was refused, in the server's words; `about` is what it names."""

    code: str
    words: str
    about: tuple[str, ...] = ()


class ServerSaid(Event, frozen=True):
    """Any other word of the server's: a numeric, a NOTE, a WARN, a line of the day."""

    code: str
    words: str


class LineDropped(Event, frozen=True):
    """A line of the server's was longer than any line may be, and was not read."""
