"""What happens to users: they come, say what they are, and go."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from xchat.chat.events.base import Event
from xchat.irc.message import NO_TAGS


class NodeStarted(Event, frozen=True, tag="node-started"):
    """A server (re)started: whoever was connected to it before is gone."""

    node: str


class UserRegistered(Event, frozen=True, tag="user-registered"):
    """A connection (whose sid is `uid`) claims a nick; the first claim in the log has it.

    One that is logged in to an account (`account`, an aid) whose user has that
    nick already is attached to that user.
    """

    uid: str
    node: str
    nick: str
    user: str
    host: str
    realname: str
    account: str = ""
    stays: bool = False
    metadata: Mapping[str, str] = NO_TAGS
    """What it has set before there was a user to have it (IRCv3 metadata)."""
    modes: str = ""


class SessionDetached(Event, frozen=True, tag="session-detached"):
    """A connection of a user has ended; with the last one goes the user, if not always present."""

    uid: str
    sid: str
    reason: str


class UserQuit(Event, frozen=True, tag="user-quit"):
    """A user is gone, whoever is attached."""

    uid: str
    reason: str

    def blank(self) -> Event:
        """Return the event without its reason."""
        return replace(self, reason="")


class NickChanged(Event, frozen=True, tag="nick-changed"):
    """A user claims another nick."""

    uid: str
    nick: str


class RealnameChanged(Event, frozen=True, tag="realname-changed"):
    """A user set another real name (IRCv3 setname)."""

    uid: str
    realname: str


class UserModesChanged(Event, frozen=True, tag="user-modes-changed"):
    """A user set or unset modes of their own; `modes` are the letters now set."""

    uid: str
    modes: str


class UserAccepted(Event, frozen=True, tag="user-accepted"):
    """A user with mode R lets `target` (a uid) talk to them all the same, or not any more."""

    uid: str
    target: str
    accepted: bool


class HostChanged(Event, frozen=True, tag="host-changed"):
    """A user is shown with another user name and host (IRCv3 chghost)."""

    uid: str
    user: str
    host: str


class MetadataSet(Event, frozen=True, tag="metadata-set"):
    """Somebody set keys of `target` (a uid or a channel); None unsets one (IRCv3 metadata)."""

    uid: str
    target: str
    values: Mapping[str, str | None]


class MetadataCleared(Event, frozen=True, tag="metadata-cleared"):
    """Somebody unset all keys of `target` (a uid or a channel)."""

    uid: str
    target: str
