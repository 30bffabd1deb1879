"""Every bound of XChat, with its unit, its reason, and its default.

`Limits` is the `[limits]` section of the server's configuration; the constants
below it are fixed by the protocol or by design. A limit that is reached is
named to whoever reached it.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

# -- fixed by the protocol --------------------------------------------------------------------
LINE_BYTES_MAX = 512
"""A line without its tags, CR LF included (RFC 1459, 2.3)."""
TAGS_FROM_CLIENT_BYTES_MAX = 4096
"""The tags a client may send: 4,094 bytes, the `@` and the space (IRCv3 message-tags)."""
TAGS_BYTES_MAX = 8191
"""All tags of a line that a server sends, the `@` and the space included (IRCv3 message-tags)."""
LABEL_BYTES_MAX = 64
"""A label (IRCv3 labeled-response)."""

# -- fixed by design --------------------------------------------------------------------------
LINE_BYTES_ENDLESS = 16_384
"""Of one line, tags and all: who sends more is parted with. Twice what the longest line may have
is still a mistake, and answered as one (417)."""
CIPHERTEXT_BYTES_A_TURN = 16_384
"""Ciphertext fed to one TLS object a turn: a flood of key updates costs milliseconds."""
SILENT_CIPHERTEXT_BYTES_MAX = 65_536
"""Ciphertext a peer may send beyond what its plaintext is worth before it is dropped."""
CIPHERTEXT_PER_PLAINTEXT_MAX = 32
"""Bytes of ciphertext one byte of plaintext is worth: sent alone in its record, it takes 23."""
REFUSED_IN_WORDS_A_SECOND = 4
"""Connections over a limit that get a handshake, to be told so; the rest are closed unheard."""
FAILURE_SECONDS = 10.0
"""The journal says that commits fail at most once in so long."""
HANDSHAKE_KEYS_MAX = 16_384
"""Addresses whose recent handshakes are counted: 3 MB; the longest quiet is forgotten first."""
ACCEPTS_A_TURN = 50
"""New connections taken a turn, so that a storm of them does not delay those who talk."""
LISTEN_BACKLOG = 1024
"""Connections the kernel holds until they are accepted: what a storm brings between two turns."""
DESCRIPTORS_KEPT = 64
"""File descriptors never given to clients: the store, the journal and the listeners need them."""
ACCEPT_PAUSE_SECONDS = 0.5
"""How long the listeners rest when the process has no descriptor left (they would spin)."""
HISTORY_ROWS_MAX = 100
"""Messages one CHATHISTORY may ask for, announced as CHATHISTORY in ISUPPORT."""
MULTILINE_SECONDS_MAX = 120.0
"""How long a client may take to send one message in several lines."""
SEARCH_PLACES_MAX = 20_000
"""Messages that one SEARCH looks at: of what matches, others may have nearly all."""
APPENDS_PENDING_MAX = 64
"""Events of one session that may wait for the log."""
READ_MARKERS_MAX = 1_000
"""Read markers of one account; past it the one of the earliest time is forgotten."""
PASSWORD_BYTES_MAX = 1024
"""Bytes of a password, as UTF-8: a long phrase in any script."""
EMAIL_BYTES_MAX = 254
"""Bytes of an e-mail address (RFC 5321, 4.5.3.1.3)."""
SASL_CHUNK_BYTES = 400
"""Bytes of base64 in one AUTHENTICATE (SASL 3.1)."""
SASL_MESSAGE_BYTES_MAX = 4096
"""Bytes of base64 in one SASL message: the longest names and password, with room."""
ATTEMPT_KEYS_MAX = 16_384
"""Addresses whose failed logins, or new accounts, are counted; the longest quiet is forgotten."""
CERTIFICATES_PER_ACCOUNT_MAX = 32
"""Certificates that log in to one account: a device has one."""
NICKS_PER_ACCOUNT_MAX = 8
"""Nicks that one account may keep for itself, beside its name."""
WORK_PENDING_MAX = 256
"""Passwords being checked or hashed at once, in all; the next is told to try again."""
WORK_PER_ASKER_MAX = 8
"""The same for one connection, so that nobody keeps the others from logging in."""
PEM_BYTES_MAX = 1_048_576
"""A file of certificates or a key: ours have 4 KB, a whole system's bundle has 250."""
SHOWN_CERTIFICATES_MAX = 32
"""Certificates that a server may show; a leaf, issuers, and some generations of roots are ten."""
REQUEST_BYTES_MAX = 8_192
"""A request for a certificate (RFC 2986) in PEM: one of RSA 4096 has 1,700 bytes."""
DEVICE_NAME_CHARS_MAX = 32
"""Characters of a device's name: what people tell their laptops apart by."""
DEVICES_MAX = 10_000
"""Certificates of devices a CA keeps in its table: 4 MB, and a list of all of them revoked has
700 KB. Those that expired long ago are forgotten."""
DEVICES_SHOWN_MAX = 10
"""Devices not renewed in time that `status` names; the rest it counts."""
DEVICES_BYTES_MAX = 16_777_216
"""The file of that table, with the longest names."""
DEVICES_PER_ACCOUNT_MAX = 32
"""Devices of one account in force at once, each with a certificate."""
CERTIFICATES_PER_DEVICE_MAX = 4
"""Certificates of one device in force at once: renewed at two thirds of its life it has two."""
RESOLVE_SECONDS_MAX = 1.0
"""What `xchat-certs` waits for a resolver to tell this machine's name: without a net it is mute."""
LINK_CHARS_MAX = 1_024
"""Characters of the link of an invite: with the longest host name it has 360."""
LOCK_SECONDS_MAX = 10.0
"""What a command waits for another one in the same folder of certificates."""
RENEWAL_LOOK_SECONDS = 3600.0
"""How often it is looked whether a certificate is due: a third of the shortest life is a month."""
HOOK_SECONDS_MAX = 300.0
"""What a command given with `--exec` may take after a renewal."""
GENERATIONS_MAX = 4
"""Pairs of a server's certificate and key that are kept, that in use among them: a year of them."""
SOCKET_PATH_BYTES_MAX = 103
"""Bytes of a Unix socket's path: 107 on Linux, 103 on macOS and the BSDs."""
CONSOLE_PEERS_MAX = 8
"""Connections of `xchat-admin` at once: people and their scripts; the next is told so."""
CONSOLE_LINE_BYTES_MAX = 65_536
"""One request of `xchat-admin`: a text, a password and names, with room to spare."""
CONSOLE_ROWS_A_TURN = 100
"""Rows of a list that `xchat-admin` is told in one turn, so that nobody waits for the rest."""
CONSOLE_IDLE_SECONDS_MAX = 30.0
"""How long a connection of `xchat-admin` may say nothing, or read nothing, while it could."""
FETCH_SECONDS_MAX = 10.0
"""What `xchat-certs show HOST:PORT` waits for a connection, and again for its handshake."""
TRUST_SECONDS_MAX = 120.0
"""What a system's own program may take over its trust store; with Java's hooks it takes seconds."""
ENROLMENT_LINE_BYTES_MAX = 16_384
"""A question or an answer of the enrolment protocol: a chain and eight roots are 9 KB."""
ENROLMENT_SECONDS_MAX = 20.0
"""What the server waits for the question of who has come to enrol, and they for the answer: that
waits for the log, for a thread, and for another command on the CA's folder (LOCK_SECONDS_MAX)."""
ABUSE_SECONDS = 10.0
"""The journal records one kind of abuse from one address, or one fault, at most once in so long."""
ABUSE_KEYS_MAX = 1024
"""Kinds and addresses the journal remembers for that."""
JOURNAL_LINE_BYTES_MAX = 4096
"""PIPE_BUF: what a pipe that polls as writable takes without making the loop wait."""
JOURNAL_VALUE_CHARS_MAX = 256
"""Characters of one value in the journal."""

