"""What a client has shown of itself in the handshake."""

from __future__ import annotations

import hashlib
import ssl
from datetime import UTC, datetime
from typing import NamedTuple

from cryptography import x509

from xchat.pki.facts import UNREADABLE
from xchat.pki.mint.owner import account_of
from xchat.server.revoked import Named, named
from xchat.server.self_made import OneTrusted

_DONE = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
"""For connections whose handshake is done: it hears of no record."""
UNREAD = Named(b"", 0)
"""Of a certificate that OpenSSL can read and nobody else: whether it is revoked cannot be told."""
_NEVER = datetime.max.replace(tzinfo=UTC)


class Presented(NamedTuple):
    """A client's certificate, to which it has proved to have the key.

    `fingerprint` is its SHA-256, in lower-case hex. `is_vouched`: a CA of ours signed it, and
    it is in force; else it is only a key. `account`: whose device it says it is, where we may
    believe it.
    """

    fingerprint: str
    is_vouched: bool = False
    account: str = ""
    named: Named = UNREAD
    not_after: datetime = _NEVER


def take_presented(connection: ssl.SSLObject) -> Presented | None:
    """Return what the client of a finished handshake has shown; to be called once."""
    if connection.context.verify_mode == ssl.CERT_NONE and not _is_one(connection):
        return None
    der = connection.getpeercert(binary_form=True)
    presented = _read(der, is_vouched=not _is_one(connection)) if der else None
    connection.context = _DONE
    return presented


def _read(der: bytes, *, is_vouched: bool) -> Presented:
    """Read a certificate, once."""
    fingerprint = hashlib.sha256(der).hexdigest()
    try:
        certificate = x509.load_der_x509_certificate(der)
        account = account_of(certificate) if is_vouched else ""
        ends = certificate.not_valid_after_utc
        return Presented(fingerprint, is_vouched, account, named(certificate), ends)
    except UNREADABLE:
        return Presented(fingerprint)


def _is_one(connection: ssl.SSLObject) -> bool:
    return isinstance(connection.context, OneTrusted)
