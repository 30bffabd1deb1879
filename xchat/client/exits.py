"""What `xchat-client` ends with: a code for each way, and the errors that carry them.

Codes are for scripts and stay as they are; `--help` prints this table.
"""

from __future__ import annotations

import enum

from xchat.errors import XChatError


class Exit(enum.Enum):
    """A way to end: its code, and what it means."""

    DONE = (0, "done: all that was sent is kept")
    FAILED = (1, "something else, named in words")
    USAGE = (2, "the words of the command are off")
    CA_UNREADABLE = (3, "the CA file is missing or cannot be read")
    UNRESOLVABLE = (4, "the server's name cannot be found")
    NOBODY_THERE = (5, "the connection was refused: nothing listens there")
    TIMED_OUT = (6, "no answer in time, or no way there")
    NOT_TLS = (7, "what listens there does not speak TLS")
    TLS_TOO_OLD = (8, "the server speaks no version of TLS that is allowed")
    BROKEN_OFF = (9, "the connection broke before all was done")
    UNKNOWN_CA = (10, "the certificate is not from the CA that is trusted")
    WRONG_NAME = (11, "the certificate is for other names")
    EXPIRED = (12, "the certificate has expired")
    NOT_YET_VALID = (13, "the certificate is not valid yet")
    BAD_CERTIFICATE = (14, "the certificate is unacceptable for another reason")
    OWN_UNUSABLE = (15, "our own certificate, or its key, cannot be used")
    OWN_REFUSED = (16, "the server refused our own certificate, or wants one")
    NICK_TAKEN = (20, "somebody else has the nickname")
    NICK_ILL_FORMED = (21, "the server does not take such a nickname")
    NOT_LET_IN = (22, "the server refused us: its policy, a ban, or it is full")
    LINE_REFUSED = (23, "the server refused a line, or the channel it was for")
    LINE_UNCERTAIN = (24, "nobody can tell whether a line was kept, or it was never sent")
    LOGIN_REFUSED = (25, "the account, or its password, is not right")
    REFUSED = (26, "the server refused the link, or to renew this device's certificate")
    NOT_STORED = (27, "what is to be kept on this device cannot be written")
    INTERRUPTED = (130, "Ctrl-C before all was done")

    @property
    def code(self) -> int:
        """What the process ends with."""
        return self.value[0]

    @property
    def meaning(self) -> str:
        """The same in words."""
        return self.value[1]


class ClientError(XChatError):
    """A way to end, with its code."""

    def __init__(self, end: Exit, what: str, *, mend: str | None = None) -> None:
        super().__init__(what, mend=mend)
        self.end = end
        self.exit_code = end.code


class Fault(ClientError):  # noqa: N818 - the word for it
    """A connection that could not be made, or broke.

    `transient` faults may be gone in a second; the others stay until somebody acts, and
    are never tried again by themselves.
    """

    def __init__(
        self, end: Exit, what: str, *, mend: str | None = None, transient: bool = False
    ) -> None:
        super().__init__(end, what, mend=mend)
        self.transient = transient
