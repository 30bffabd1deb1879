"""What is heard by those who are there, and kept nowhere."""

from __future__ import annotations

from collections.abc import Mapping

from xchat.chat.events.base import Event


class TypingNotified(Event, frozen=True, tag="typing-notified"):
    """A TAGMSG that need not be kept."""

    uid: str
    target: str
    tags: Mapping[str, str]


class WallopsSent(Event, frozen=True, tag="wallops-sent"):
    """An operator tells something to all who want to hear operators (user mode w)."""

    uid: str
    text: str


class AwayChanged(Event, frozen=True, tag="away-changed"):
    """A user went away (`message`) or came back (None), as all of their devices say together.

    `device_is_away` is what the one that asked has said of itself, and is answered.
    """

    uid: str
    message: str | None
    device_is_away: bool = False
