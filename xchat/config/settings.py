"""Every setting of the server, with its type, bounds, default and description.

What a person reads (`--print-config`, every error) is made from these fields;
the bounds of clients are in `xchat.limits`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from xchat.limits import Limits

_ONE_LINE = r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*\Z"

Line = Annotated[str, Meta(pattern=_ONE_LINE, max_length=300, extra={"rule": "one line of text"})]
ServerName = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9-]*(\.[A-Za-z0-9-]+)+\Z",
        max_length=63,
        extra={"rule": "a name with a dot, of letters, digits and hyphens (chat.lan)"},
    ),
]
NetworkName = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z0-9._-]+\Z",
        max_length=30,
        extra={"rule": "one word of letters, digits, dots and hyphens"},
    ),
]


Text = Annotated[
    str,
    Meta(
        pattern=r"^[^\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029]*\Z",
        max_length=16_384,
        extra={"rule": "lines of text without control characters, 16,384 characters at most"},
    ),
]


PasswordHash = Annotated[
    str,
    Meta(
        pattern=r"^\s*\$argon2(id|i|d)\$[!-~]{20,300}\s*\Z",
        extra={
            "rule": "an argon2id hash ($argon2id$...), as xchat-server --hash-password makes it"
        },
    ),
]


Url = Annotated[
    str,
    Meta(
        pattern=r"^https://[!-\[\]-~]+\Z",
        max_length=200,
        extra={"rule": "https:// and no spaces or backslashes, 200 characters at most"},
    ),
]


class _Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One `[section]` of the file."""


class Server(_Section, frozen=True):
    """What the server calls itself and tells those who come."""

    name: Annotated[ServerName, Meta(description="the server's name on the wire")] = "xchat.local"
    network: Annotated[NetworkName, Meta(description="the name that clients show")] = "XChat"
    casemapping: Annotated[
        Literal["rfc8265", "ascii"],
        Meta(description="the letters of names: all scripts, or (ascii) a to z, for old clients"),
    ] = "rfc8265"
    description: Annotated[Line, Meta(description="one line about this server (WHOIS, INFO)")] = (
        "A private chat"
    )
    password: Annotated[
        Line | None,
        Meta(
            description="asked of everyone before they may log in (PASS), but for devices whose "
            "certificate is of the server's own CA",
            extra={"secret": True},
        ),
    ] = None
    motd: Annotated[Text | None, Meta(description="the message of the day, in lines")] = None
    default_user_modes: Annotated[
        str,
        Meta(
            pattern=r"^[BRTiw]*\Z",
            description="modes that everybody has who comes: R, T, i or w (HELP MODES)",
            extra={"rule": "letters of B, R, T, i and w"},
        ),
    ] = ""
    icon: Annotated[
        Url | None, Meta(description="the picture that clients show of this network (draft/ICON)")
    ] = None
    admin: Annotated[
        tuple[Line, ...],
        Meta(max_length=3, description="who runs this server and how to reach them (ADMIN)"),
    ] = ()


class Listen(_Section, frozen=True):
    """Where the server listens."""

    host: Annotated[
        tuple[Line, ...], Meta(min_length=1, description="addresses; these two are all of them")
    ] = ("0.0.0.0", "::")  # noqa: S104 - TLS only, and strangers are refused until a policy is set
    port: Annotated[int, Meta(ge=0, le=65_535, description="TCP port; 0 takes a free one")] = 8080


class Tls(_Section, frozen=True):
    """Certificates, shown and asked for; paths are relative to where the server starts."""

    cert: Annotated[Line, Meta(description="the chain, leaf first (PEM)")] = "certs/live/server.pem"
    key: Annotated[Line, Meta(description="its private key, mode 0600 (PEM)")] = (
        "certs/live/server-key.pem"
    )
    min_version: Annotated[
        Literal["1.3", "1.2"], Meta(description="the oldest TLS that is spoken")
    ] = "1.3"
    client_certificates: Annotated[
        Literal["none", "optional", "required"],
        Meta(
            description="whether clients are asked for a certificate, which may log them in; "
            "required: nobody comes in but devices of `client_ca`"
        ),
    ] = "optional"
    client_ca: Annotated[
        Line | None,
        Meta(
            description="the CA whose certificates of devices are believed (PEM); unset: the "
            "ca.pem that xchat-certs made with `cert`. Self-made ones are only fingerprints"
        ),
    ] = None
    client_crl: Annotated[
        Line | None,
        Meta(
            description="that CA's list of revoked certificates (PEM or DER), read again when it "
            "changes; the crl.pem and devices.json beside the ca.pem count without being named"
        ),
    ] = None


