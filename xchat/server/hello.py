"""Read the ClientHello before TLS begins: whether a client has come to enrol, and what it costs.

Goal, first: who enrols is shown the root too, and need not have a certificate yet, even where
everybody else must (`tls.client_certificates = "required"`). Both are a context's, and
OpenSSL takes a context before it has heard which protocol is wanted: `SSLObject.context`
exchanges certificates, but neither whether one is asked for nor how it is judged.

Goal, second: no handshake holds the loop. OpenSSL agrees to finite-field groups of up to
8,192 bits, for an eighth of a second of ours each (measured: X25519 0.9 ms, ffdhe8192 126 ms;
CVE-2002-20001 is the like); Python's `ssl` cannot leave them out before 3.15. It takes one only
where the client sends a key for it, or knows no other: such a client is refused. None that
chats does so. What is agreed on in TLS 1.2 is chosen by its ciphers, which have none of it.

A ClientHello that does not fit its first record is refused too: it could hide either.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

HANDSHAKE, CLIENT_HELLO = 22, 1
"""Types of a record and of a message (RFC 8446, 5.1 and 4)."""
HEADER_BYTES = 5
RECORD_BYTES_MAX = 16_384
SUPPORTED_GROUPS, ALPN, SUPPORTED_VERSIONS, KEY_SHARE = 10, 16, 43, 51
"""Extensions (RFC 8446, 4.2)."""
_VERSION_AND_RANDOM_BYTES = 34
_TLS13 = 0x0304
_FINITE_FIELDS = frozenset(range(0x0100, 0x0200))
"""ffdhe2048 to ffdhe8192, and what is kept free for more (RFC 7919, 2)."""


class Hello(NamedTuple):
    """What of a ClientHello is of interest."""

    protocols: tuple[bytes, ...] = ()
    """ALPN's (RFC 7301)."""
    groups: frozenset[int] = frozenset()
    shares: frozenset[int] = frozenset()
    """The groups for which the client sends a key."""
    is_old: bool = False
    """Whether the client speaks nothing newer than TLS 1.2."""

    @property
    def is_costly(self) -> bool:
        """Whether an exchange of keys would take a finite field."""
        only_costly = bool(self.groups) and self.groups <= _FINITE_FIELDS
        return only_costly or bool(self.shares & _FINITE_FIELDS)


class BadHello(ValueError):  # noqa: N818 - says what it is
    """The first record of TLS holds no whole ClientHello."""


def read_hello(first: bytes) -> Hello | None:
    """Return what the first record of a connection says; None where more of it is to come.

    What is not TLS says nothing, and is OpenSSL's to refuse. Raises BadHello.
    """
    if first and first[0] != HANDSHAKE:
        return Hello()
    if len(first) < HEADER_BYTES:
        return None
    length = int.from_bytes(first[3:HEADER_BYTES], "big")
    if not 0 < length <= RECORD_BYTES_MAX:
        return Hello()
    record = first[HEADER_BYTES : HEADER_BYTES + length]
    if len(record) < length:
        return None
    try:
        return _read(record)
    except IndexError:
        raise BadHello("a ClientHello that is cut short, or in several records") from None


def _read(record: bytes) -> Hello:
    """Read a ClientHello (RFC 8446, 4.1.2)."""
    if record[0] != CLIENT_HELLO:
        raise BadHello("no ClientHello at first")
    body = _Reader(record[1:]).vector(3)
    body.skip(_VERSION_AND_RANDOM_BYTES)
    body.vector(1)  # the session's id
    body.vector(2)  # ciphers
    body.vector(1)  # compressions
    found = dict(_extensions(body.vector(2))) if body.has_more else {}
    return Hello(
        tuple(_protocols(found.get(ALPN, b""))),
        frozenset(_groups(found.get(SUPPORTED_GROUPS, b""))),
        frozenset(_shares(found.get(KEY_SHARE, b""))),
        _TLS13 not in _versions(found.get(SUPPORTED_VERSIONS, b"")),
    )


class _Reader:
    """Takes bytes from the front; IndexError where there are too few."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    @property
    def has_more(self) -> bool:
        return bool(self._data)

    def take(self, size: int) -> bytes:
        if len(self._data) < size:
            raise IndexError
        taken, self._data = self._data[:size], self._data[size:]
        return taken

    def skip(self, size: int) -> None:
        self.take(size)

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size), "big")

    def vector(self, size: int) -> _Reader:
        """Take a length of `size` bytes, and as many bytes as it says."""
        return _Reader(self.take(self.number(size)))

    def rest(self) -> bytes:
        return self.take(len(self._data))


def _extensions(reader: _Reader) -> Iterator[tuple[int, bytes]]:
    while reader.has_more:
        yield reader.number(2), reader.vector(2).rest()


def _protocols(data: bytes) -> Iterator[bytes]:
    names = _Reader(data).vector(2) if data else _Reader(b"")
    while names.has_more:
        yield names.vector(1).rest()


def _versions(data: bytes) -> Iterator[int]:
    versions = _Reader(data).vector(1) if data else _Reader(b"")
    while versions.has_more:
        yield versions.number(2)


def _groups(data: bytes) -> Iterator[int]:
    groups = _Reader(data).vector(2) if data else _Reader(b"")
    while groups.has_more:
        yield groups.number(2)


def _shares(data: bytes) -> Iterator[int]:
    shares = _Reader(data).vector(2) if data else _Reader(b"")
    while shares.has_more:
        yield shares.number(2)
        shares.vector(2)
