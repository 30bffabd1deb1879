"""What verbs of the administration take: words, and options where there is a default.

The command line is made from these: what is said of a field is its help.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

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


class ChannelName(Arguments, frozen=True):
    """A channel by its name."""

    channel: Annotated[Name, Meta(description="the channel, its # included")]


class ChannelTransfer(ChannelName, frozen=True):
    """A channel and its new founder."""

    name: Annotated[Name, Meta(description="the account it is to belong to")]


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


class InviteAdd(UserName, frozen=True):
    """A new invite."""

    uses: Annotated[
        int,
        Meta(
            ge=1,
            description="how many devices may come by it [1]",
            extra={"number": True, "metavar": "N"},
        ),
    ] = 1
    seconds: Annotated[
        Duration,
        Meta(
            description="how long it holds: 30m, 24h, 7d [24h]",
            extra={"option": "expires", "duration": True, "metavar": "TIME"},
        ),
    ] = 86_400
    host: Annotated[
        Text | None,
        Meta(description="the name or address they reach the server by; unset: the likeliest"),
    ] = None


class InviteName(UserName, frozen=True):
    """Invites to an account, or one of them."""

    invite: Annotated[Text | None, Meta(description="one of them, as `invite list` calls it")] = (
        None
    )


class SessionKill(Arguments, frozen=True):
    """Whom to part with."""

    target: Annotated[Name, Meta(description="a nick, for all its sessions, or one session's id")]
    reason: Annotated[Text, Meta(description="why, in words for who it is")] = ""


class BroadcastText(Arguments, frozen=True):
    """What to tell everyone."""

    text: Annotated[Text, Meta(min_length=1, description="one line of text")]


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
