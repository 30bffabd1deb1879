"""Write the few messages of TLS 1.2 (RFC 5246) after which OpenSSL judges a chain."""

from __future__ import annotations

import ssl
from collections.abc import Iterable, Sequence

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

HANDSHAKE_RECORD, TLS_1_2 = 22, b"\x03\x03"
_CERTIFICATE = 11
ECDHE_ECDSA_AES_128_GCM, ECDHE_RSA_AES_128_GCM = b"\xc0\x2b", b"\xc0\x2f"
RECORD_BYTES_MAX = 2**14


def message(kind: int, body: bytes) -> bytes:
    """Return a message of the handshake (7.4)."""
    return bytes((kind,)) + sized(body, size=3)


def certificates(chain: Sequence[x509.Certificate]) -> bytes:
    """Return the message in which either side shows its chain (7.4.2, 7.4.6)."""
    entries = b"".join(sized(each.public_bytes(Encoding.DER), size=3) for each in chain)
    return message(_CERTIFICATE, sized(entries, size=3))


def records(data: bytes) -> bytes:
    """Return messages in as many records as they need (6.2.1)."""
    starts = range(0, len(data), RECORD_BYTES_MAX)
    parts = (data[start : start + RECORD_BYTES_MAX] for start in starts)
    return b"".join(bytes((HANDSHAKE_RECORD,)) + TLS_1_2 + sized(p, size=2) for p in parts)


def sized(data: bytes, *, size: int) -> bytes:
    """Return `data` after its length in `size` bytes."""
    return len(data).to_bytes(size, "big") + data


def refusal_of(
    peer: ssl.SSLObject, incoming: ssl.MemoryBIO, flights: Iterable[bytes]
) -> str | None:
    """Return why the other side of a handshake refuses what it is told, or None if it goes on."""
    for flight in flights:
        incoming.write(flight)
        try:
            peer.do_handshake()
        except ssl.SSLWantReadError:
            continue
        except ssl.SSLCertVerificationError as error:
            return error.verify_message
        except ssl.SSLError as error:
            return str(error.reason)
    return None
