"""What to do about what happened: who is told what, as values in order.

`apply` returns them and chat/fanout.py carries them out after the commit, in
the log's order; joining and leaving are effects too, so each line reaches
those who were there at its place in the log.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from xchat.chat.entities import Account, Channel, ServerBan, User
from xchat.chat.lines import Line
from xchat.irc.numerics import Numeric


class Effect(msgspec.Struct, frozen=True):
    """The base of all effects."""


class Answer(Effect, frozen=True):
    """A numeric for the session that asked, and for no other."""

    numeric: Numeric
    params: tuple[str, ...] = ()
    text: str | None = None


class Fail(Effect, frozen=True):
    """A FAIL for the session that asked, and for no other."""

    code: str
    context: tuple[str, ...]
    text: str


class ToUser(Effect, frozen=True):
    """A line for all sessions of a user that have the capabilities `need`."""

    uid: str
    line: Line
    need: int = 0


class ToUsers(Effect, frozen=True):
    """The same line for several users."""

    uids: tuple[str, ...]
    line: Line
    need: int = 0


class ToChannel(Effect, frozen=True):
    """A line for everyone in a channel (folded name) who has the capabilities `need`."""

    channel: str
    line: Line
    need: int = 0


class ToNeighbours(Effect, frozen=True):
    """A line for everyone in any of these channels, once each, `uid` left out.

    With `watched`, a folded nick, those who watch it (IRCv3 extended-monitor) are told too,
    and so are the users `also`; who has the capabilities `lack` is not.
    """

    channels: tuple[str, ...]
    uid: str
    line: Line
    need: int = 0
    watched: str = ""
    lack: int = 0
    also: tuple[str, ...] = ()


class ChannelMessage(Effect, frozen=True):
    """A message for everyone in a channel; who sent it hears it with echo-message only."""

    channel: str
    line: Line
    need: int = 0


class SomeMessage(Effect, frozen=True):
    """A message for some of a channel, and for the other devices of who sent it."""

    uids: tuple[str, ...]
    line: Line
    need: int
    sender: str


class UserMessage(Effect, frozen=True):
    """A message for one user, and for the sender's other devices.

    The device that sent it hears it with echo-message only.
    """

    uid: str
    line: Line
    need: int = 0
    sender: str = ""


class Welcomed(Effect, frozen=True):
    """A session (`sid`) is registered as this user, who is new."""

    user: User
    sid: str


class SessionAttached(Effect, frozen=True):
    """One more session (`sid`) is registered as a user who is here already.

    `detached_at` is since where in the log nobody was attached to them; 0 where somebody was.
    """

    user: User
    sid: str
    detached_at: int = 0


class AccountMade(Effect, frozen=True):
    """There is a new account, for the session that asked for it."""

    account: Account


class LoggedIn(Effect, frozen=True):
    """A user is logged in to an account, or (None) to none any more."""

    user: User
    account: Account | None


class MetadataChanged(Effect, frozen=True):
    """Keys of a target were set or unset (None): `answers` for who asked, `news` for others.

    A user's is heard in all `channels` in which they are seen, by who sees them in others
    (`also`, uids), by who watches them (`watched`, a folded nick), and by their own
    devices; a channel's, `uid` empty, in it alone.
    """

    target: str
    channels: tuple[str, ...]
    uid: str
    watched: str
    answers: Mapping[str, str | None]
    news: Mapping[str, str | None]
    batched: bool = False
    also: tuple[str, ...] = ()


class Banned(Effect, frozen=True):
    """Whoever a new ban is for is not here from now on."""

    ban: ServerBan


class ToAll(Effect, frozen=True):
    """A text for everyone who is here, from the server itself, and when (ms)."""

    text: str
    ts: int


class SessionsClosed(Effect, frozen=True):
    """Sessions (their sids) are to end, and why."""

    sids: tuple[str, ...]
    reason: str


class NickTaken(Effect, frozen=True):
    """A user has a nick from here on, and since when (ms): they came, or had another one."""

    user: User
    ts: int


class NickLeft(Effect, frozen=True):
    """A user has this nick no longer; as they were, and when (ms)."""

    user: User
    ts: int


class Read(Effect, frozen=True):
    """A user has read a target up to a time (ms); if that is news, all their devices hear it."""

    uid: str
    target: str
    ts: int
    is_new: bool


class Entered(Effect, frozen=True):
    """A user is in a channel from here on; `members` as they see them, themselves included.

    The `witnesses` alone are told of it, if not None.
    """

    uid: str
    folded: str
    channel: Channel
    line: Line
    members: tuple[tuple[User, int], ...]
    witnesses: tuple[str, ...] | None = None


class Renamed(Effect, frozen=True):
    """A channel is called otherwise from here on; `members` as they are then."""

    old: str
    new: str
    line: Line
    channel: Channel
    members: tuple[tuple[User, int], ...]


class Left(Effect, frozen=True):
    """A user is in a channel no longer."""

    uid: str
    folded: str


class Gone(Effect, frozen=True):
    """A user is gone from the network, and so are their sessions."""

    user: User
    reason: str
