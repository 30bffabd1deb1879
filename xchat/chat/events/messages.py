"""What is said, read, and taken back."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from xchat.chat.events.base import Event
from xchat.irc.message import NO_TAGS


class MessageSent(Event, frozen=True, tag="message-sent"):
    """A message: `command` is PRIVMSG, NOTICE or TAGMSG; `target` a channel or a uid.

    `voice` is in whose name it is said, if not in that of who says it (apply/voices.py).
    """

    uid: str
    command: str
    target: str
    text: str | None
    tags: Mapping[str, str] = NO_TAGS
    voice: str = ""

    def blank(self) -> Event:
        """Return the event without what was said."""
        return replace(self, text=None, tags=NO_TAGS)


class MarkedRead(Event, frozen=True, tag="marked-read"):
    """A user has read a target (a channel or a nick) up to a time (ms)."""

    uid: str
    target: str
    ts: int


class MessageRedacted(Event, frozen=True, tag="message-redacted"):
    """Somebody takes back a message, of `author` (a party) and in this history.

    `target` is the channel's name, or whose direct messages they are as they were named.
    """

    uid: str
    target: str
    history: str
    msgid: str
    author: str
    reason: str | None = None

    def blank(self) -> Event:
        """Return the event without its reason."""
        return replace(self, reason=None)