CHANNELS_EMPTY_MAX = 100_000
"""Channels kept in which nobody is; past it the one left longest ago ends. The same everywhere."""
ACCEPTS_MAX = 32
"""Users that one with mode R lets talk to them all the same; past it the first one not any more."""
METADATA_KEYS_MAX = 32
"""Keys of metadata that one user or channel has, announced as max-keys."""
METADATA_SUBS_MAX = 64
"""Keys of metadata that one session hears of, announced as max-subs."""
METADATA_KEY_BYTES_MAX = 64
"""Bytes of a key of metadata."""
METADATA_VALUE_BYTES_MAX = 300
"""Bytes of a value of metadata, announced as max-value-bytes: it is told in one line."""
METADATA_CHANGES_BURST = 16
"""Changes of metadata a session may make at once: each is told to all who share a channel."""
METADATA_CHANGES_A_SECOND = 0.5
"""Changes of metadata a session may go on making a second."""
METADATA_SYNC_MEMBERS_MAX = 250
"""Members of a channel up to which their metadata is told at once; of a larger one when asked."""
METADATA_SYNC_SECONDS = 2
"""When to ask then: the channel's list of members has been sent by that time."""
WHOWAS_ENTRIES_MAX = 1024
"""Users who are gone, and nicks given up, that WHOWAS remembers: half a megabyte."""
LIFTED_BANS_MAX = 60
"""Lifted bans a channel remembers, so that whom they kept out reads nothing of that time."""
LIFTED_SPARED_MAX = 32
"""Members a lifted ban may have meant: of one that meant more nothing is remembered."""
MODES_A_COMMAND = 12
"""Mode changes one MODE may ask for, announced as MODES in ISUPPORT."""
BAN_SECONDS_MAX = 366 * 86_400
"""How long a ban that ends by itself may last: what is to last longer has no end."""
NICK_BYTES_MAX = 90
"""Bytes of a nick: thirty letters of most scripts. With the longest user name, host and channel
it fits in a line twice, so no KICK, INVITE or MODE names anybody by half."""
USER_BYTES_MAX = 60
"""Bytes of a user name, its mark included."""
CHANNEL_BYTES_MAX = 150
"""Bytes of a channel's name: fifty letters of most scripts."""
MASK_BYTES_MAX = 130
"""Bytes of a ban's mask, so that it is told whole, and when it was set, whoever lists it."""
HOST_BYTES_MAX = 63
"""Bytes of a host that is shown: an address, with its zone."""
ISUPPORT_TOKENS_A_LINE = 12
"""Tokens in one RPL_ISUPPORT, which has fifteen parameters at most."""
MOTD_LINE_BYTES = 400
"""Bytes of one line of the message of the day; the rest of a longer one is cut."""
PARAM_ECHO_BYTES = 160
"""Bytes of a refused parameter that are said back, so that the words after it fit."""
USERHOST_NICKS_MAX = 5
"""Nicks one USERHOST asks for (RFC 2812, 4.8)."""

