"""What the state is made of: users, channels and who is in them, as frozen values.

Each is replaced whole when something of it changes, and kept as JSON with its
kind in `k`: a field may be added with a default, and is never renamed.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from xchat.chat.invites import Invite
from xchat.chat.modes import DEFAULT_FLAGS


class Attached(msgspec.Struct, frozen=True, array_like=True):
    """One session of a user: which connection, and on which server."""

    sid: str
    node: str


class User(msgspec.Struct, frozen=True, kw_only=True, tag="user", tag_field="k"):
    """Somebody on the network; `uid` is theirs for as long as they are here.

    Several sessions may be attached to one user who is logged in, and none to
    one whose account is always present.
    """

    uid: str
    node: str
    nick: str
    user: str
    host: str
    realname: str
    modes: str = ""
    since: int
    role: str = ""
    """What they may do as an operator of the server (chat/operators.py)."""
    accepted: tuple[str, ...] = ()
    """The uids of those who may talk to them though mode R is set."""
    account: str = ""
    """The aid of the account they are logged in to."""
    address: str = ""
    """Where they came from, where they are shown with another host; else nothing."""
    stays: bool = False
    """Whether the server lets those stay whose account does not say."""
    sessions: tuple[Attached, ...] = ()
    detached: int = 0
    """Since when (ms) nobody has been attached; 0 while somebody is."""
    detached_at: int = 0
    """Where in the log the last one was that no longer is."""

    @property
    def prefix(self) -> str:
        """The source of this user's lines, `nick!user@host`."""
        return f"{self.nick}!{self.user}@{self.host}"

    @property
    def party(self) -> str:
        """Who they are to the history of direct messages: their account, or this user alone."""
        return party_of(self.account) if self.account else self.uid


def party_of(aid: str) -> str:
    """Return who an account is to the history of direct messages."""
    return f"={aid}"


class ServerBan(msgspec.Struct, frozen=True, kw_only=True, tag="server-ban", tag_field="k"):
    """Whom the server does not let in: by account, by `nick!user@host`, or by address.

    Who set it, when and until when (ms; 0 is for ever), and why, as they are told.
    """

    kind: str
    mask: str
    by: str
    ts: int
    until: int = 0
    reason: str = ""


class Topic(msgspec.Struct, frozen=True):
    """A topic, who set it (nick!user@host), and when (ms)."""

    text: str
    setter: str
    ts: int


class Ban(msgspec.Struct, frozen=True):
    """A mask on a list of a channel, who set it, when, and until when (ms; 0 is for ever)."""

    mask: str
    setter: str
    ts: int
    until: int = 0


class Access(msgspec.Struct, frozen=True):
    """What an account (`aid`) is in a registered channel whenever it enters: a role's letter."""

    aid: str
    letter: str


class Lifted(msgspec.Struct, frozen=True):
    """A ban that was lifted, and where in the log; `spared` (parties) were in the channel then."""

    mask: str
    seq: int
    spared: tuple[str, ...] = ()


class Terms(msgspec.Struct, frozen=True):
    """How long history is kept: for so many days, and so many messages; 0 is no bound."""

    days: int = 0
    messages: int = 0

    def within(self, other: Terms) -> Terms:
        """Return the narrower of each bound."""
        return Terms(_least(self.days, other.days), _least(self.messages, other.messages))


def _least(one: int, other: int) -> int:
    return min(one, other) if one and other else one or other


class Channel(msgspec.Struct, frozen=True, kw_only=True, tag="channel", tag_field="k"):
    """A channel; `cid` names this life of it, and its history, among all of one name."""

    cid: str
    name: str
    created: int
    flags: str = DEFAULT_FLAGS
    topic: Topic | None = None
    key: str = ""
    limit: int = 0
    bans: tuple[Ban, ...] = ()
    exceptions: tuple[Ban, ...] = ()
    """Masks that no ban stops (+e)."""
    invexes: tuple[Ban, ...] = ()
    """Masks that +i does not stop (+I)."""
    lifted: tuple[Lifted, ...] = ()
    """Bans that were lifted, the oldest first: whom they meant reads on from there only."""
    invited: tuple[str, ...] = ()
    spoken: bool = False
    """Whether anything was ever said here that its history keeps."""
    emptied: int = 0
    """Where in the log the last member left it; 0 while somebody is in it, or it is registered."""
    founder: str = ""
    """The aid whose channel it is; none if it is not registered."""
    access: tuple[Access, ...] = ()
    retention: Terms = Terms()
    """How long its founder has it kept, within what the server does."""


class Member(msgspec.Struct, frozen=True, tag="member", tag_field="k"):
    """One user in one channel, and their roles as bits (modes.ROLES)."""

    channel: str
    uid: str
    roles: int


class Account(msgspec.Struct, frozen=True, kw_only=True, tag="account", tag_field="k"):
    """A login; `aid` is its own for ever, and what is private to it hangs on that.

    `password` is an argon2id hash, `scram` what SCRAM-SHA-256 needs (see
    chat/passwords.py); an account without either logs in by certificate.
    """

    aid: str
    name: str
    created: int
    password: str | None = None
    scram: str | None = None
    credentials_at: int = 0
    """Where in the log those two stand, to be erased there when they change."""
    certificates: tuple[str, ...] = ()
    """SHA-256 fingerprints of certificates that log in, in lower-case hex."""
    nicks: tuple[str, ...] = ()
    """Nicks that are the account's own, beside its name."""
    role: str = ""
    host: str = ""
    """The host that its users are shown with in place of their address, if any."""
    email: str = ""
    """How its owner is reached, where the server asks for that."""
    always_present: bool | None = None
    """Whether its user stays, under a nick of its own, while nobody is attached.

    None: as the server they logged in to has it (`User.stays`).
    """
    multiclient: bool = True
    """Whether a further device that asks for its user's nick is attached to them."""
    suspended: str | None = None
    """Why it may not log in, or None."""

    @property
    def own_nicks(self) -> tuple[str, ...]:
        """The nicks that nobody else may hold."""
        return (self.name, *self.nicks)


class ReadMarker(msgspec.Struct, frozen=True, tag="read-marker", tag_field="k"):
    """How far one party (`User.party`) has read a target (folded), as a time in ms."""

    party: str
    target: str
    ts: int


class Metadata(msgspec.Struct, frozen=True, tag="metadata", tag_field="k"):
    """What is set of a user, an account or a channel (IRCv3 metadata).

    `owner` is the party of a user, or `#` and the cid of a channel.
    """

    owner: str
    values: Mapping[str, str]


Entity = User | Channel | Member | Account | Metadata | ReadMarker | ServerBan | Invite
