"""Ask OpenSSL whether it accepts a chain, with nothing but the standard library.

Goal: the very verdict a Python client would come to, strict, for certificates
whose keys we do not have.

Plan: `ssl` verifies only in a handshake, and a server must have the key for
that; but in TLS 1.2 a server shows its certificates in the clear *before* it
proves anything. So we speak the server's first two messages ourselves
(RFC 5246, 7.4.1.3 and 7.4.2) to a client in memory. It either refuses the chain,
saying why, or waits for the next message: then it has accepted.

Ways rejected: the `openssl` command (it may be missing, and be another version
than Python's), pyOpenSSL (a dependency for one call).
"""

from __future__ import annotations

import os
import ssl
from collections.abc import Sequence

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

from xchat.pki.judge.tls12 import (
    ECDHE_ECDSA_AES_128_GCM,
    ECDHE_RSA_AES_128_GCM,
    TLS_1_2,
    certificates,
    message,
    records,
    refusal_of,
    sized,
)
from xchat.pki.mint.names import Name

_SERVER_HELLO = 2
_RENEGOTIATION_INFO = b"\xff\x01\x00\x01\x00"


def refusal(chain: Sequence[x509.Certificate], roots_pem: str, name: Name) -> str | None:
    """Return why OpenSSL refuses this chain for a server reached as `name`, or None."""
    return refusal_by(strict_context(roots_pem), chain, name)


def refusal_by(
    context: ssl.SSLContext, chain: Sequence[x509.Certificate], name: Name | None
) -> str | None:
    """Return why a client with this context refuses the chain, or None; no `name`, none checked."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    host = None if name is None else str(name)
    client = context.wrap_bio(incoming, outgoing, server_hostname=host)
    return refusal_of(client, incoming, (b"", _first_flight(chain)))


def strict_context(roots_pem: str) -> ssl.SSLContext:
    """Return a client's context as Python 3.13 has it, whichever Python this is."""
    return strict(ssl.create_default_context(cadata=roots_pem))


def strict(context: ssl.SSLContext) -> ssl.SSLContext:
    """Make a default context as strict as Python 3.13's, and one that `refusal_by` can ask."""
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    context.verify_flags &= ~ssl.VERIFY_X509_PARTIAL_CHAIN
    context.hostname_checks_common_name = False
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_2
    return context


def _first_flight(chain: Sequence[x509.Certificate]) -> bytes:
    is_rsa = isinstance(chain[0].public_key(), rsa.RSAPublicKey)
    suite = ECDHE_RSA_AES_128_GCM if is_rsa else ECDHE_ECDSA_AES_128_GCM
    no_session, no_compression = b"\0", b"\0"
    hello = TLS_1_2 + os.urandom(32) + no_session + suite + no_compression
    hello += sized(_RENEGOTIATION_INFO, size=2)
    return records(message(_SERVER_HELLO, hello) + certificates(chain))
