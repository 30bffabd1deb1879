"""How a command about certificates can end, other than well: one class an exit code."""

from __future__ import annotations

from xchat.errors import ConfigError, XChatError


class Differs(XChatError):  # noqa: N818 - says what is so
    """What is there is not what was asked for, and nothing was changed; or nothing is there."""

    exit_code = 3


class Expired(XChatError):  # noqa: N818 - as above
    """A certificate has expired."""

    exit_code = 4


class NotTrusted(XChatError):  # noqa: N818 - as above
    """A certificate, or a chain of them, does not hold."""

    exit_code = 5


class Full(XChatError):  # noqa: N818 - as above
    """Somebody has as many of something as one may have."""


class Locked(XChatError):  # noqa: N818 - as above
    """A key is locked, and the passphrase is wrong or was not given."""

    exit_code = 6


class PairRefused(ConfigError):  # noqa: N818 - as above
    """A server cannot start with this certificate and key."""
