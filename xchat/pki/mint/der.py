"""Write, and take apart, the few ASN.1 DER values that locked keys are made of (X.690, 8 and 10).

What is taken apart here was made in this process: it is not for what others send.
"""

from __future__ import annotations

from collections.abc import Iterator


def sequence(*parts: bytes) -> bytes:
    """Return a SEQUENCE of encoded parts."""
    return _value(0x30, b"".join(parts))


def octets(data: bytes) -> bytes:
    """Return an OCTET STRING."""
    return _value(0x04, data)


def integer(number: int) -> bytes:
    """Return an INTEGER; `number` is not negative."""
    return _value(0x02, number.to_bytes(number.bit_length() // 8 + 1, "big"))


def null() -> bytes:
    """Return a NULL."""
    return _value(0x05, b"")


def oid(dotted: str) -> bytes:
    """Return an OBJECT IDENTIFIER."""
    first, second, *rest = map(int, dotted.split("."))
    return _value(0x06, b"".join(map(_base128, (first * 40 + second, *rest))))


def content(value: bytes) -> bytes:
    """Return what a value holds, without its tag and length."""
    start, end = _span(value)
    return value[start:end]


def parts(data: bytes) -> Iterator[bytes]:
    """Yield the values that stand one after another, whole."""
    while data:
        _start, end = _span(data)
        yield data[:end]
        data = data[end:]


def _span(value: bytes) -> tuple[int, int]:
    """Return where the content of the first value begins and ends; its tag is one byte."""
    start, size = 2, value[1]
    if size >= 0x80:
        start += size - 0x80
        size = int.from_bytes(value[2:start], "big")
    return start, start + size


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
