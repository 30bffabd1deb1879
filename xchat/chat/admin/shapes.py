"""What verbs of the administration answer: the shapes of `--json`.

Times are text as in `2026-11-22T20:15:00.000Z`. A field may be added, and is
never renamed nor taken away.
"""

from __future__ import annotations

import msgspec

from xchat.chat.lines import format_time


class Shape(msgspec.Struct, frozen=True, kw_only=True):
    """What a verb answers: once, or one a row of what it lists."""


def when(ts: int) -> str:
    """Return a time in ms as it is told."""
    return format_time(ts)


def maybe_when(ts: int) -> str | None:
    """Return a time in ms as it is told; 0 is none."""
    return format_time(ts) if ts else None


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


class UserRemoved(UserChanged, frozen=True):
    """An account that was removed, and its devices whose certificates are in force still."""

    devices_in_force: list[str]


class CertRow(Shape, frozen=True):
    """A certificate of an account, by its SHA-256 fingerprint."""

    cert: str


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


class NewInvite(Shape, frozen=True):
    """An invite that was made (`invite` is what it is called); its link is told this once."""

    account: str
    invite: str
    uses: int
    expires: str
    link: str
    token: str

    def __repr__(self) -> str:
        """Show nothing that lets anybody in."""
        return f"NewInvite(account={self.account!r}, invite={self.invite!r})"


class InviteRow(Shape, frozen=True):
    """An invite: how often it may yet be used, and which devices came by it."""

    account: str
    invite: str
    left: int
    expires: str
    devices: list[str]
    by: str
    made: str


class InvitesWithdrawn(Shape, frozen=True):
    """How many invites to an account were withdrawn."""

    account: str
    invites: int


class SessionRow(Shape, frozen=True):
    """A connection; without a nick it has not said who it is."""

    session: str
    nick: str | None
    account: str | None
    address: str
    idle_seconds: int
    cert: str | None
    device: str | None


class SessionsKilled(Shape, frozen=True):
    """How many sessions are parted with."""

    sessions: int


class Told(Shape, frozen=True):
    """How many users were told."""

    users: int


class Outside(msgspec.Struct, frozen=True, kw_only=True):
    """What the rules do not know of their own server; times in ms."""

    connections: int
    store_bytes: int
    ends: dict[str, int]
    """When the certificates of the server, its issuer and the root end, and the list (crl)."""
    certificate_failure: str
    reloads: dict[str, int]
    renewals: int


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
    issuer_days_left: int | None
    root_days_left: int | None
    crl_days_left: int | None
    certificate_failure: str | None


class Metric(Shape, frozen=True):
    """A figure, as Prometheus names it; `labelled` is what its `label` says here."""

    name: str
    kind: str
    about: str
    label: str | None
    labelled: str | None
    value: float


class Reloaded(Shape, frozen=True):
    """Settings that were read again and count from the next start on only."""

    later: list[str]


class AuditLine(Shape, frozen=True):
    """What was done, by whom (`via` the console, a chat, or an enrolment), and to what."""

    time: str
    via: str
    who: str
    act: str
    what: str
