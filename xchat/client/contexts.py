"""What a link begins each connection with, and what it does where the server's CA is unknown."""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import Callable

from xchat.client import diagnose
from xchat.client.exits import ClientError


class Contexts:
    """Makes each connection's context.

    `come_after` is called where the server's CA is unknown: it returns, other than "", that
    more is trusted by now, in words.
    """

    def __init__(
        self, make: Callable[[], ssl.SSLContext], come_after: Callable[[], str] = str
    ) -> None:
        self._make = make
        self._last = make()
        self._come_after = come_after
        self._has_looked = False

    def fresh(self) -> ssl.SSLContext:
        """Return what to connect with: files may be new ones; where they are broken, the last."""
        with contextlib.suppress(ClientError):
            self._last = self._make()
        return self._last

    def follow(self, error: OSError) -> str:
        """Return what is trusted besides, where the CA was unknown; look once a connection."""
        if self._has_looked or not diagnose.is_unknown_ca(error):
            return ""
        self._has_looked = True
        return self._come_after()

    def verified(self) -> None:
        """Take note of a connection that was: the next unknown CA is looked after again."""
        self._has_looked = False
