"""How a handler, or `apply`, says no: one exception a kind of reply."""

from __future__ import annotations

from xchat.irc.numerics import Numeric

SPECIFIED_CODES = frozenset(
    {
        "INVALID_UTF8",  # utf8-only
        "INVALID_MSGREFTYPE",  # draft/chathistory, this and the next three
        "INVALID_PARAMS",
        "INVALID_TARGET",
        "MESSAGE_ERROR",
        "INVALID_KEY",  # draft/metadata-3, and 2, all of these
        "INVALID_SUBCOMMAND",
        "INVALID_VALUE",
        "KEY_INVALID",
        "KEY_NO_PERMISSION",
        "KEY_NOT_SET",
        "LIMIT_REACHED",
        "RATE_LIMITED",
        "TOO_MANY_SUBS",
        "VALUE_INVALID",
        "INVALID_REALNAME",  # setname
        "CANNOT_RENAME",  # draft/channel-rename, this and the next
        "CHANNEL_NAME_IN_USE",
        "NEED_MORE_PARAMS",  # draft/read-marker
        "ACCOUNT_EXISTS",  # draft/account-registration, this and all that follow
        "ALREADY_AUTHENTICATED",
        "BAD_ACCOUNT_NAME",
        "COMPLETE_CONNECTION_REQUIRED",
        "INVALID_CODE",
        "INVALID_EMAIL",
        "NEED_NICK",
        "TEMPORARILY_UNAVAILABLE",
        "UNACCEPTABLE_PASSWORD",
        "USERNAME_EXISTS",
        "WEAK_PASSWORD",
        "REDACT_FORBIDDEN",  # draft/message-redaction, this and the next
        "UNKNOWN_MSGID",
        "INTERNAL_ERROR",  # draft/search
        "INVALID_NICK",  # draft/relaymsg, this and the next
        "PRIVS_NEEDED",
        "MULTILINE_INVALID",  # draft/multiline, this and the next four
        "MULTILINE_INVALID_TARGET",
        "MULTILINE_MAX_BYTES",
        "MULTILINE_MAX_LINES",
        "TIMEOUT",
    }
)
"""Codes of FAIL that a specification names: its clients wait for nothing else."""


class Refused(Exception):  # noqa: N818 - the reply it carries is what it is
    """A numeric: the parameters between the client's nick and the words."""

    def __init__(self, numeric: Numeric, *params: str, text: str | None = None) -> None:
        super().__init__(numeric.code)
        self.numeric = numeric
        self.params = params
        self.text = text


class Failed(Exception):  # noqa: N818
    """A FAIL of a command (IRCv3 standard replies): code, context, words."""

    def __init__(self, code: str, *context: str, text: str, command: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.context = context
        self.text = text
        self.command = command
        """The command that is refused, where it is not the one that was sent."""


class Ignored(Exception):  # noqa: N818
    """Nothing to do, and nothing to say: a user who is gone, a member who is in already."""