class Access(_Section, frozen=True):
    """Who may join."""

    policy: Annotated[
        Literal["open", "accounts", "devices"] | None,
        Meta(description="unset: whoever comes from this machine or a private network"),
    ] = None


class Accounts(_Section, frozen=True):
    """Who may have an account, and what a login costs."""

    registration: Annotated[
        Literal["open", "invite", "closed"] | None,
        Meta(
            description="who may register one from a chat client; unset: open, or closed where "
            "access.policy asks for accounts or devices"
        ),
    ] = None
    always_present: Annotated[
        bool | None,
        Meta(
            description="whether accounts stay present while no device of theirs is connected, "
            "where they have not chosen (NickServ SET ALWAYS-PRESENT); "
            "unset: where access.policy asks for accounts or devices"
        ),
    ] = None
    detached_seconds_max: Annotated[
        float,
        Meta(
            gt=0,
            le=86_400 * 3650,
            description="how long an account stays present with no device connected",
        ),
    ] = 86_400 * 90
    before_connect: Annotated[
        bool,
        Meta(description="whether accounts are registered before a connection is (REGISTER)"),
    ] = True
    email_required: Annotated[
        bool,
        Meta(
            description="whether an account needs an e-mail address: nothing is sent there, it is "
            "kept for the operators to reach its owner; no other is kept"
        ),
    ] = False
    password_chars_min: Annotated[
        int, Meta(ge=1, le=100, description="characters of a new password, at least")
    ] = 1
    argon2_memory_kib: Annotated[
        int, Meta(ge=8, le=4_194_304, description="memory that hashing a password takes (KiB)")
    ] = 65_536
    argon2_passes: Annotated[
        int, Meta(ge=1, le=100, description="passes over that memory; more is slower and safer")
    ] = 3
    scram_iterations: Annotated[
        int, Meta(ge=4096, le=10_000_000, description="rounds of SCRAM-SHA-256 (RFC 7677)")
    ] = 50_000


class Operator(_Section, frozen=True):
    """An operator who is no account: `[operators.NAME]`."""

    name: str
    password_hash: Annotated[
        PasswordHash,
        Meta(description="made by xchat-server --hash-password", extra={"secret": True}),
    ]


class Store(_Section, frozen=True):
    """What is kept."""

    data: Annotated[Line | None, Meta(description="the data folder; unset: the platform's own")] = (
        None
    )


class History(_Section, frozen=True):
    """What of the past is told, and for how long."""

    days_max: Annotated[
        int,
        Meta(ge=0, le=36_500, description="days what was said is kept; 0 is for ever"),
    ] = 0

    messages_max: Annotated[
        int,
        Meta(
            ge=0,
            le=100_000_000,
            description="messages kept of each channel and conversation; 0 is all",
        ),
    ] = 0

    replay_lines: Annotated[
        int,
        Meta(
            ge=0,
            le=100,
            description="messages told on entering a channel to who cannot ask (0: none)",
        ),
    ] = 20
    playback_lines: Annotated[
        int,
        Meta(
            ge=0,
            le=1000,
            description="messages of one conversation told to who asks *playback for them",
        ),
    ] = 1000


class JournalSettings(_Section, frozen=True):
    """What the server records about itself; never what people say."""

    format: Annotated[
        Literal["auto", "text", "json"], Meta(description="auto: text on a terminal, else JSON")
    ] = "auto"
    level: Annotated[
        Literal["debug", "info", "warning", "error"], Meta(description="the least that is recorded")
    ] = "info"


class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole configuration; every default is usable as it stands."""

    server: Server = Server()
    listen: Listen = Listen()
    tls: Tls = Tls()
    access: Access = Access()
    accounts: Accounts = Accounts()
    store: Store = Store()
    history: History = History()
    journal: JournalSettings = JournalSettings()
    limits: Limits = Limits()
    operators: tuple[Operator, ...] = ()

    @property
    def is_private(self) -> bool:
        """Whether only those with an account, or a device of one, may join."""
        return self.access.policy in ("accounts", "devices")

    @property
    def are_present(self) -> bool:
        """Whether accounts that have not chosen stay present with no device connected."""
        chosen = self.accounts.always_present
        return self.is_private if chosen is None else chosen


def data_folder(config: Config) -> Path:
    """Return where the server keeps its data."""
    if config.store.data:
        return Path(config.store.data).expanduser()
    import platformdirs

    return platformdirs.user_data_path("xchat", appauthor=False)
