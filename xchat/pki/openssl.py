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
from cryptography.hazmat.primitives.serialization import Encoding

from xchat.pki.names import Name

_HANDSHAKE_RECORD, _TLS_1_2 = 22, b"\x03\x03"
_SERVER_HELLO, _CERTIFICATE = 2, 11
_ECDHE_ECDSA_AES_128_GCM, _ECDHE_RSA_AES_128_GCM = b"\xc0\x2b", b"\xc0\x2f"
_RENEGOTIATION_INFO = b"\xff\x01\x00\x01\x00"
_RECORD_BYTES_MAX = 2**14


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
    for message in (b"", _first_flight(chain)):
        incoming.write(message)
        try:
            client.do_handshake()
        except ssl.SSLWantReadError:
            continue
        except ssl.SSLCertVerificationError as error:
            return error.verify_message
        except ssl.SSLError as error:
            return str(error.reason)
    return None


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
    suite = _ECDHE_RSA_AES_128_GCM if is_rsa else _ECDHE_ECDSA_AES_128_GCM
    no_session, no_compression = b"\0", b"\0"
    hello = _TLS_1_2 + os.urandom(32) + no_session + suite + no_compression
    hello += _sized(_RENEGOTIATION_INFO, size=2)
    entries = b"".join(_sized(each.public_bytes(Encoding.DER), size=3) for each in chain)
    return _records(
        _message(_SERVER_HELLO, hello) + _message(_CERTIFICATE, _sized(entries, size=3))
    )


def _message(kind: int, body: bytes) -> bytes:
    return bytes((kind,)) + _sized(body, size=3)


def _records(data: bytes) -> bytes:
    starts = range(0, len(data), _RECORD_BYTES_MAX)
    parts = (data[start : start + _RECORD_BYTES_MAX] for start in starts)
    return b"".join(bytes((_HANDSHAKE_RECORD,)) + _TLS_1_2 + _sized(p, size=2) for p in parts)


def _sized(data: bytes, *, size: int) -> bytes:
    """Return `data` after its length in `size` bytes."""
    return len(data).to_bytes(size, "big") + data
