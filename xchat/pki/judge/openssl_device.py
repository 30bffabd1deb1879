"""Ask OpenSSL whether a server would accept a device's chain, by the standard library alone.

As `openssl.refusal` does for servers: in TLS 1.2 a client shows its certificates in
the clear, before it proves anything. So we speak the client's first two flights
(RFC 5246, 7.4.1.2 and 7.4.6) to a server in memory, whose own key is made for
that and thrown away. It refuses the chain, saying why, or waits for what follows.
"""

from __future__ import annotations

import os
import ssl
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from xchat.pki.disk.files import SECRET, write_new
from xchat.pki.judge.tls12 import (
    ECDHE_ECDSA_AES_128_GCM,
    TLS_1_2,
    certificates,
    message,
    records,
    refusal_of,
    sized,
)
from xchat.pki.mint.keys import key_pem, make_key

_CLIENT_HELLO = 1
_SUPPORTED_GROUPS, _SIGNATURE_ALGORITHMS = b"\x00\x0a", b"\x00\x0d"
_P_256, _ECDSA_P_256_SHA_256 = b"\x00\x17", b"\x04\x03"


def refusal(chain: Sequence[x509.Certificate], roots_pem: str, crls_pem: bytes = b"") -> str | None:
    """Return why OpenSSL refuses this chain of a client, or None; with lists, by those too."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    server = _context(roots_pem, crls_pem).wrap_bio(incoming, outgoing, server_side=True)
    return refusal_of(server, incoming, (_hello(), records(certificates(chain))))


@lru_cache(maxsize=4)
def _context(roots_pem: str, crls_pem: bytes) -> ssl.SSLContext:
    """Return a strict server's context that trusts these roots; OpenSSL reads lists from files."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.verify_mode = ssl.CERT_REQUIRED
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    context.load_verify_locations(cadata=roots_pem)
    with tempfile.TemporaryDirectory() as folder:
        pair, lists = Path(folder, "pair.pem"), Path(folder, "crl.pem")
        write_new(pair, _own_pair(), mode=SECRET)
        context.load_cert_chain(pair)
        if crls_pem:
            write_new(lists, crls_pem, mode=SECRET)
            context.load_verify_locations(lists)
            context.verify_flags |= ssl.VERIFY_CRL_CHECK_LEAF
    return context


def _own_pair() -> bytes:
    key, now, name = make_key(), datetime.now(UTC), x509.Name([])
    day = timedelta(days=1)
    draft = x509.CertificateBuilder(name, name, key.public_key(), 1, now - day, now + day)
    return key_pem(key) + draft.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)


def _hello() -> bytes:
    no_session, no_compression = b"\0", sized(b"\0", size=1)
    extensions = b"".join(
        kind + sized(sized(value, size=2), size=2)
        for kind, value in (
            (_SUPPORTED_GROUPS, _P_256),
            (_SIGNATURE_ALGORITHMS, _ECDSA_P_256_SHA_256),
        )
    )
    hello = TLS_1_2 + os.urandom(32) + no_session
    hello += sized(ECDHE_ECDSA_AES_128_GCM, size=2) + no_compression
    return records(message(_CLIENT_HELLO, hello + sized(extensions, size=2)))
