"""One tree of errors, so that every program of ours can end in words.

Each error says what is wrong (naming the file or the peer, and the rule) and,
in `mend`, what to do next: most often a command to type.
"""

from __future__ import annotations


class XChatError(Exception):
    """Something a person can mend.

    `what` is one line that names the file or the peer and the rule; `mend` is
    the next command to type, or what to change. `exit_code` is what a command
    line ends with.
    """

    exit_code = 1

    def __init__(self, what: str, *, mend: str | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.mend = mend

    def __str__(self) -> str:
        return f"{self.what}\n  {self.mend}" if self.mend else self.what


class UsageError(XChatError):
    """The words of a command are off."""

    exit_code = 2


class ConfigError(XChatError):
    """A configuration cannot be used as it stands."""

    exit_code = 2
