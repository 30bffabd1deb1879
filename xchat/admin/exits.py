"""What `xchat-admin` ends with: a code for each way. Codes are for scripts and stay as they are."""

from __future__ import annotations

from xchat.errors import XChatError

EXITS = (
    ("0", "done, and kept"),
    ("1", "something is in its way: a folder, a full disk, an answer that broke off"),
    ("2", "the words are off"),
    ("3", "refused: the rules do not allow it as things stand"),
    ("4", "there is no such account, channel, ban, invite or session"),
    ("5", "no server runs on this data folder, and the verb needs one"),
    ("6", "this user may not: the server, or its folder, is another's"),
    ("130", "Ctrl-C"),
)


class NotRunning(XChatError):  # noqa: N818 - what it is
    """No server runs there."""

    exit_code = 5


class NotAllowed(XChatError):  # noqa: N818
    """The server, or its folder, is another user's."""

    exit_code = 6


class RefusedError(XChatError):
    """The rules do not allow it; `code` is for programs."""

    exit_code = 3

    def __init__(self, code: str, what: str) -> None:
        super().__init__(what, mend=_MENDS.get(code))
        self.code = code
        self.exit_code = 4 if code.endswith("_UNKNOWN") else _CODES.get(code, 3)


_CODES = {
    "INVALID_ARGUMENTS": 2,
    "UNKNOWN_VERB": 2,
    "UNKNOWN_ROLE": 2,
    "CANNOT_KEEP": 1,
    "CANNOT_READ": 1,
    "NOT_LET_IN": 6,
}
_MENDS = {
    "ACCOUNT_EXISTS": "another name; or change that account: xchat-admin user passwd NAME",
    "ACCOUNT_UNKNOWN": "xchat-admin user list",
    "BAN_UNKNOWN": "xchat-admin ban list",
    "CANNOT_KEEP": "look at the disk of the data folder: df -h",
    "CERTIFICATE_UNKNOWN": "xchat-admin user cert list NAME",
    "CERTIFICATE_TAKEN": "xchat-admin user list, and: xchat-admin user cert del NAME FINGERPRINT",
    "CHANNEL_NOT_REGISTERED": "give it to somebody: xchat-admin channel transfer CHANNEL NAME",
    "CHANNEL_UNKNOWN": "xchat-admin channel list",
    "DEVICES_IN_FORCE": "xchat-certs device revoke NAME --all; or, if they are theirs: "
    "xchat-admin user ensure NAME",
    "INVALID_BAN": "xchat-admin ban add --help",
    "INVALID_CONFIGURATION": "mend that place, then again: xchat-admin reload",
    "INVITE_UNKNOWN": "xchat-admin invite list",
    "NO_CREDENTIALS": "xchat-admin user add NAME --generate",
    "NO_DEVICES": "--set 'tls.client_certificates=\"optional\"' for the server; or: xchat-admin "
    "user add NAME --generate",
    "NO_ISSUER": "make a CA here: xchat-certs init; or an account with a password: "
    "xchat-admin user add NAME --generate",
    "NO_PORT": "start the server, then again; or give its settings: --set listen.port=8080",
    "NOT_ITS_NAME": "a name of its certificate: --host NAME; or add one: xchat-certs add-name HOST",
    "SESSION_UNKNOWN": "xchat-admin session list",
    "TEMPORARILY_UNAVAILABLE": "try again in a moment",
    "ACCOUNT_SUSPENDED": "xchat-admin user resume NAME",
    "TOO_MANY_INVITES": "xchat-admin invite list; or raise limits.invites_max",
    "TOO_MANY_BANS": "xchat-admin ban list; or raise limits.bans_max",
    "UNACCEPTABLE_PASSWORD": "another password, or: --generate",
    "UNKNOWN_VERB": "the server is of another version: restart it with this one's xchat-server",
    "WEAK_PASSWORD": "a longer password, or: --generate",
}
"""What to do about a refusal, by its code; other refusals say it themselves."""
