"""What a client has shown of itself in the handshake."""

from __future__ import annotations

import hashlib
import ssl
from typing import NamedTuple

from xchat.pki.devices import account_in
from xchat.server.self_made import OneTrusted

_DONE = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
"""For connections whose handshake is done: it hears of no record."""


class Presented(NamedTuple):
    """A client's certificate, to which it has proved to have the key.

    `is_vouched`: a CA of ours signed it, and it is in force; else it is only a key.
    """

    der: bytes
    is_vouched: bool

    @property
    def fingerprint(self) -> str:
        """The SHA-256 of the certificate, in lower-case hex."""
        return hashlib.sha256(self.der).hexdigest()

    @property
    def account(self) -> str:
        """The account whose device it says it is, where we may believe it."""
        return account_in(self.der) if self.is_vouched else ""


def take_presented(connection: ssl.SSLObject) -> Presented | None:
    """Return what the client of a finished handshake has shown; to be called once."""
    if connection.context.verify_mode == ssl.CERT_NONE and not _is_one(connection):
        return None
    der = connection.getpeercert(binary_form=True)
    presented = Presented(der, not _is_one(connection)) if der else None
    connection.context = _DONE
    return presented


def _is_one(connection: ssl.SSLObject) -> bool:
    return isinstance(connection.context, OneTrusted)
