"""The capabilities, one row each; a session's set of them is an int of these bits.

Document: IRCv3 capability negotiation, version 302.
"""

from __future__ import annotations

from typing import NamedTuple

from xchat.limits import METADATA_KEYS_MAX, METADATA_SUBS_MAX, METADATA_VALUE_BYTES_MAX


class Capability(NamedTuple):
    """A capability: its name, its bit, and the value that CAP LS 302 shows (may be empty)."""

    name: str
    bit: int
    value: str = ""


MESSAGE_TAGS = 1 << 0
SERVER_TIME = 1 << 1
ECHO_MESSAGE = 1 << 2
BATCH = 1 << 3
LABELED_RESPONSE = 1 << 4
MULTI_PREFIX = 1 << 5
CAP_NOTIFY = 1 << 6
SETNAME = 1 << 7
AWAY_NOTIFY = 1 << 8
EXTENDED_JOIN = 1 << 9
INVITE_NOTIFY = 1 << 10
USERHOST_IN_NAMES = 1 << 11
CHGHOST = 1 << 12
STANDARD_REPLIES = 1 << 13
CHATHISTORY = 1 << 14
EXTENDED_MONITOR = 1 << 15
ACCOUNT_TAG = 1 << 16
ACCOUNT_NOTIFY = 1 << 17
EVENT_PLAYBACK = 1 << 32
NO_IMPLICIT_NAMES = 1 << 33
NO_IMPLICIT_NAMES_DRAFT = 1 << 34
CHANNEL_RENAME = 1 << 35
PRE_AWAY = 1 << 18
READ_MARKER = 1 << 19
SASL = 1 << 24
ACCOUNT_REGISTRATION = 1 << 25
MESSAGE_REDACTION = 1 << 40
MULTILINE = 1 << 41
SEARCH = 1 << 42
SEARCH_DRAFT = 1 << 43

RELAYMSG = 1 << 44
ZNC_PLAYBACK = 1 << 45

METADATA_2 = 1 << 48
METADATA_3 = 1 << 49
EXTENDED_ISUPPORT = 1 << 50

_METADATA = (
    f"before-connect,max-subs={METADATA_SUBS_MAX},max-keys={METADATA_KEYS_MAX},"
    f"max-value-bytes={METADATA_VALUE_BYTES_MAX}"
)

CAPABILITIES = (
    Capability("account-notify", ACCOUNT_NOTIFY),
    Capability("account-tag", ACCOUNT_TAG),
    Capability("away-notify", AWAY_NOTIFY),
    Capability("batch", BATCH),
    Capability("cap-notify", CAP_NOTIFY),
    Capability("chghost", CHGHOST),
    Capability("draft/account-registration", ACCOUNT_REGISTRATION),
    Capability("draft/channel-rename", CHANNEL_RENAME),
    Capability("draft/chathistory", CHATHISTORY),
    Capability("draft/event-playback", EVENT_PLAYBACK),
    Capability("draft/extended-isupport", EXTENDED_ISUPPORT),
    Capability("draft/message-redaction", MESSAGE_REDACTION),
    Capability("draft/metadata-2", METADATA_2, _METADATA),
    Capability("draft/metadata-3", METADATA_3, _METADATA),
    Capability("draft/multiline", MULTILINE),
    Capability("draft/no-implicit-names", NO_IMPLICIT_NAMES_DRAFT),
    Capability("draft/pre-away", PRE_AWAY),
    Capability("draft/read-marker", READ_MARKER),
    Capability("draft/relaymsg", RELAYMSG, "/"),
    Capability("draft/search", SEARCH_DRAFT),
    Capability("echo-message", ECHO_MESSAGE),
    Capability("extended-join", EXTENDED_JOIN),
    Capability("extended-monitor", EXTENDED_MONITOR),
    Capability("invite-notify", INVITE_NOTIFY),
    Capability("labeled-response", LABELED_RESPONSE),
    Capability("message-tags", MESSAGE_TAGS),
    Capability("multi-prefix", MULTI_PREFIX),
    Capability("no-implicit-names", NO_IMPLICIT_NAMES),
    Capability("sasl", SASL),
    Capability("server-time", SERVER_TIME),
    Capability("setname", SETNAME),
    Capability("soju.im/search", SEARCH),
    Capability("standard-replies", STANDARD_REPLIES),
    Capability("userhost-in-names", USERHOST_IN_NAMES),
    Capability("znc.in/playback", ZNC_PLAYBACK),
)

BY_NAME = {capability.name: capability for capability in CAPABILITIES}


def names_of(bits: int) -> list[str]:
    """Return the names of the capabilities in a set, in the order of the table."""
    return [capability.name for capability in CAPABILITIES if bits & capability.bit]
