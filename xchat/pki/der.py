"""Write the few ASN.1 DER values that a locked key is made of (X.690, 8 and 10)."""

from __future__ import annotations


def sequence(*parts: bytes) -> bytes:
    """Return a SEQUENCE of encoded parts."""
    return _value(0x30, b"".join(parts))


def octets(data: bytes) -> bytes:
    """Return an OCTET STRING."""
    return _value(0x04, data)


def integer(number: int) -> bytes:
    """Return an INTEGER; `number` is not negative."""
    return _value(0x02, number.to_bytes(number.bit_length() // 8 + 1, "big"))


def oid(dotted: str) -> bytes:
    """Return an OBJECT IDENTIFIER."""
    first, second, *rest = map(int, dotted.split("."))
    return _value(0x06, b"".join(map(_base128, (first * 40 + second, *rest))))


def _base128(number: int) -> bytes:
    """Return big-endian groups of seven bits, all but the last with the high bit set."""
    groups = [number & 0x7F]
    while number := number >> 7:
        groups.append(number & 0x7F | 0x80)
    return bytes(reversed(groups))


def _value(tag: int, body: bytes) -> bytes:
    return bytes((tag,)) + _length(len(body)) + body


def _length(size: int) -> bytes:
    if size < 0x80:
        return bytes((size,))
    digits = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((0x80 | len(digits),)) + digits
