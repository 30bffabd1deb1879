"""What verbs of the administration take, and what they answer: the shapes of `--json`.

Times are text as in `2026-11-22T20:15:00.000Z`. A field may be added, and is
never renamed nor taken away.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from xchat.chat.lines import format_time

Name = Annotated[str, Meta(min_length=1, max_length=200)]
Text = Annotated[str, Meta(max_length=1000)]
Fingerprint = Annotated[
    str, Meta(pattern="^[0-9a-f]{64}$", extra={"metavar": "FINGERPRINT|FILE.pem"})
]
Duration = Annotated[int, Meta(ge=1, le=3_153_600_000)]
Password = Annotated[str, Meta(min_length=1, max_length=4096, extra={"secret": True})]


class Arguments(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a verb takes; without a default it must be given."""


class Nothing(Arguments, frozen=True):
    """No arguments."""


class Shape(msgspec.Struct, frozen=True, kw_only=True):
    """What a verb answers: once, or one a row of what it lists."""


def when(ts: int) -> str:
    """Return a time in ms as it is told."""
    return format_time(ts)


def maybe_when(ts: int) -> str | None:
    """Return a time in ms as it is told; 0 is none."""
    return format_time(ts) if ts else None


# -- users ------------------------------------------------------------------------------------


class UserName(Arguments, frozen=True):
    """An account by its name."""

    name: Annotated[Name, Meta(description="the account")]


class UserAdd(UserName, frozen=True):
    """A new account."""

    password: Password | None = None
    cert: Annotated[Fingerprint | None, Meta(description="a certificate that logs in")] = None
    role: Annotated[Text, Meta(description="what it may do: admin, moderator or none")] = "none"


class UserPassword(UserName, frozen=True):
    """Another password."""

    password: Password


class UserSuspend(UserName, frozen=True):
    """Why an account is suspended."""

    reason: Annotated[Text, Meta(description="why, in words for its owner")] = "no reason given"


class UserRole(UserName, frozen=True):
    """What an account may do."""

    role: Annotated[Text, Meta(description="admin, moderator or none")]


class UserHost(UserName, frozen=True):
    """The host that an account is shown with."""

    host: Annotated[Text, Meta(description="a host of letters, digits and . - : /, or none")]


class UserCert(UserName, frozen=True):
    """A certificate of an account."""

    cert: Annotated[Fingerprint, Meta(description="SHA-256 in hex, or the certificate's file")]


class UserRow(Shape, frozen=True):
    """An account."""

    name: str
    role: str
    has_password: bool
    certificates: int
    sessions: int
    suspended: str | None
    created: str


class UserChanged(Shape, frozen=True):
    """An account that was made, changed or removed."""

    name: str
    role: str


class CertRow(Shape, frozen=True):
    """A certificate of an account, by its SHA-256 fingerprint."""

    cert: str


# -- channels ---------------------------------------------------------------------------------


class ChannelName(Arguments, frozen=True):
    """A channel by its name."""

    channel: Annotated[Name, Meta(description="the channel, its # included")]


class ChannelTransfer(ChannelName, frozen=True):
    """A channel and its new founder."""

    name: Annotated[Name, Meta(description="the account it is to belong to")]


class ChannelRow(Shape, frozen=True):
    """A channel."""

    channel: str
    members: int
    modes: str
    founder: str | None
    created: str
    topic: str | None


class ChannelChanged(Shape, frozen=True):
    """A channel that changed hands (`founder`), or is nobody's (None)."""

    channel: str
    founder: str | None


# -- bans -------------------------------------------------------------------------------------


class BanName(Arguments, frozen=True):
    """A ban by whom it is for."""

    kind: Annotated[Name, Meta(description="account, mask (nick!user@host) or address")]
    mask: Annotated[Name, Meta(description="whom: anna, 'bad*!*@*', 192.0.2.7, 2001:db8::/32")]


class BanAdd(BanName, frozen=True):
    """A new ban."""

    seconds: Annotated[
        Duration | None,
        Meta(
            description="how long: 90s, 30m, 12h, 7d, 4w; unset: until it is removed",
            extra={"option": "for", "duration": True, "metavar": "TIME"},
        ),
    ] = None
    reason: Annotated[Text, Meta(description="why, in words for whom it meets")] = ""


class BanRow(Shape, frozen=True):
    """A ban from the server; without an end (`until`) it holds until it is removed."""

    kind: str
    mask: str
    by: str
    since: str
    until: str | None
    reason: str


class BanEnded(Shape, frozen=True):
    """A ban that was removed."""

    kind: str
    mask: str


# -- sessions ---------------------------------------------------------------------------------


class SessionKill(Arguments, frozen=True):
    """Whom to part with."""

    target: Annotated[Name, Meta(description="a nick, for all its sessions, or one session's id")]
    reason: Annotated[Text, Meta(description="why, in words for who it is")] = ""


class SessionRow(Shape, frozen=True):
    """A connection; without a nick it has not said who it is."""

    session: str
    nick: str | None
    account: str | None
    address: str
    idle_seconds: int
    cert: str | None


class SessionsKilled(Shape, frozen=True):
    """How many sessions are parted with."""

    sessions: int


# -- the server -------------------------------------------------------------------------------


class BroadcastText(Arguments, frozen=True):
    """What to tell everyone."""

    text: Annotated[Name, Meta(description="one line of text")]


class Told(Shape, frozen=True):
    """How many users were told."""

    users: int


class Outside(msgspec.Struct, frozen=True, kw_only=True):
    """What the rules do not know of their own server; times in ms."""

    connections: int
    store_bytes: int
    certificate_until: int


class Status(Shape, frozen=True):
    """How the server does; what only a running one knows is None where none runs."""

    version: str
    name: str
    network: str
    started: str
    uptime_seconds: int
    users: int
    sessions: int
    channels: int
    accounts: int
    bans: int
    entries: int
    store_bytes: int | None
    certificate_until: str | None
    certificate_days_left: int | None
    last_failure: str | None


class Reloaded(Shape, frozen=True):
    """Settings that were read again and count from the next start on only."""

    later: list[str]


class AuditSince(Arguments, frozen=True):
    """From when on."""

    since: Annotated[
        int,
        Meta(
            ge=0,
            description="from when on: 2026-11-22, 2026-11-22T20:15, or 7d for the last week",
            extra={"instant": True, "metavar": "TIME"},
        ),
    ] = 0


class AuditLine(Shape, frozen=True):
    """What was done, by whom (`via` the console, or a chat), and to what."""

    time: str
    via: str
    who: str
    act: str
    what: str