Seconds = Annotated[float, Meta(gt=0, le=86_400 * 365)]
Count = Annotated[int, Meta(ge=1, le=1_000_000)]
Rate = Annotated[float, Meta(gt=0, le=1_000_000)]
Bytes = Annotated[int, Meta(ge=1, le=1 << 30)]
TextBytes = Annotated[int, Meta(ge=1, le=390)]
KeyBytes = Annotated[int, Meta(ge=1, le=64)]


class Limits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one client, and all of them together, may take of the server."""

    exempt: Annotated[
        tuple[str, ...],
        Meta(
            description="networks (CIDR) that connection, flood, login and registration limits "
            "spare"
        ),
    ] = ()

    handshake_seconds_max: Annotated[
        Seconds, Meta(description="a TLS handshake in all, so that a mute peer costs nothing")
    ] = 10
    registration_seconds_max: Annotated[
        Seconds, Meta(description="from the handshake's end to being registered")
    ] = 20
    unregistered_max: Annotated[
        Count, Meta(description="connections not yet registered, in all")
    ] = 256
    unregistered_per_address_max: Annotated[
        Count, Meta(description="connections not yet registered, for one address (IPv6: a /64)")
    ] = 32
    connections_per_address_max: Annotated[
        Count, Meta(description="connections in all for one address (IPv6: a /64)")
    ] = 256
    handshakes_per_address_burst: Annotated[
        Count, Meta(description="new connections of one address (IPv6: a /64) at once")
    ] = 64
    handshakes_per_address_per_second: Annotated[
        float,
        Meta(
            gt=0,
            le=1_000_000,
            description="new connections one address may go on making a second: each costs "
            "a handshake, 1 ms of a core",
        ),
    ] = 16
    login_failures_max: Annotated[
        Count, Meta(description="failed logins of one connection, which then ends")
    ] = 5
    login_failures_per_address_burst: Annotated[
        Count, Meta(description="failed logins of one address (IPv6: a /64) at once")
    ] = 20
    login_failures_per_address_per_minute: Annotated[
        Rate, Meta(description="failed logins one address may go on making a minute")
    ] = 4
    registrations_per_address_burst: Annotated[
        Count, Meta(description="accounts registered from one address (IPv6: a /64) at once")
    ] = 5
    registrations_per_address_per_hour: Annotated[
        Rate, Meta(description="accounts one address may go on registering an hour")
    ] = 10
    registrations_burst: Annotated[
        Count, Meta(description="accounts registered at once, from everywhere")
    ] = 100
    registrations_per_hour: Annotated[
        Rate, Meta(description="accounts that everybody together may go on registering an hour")
    ] = 100
    redeem_failures_per_address_burst: Annotated[
        Count, Meta(description="wrong tokens of invites from one address (IPv6: a /64) at once")
    ] = 60
    redeem_failures_per_address_per_minute: Annotated[
        Rate, Meta(description="wrong tokens one address may go on showing a minute")
    ] = 4
    redeem_failures_burst: Annotated[
        Count, Meta(description="wrong tokens of invites at once, from everywhere")
    ] = 300
    redeem_failures_per_minute: Annotated[
        Rate, Meta(description="wrong tokens that everybody together may go on showing a minute")
    ] = 60
    users_max: Annotated[Count, Meta(description="users at once; the next is told so")] = 10_000

    ping_seconds: Annotated[
        Seconds, Meta(description="silence after which a client is asked whether it lives")
    ] = 90
    ping_seconds_max: Annotated[
        Seconds, Meta(description="silence after which a client is taken for gone")
    ] = 150

    lines_a_turn: Annotated[
        Count, Meta(description="lines of one client handled before the others have their turn")
    ] = 64
    inbox_lines_max: Annotated[
        Count, Meta(description="lines of one client that wait; past it reading from it stops")
    ] = 128
    flood_burst: Annotated[
        Count, Meta(description="lines a client may send at once before it is slowed")
    ] = 20
    flood_lines_per_second: Annotated[
        float, Meta(gt=0, le=1_000_000, description="lines a client may go on sending a second")
    ] = 4

    outbox_soft_bytes: Annotated[
        Bytes, Meta(description="unsent bytes after which a client is no longer read from")
    ] = 65_536
    outbox_hard_bytes_max: Annotated[
        Bytes, Meta(description="unsent bytes after which a client is dropped")
    ] = 1_048_576
    sndbuf_bytes: Annotated[
        Bytes, Meta(description="SO_SNDBUF: what the kernel holds for a client that does not read")
    ] = 131_072

    devices_per_user_max: Annotated[
        Count, Meta(description="connections of one account under one nick")
    ] = 16
    channels_max: Annotated[Count, Meta(description="channels that somebody is in")] = 10_000
    channels_per_user_max: Annotated[Count, Meta(description="channels one user is in")] = 64
    bans_per_channel_max: Annotated[
        Count, Meta(description="bans, exceptions and invitations by mask of one channel, together")
    ] = 60
    channels_per_account_max: Annotated[
        Count, Meta(description="registered channels of one account")
    ] = 20
    access_per_channel_max: Annotated[
        Count, Meta(description="accounts with a role of their own in one channel")
    ] = 100
    invites_per_channel_max: Annotated[Count, Meta(description="open invitations to a channel")] = (
        60
    )
    bans_max: Annotated[
        Count, Meta(description="bans from the server: each is looked at when somebody connects")
    ] = 1000
    invites_max: Annotated[
        Count, Meta(description="invites at once, those that were used and are not over included")
    ] = 1000
    invite_uses_max: Annotated[Count, Meta(description="how often one invite may be used")] = 100
    invite_seconds_max: Annotated[Seconds, Meta(description="how long an invite may hold")] = (
        86_400 * 30
    )
    multiline_bytes_max: Annotated[
        Annotated[int, Meta(ge=512, le=65_536)],
        Meta(description="bytes of a message in several lines"),
    ] = 4096
    multiline_lines_max: Annotated[
        Annotated[int, Meta(ge=1, le=1000)], Meta(description="lines of one message")
    ] = 32
    targets_max: Annotated[Count, Meta(description="targets of one command")] = 4

    monitor_max: Annotated[Count, Meta(description="nicks one client may watch (MONITOR)")] = 100

    nick_chars_max: Annotated[Count, Meta(description="characters of a nick (NICKLEN)")] = 30
    channel_chars_max: Annotated[Count, Meta(description="characters of a channel's name")] = 50
    user_chars_max: Annotated[Count, Meta(description="characters of a user name")] = 20
    topic_bytes_max: Annotated[TextBytes, Meta(description="bytes of a topic")] = 390
    away_bytes_max: Annotated[TextBytes, Meta(description="bytes of an away message")] = 200
    kick_bytes_max: Annotated[TextBytes, Meta(description="bytes of a kick's reason")] = 300
    realname_bytes_max: Annotated[TextBytes, Meta(description="bytes of a real name")] = 150
    key_bytes_max: Annotated[KeyBytes, Meta(description="bytes of a channel's key")] = 23
