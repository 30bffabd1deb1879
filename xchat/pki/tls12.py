"""Write the few messages of TLS 1.2 (RFC 5246) after which OpenSSL judges a chain."""

from __future__ import annotations

HANDSHAKE_RECORD, TLS_1_2 = 22, b"\x03\x03"
CERTIFICATE = 11
ECDHE_ECDSA_AES_128_GCM, ECDHE_RSA_AES_128_GCM = b"\xc0\x2b", b"\xc0\x2f"
RECORD_BYTES_MAX = 2**14


def message(kind: int, body: bytes) -> bytes:
    """Return a message of the handshake (7.4)."""
    return bytes((kind,)) + sized(body, size=3)


def records(data: bytes) -> bytes:
    """Return messages in as many records as they need (6.2.1)."""
    starts = range(0, len(data), RECORD_BYTES_MAX)
    parts = (data[start : start + RECORD_BYTES_MAX] for start in starts)
    return b"".join(bytes((HANDSHAKE_RECORD,)) + TLS_1_2 + sized(p, size=2) for p in parts)


def sized(data: bytes, *, size: int) -> bytes:
    """Return `data` after its length in `size` bytes."""
    return len(data).to_bytes(size, "big") + data
