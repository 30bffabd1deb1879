"""What a connection has yet to be sent: bounded, and encrypted only when it can go.

The bytes of one turn are encrypted together and sent by one system call. What
the socket does not take waits; nothing more is encrypted until it has gone, so
a slow reader costs plaintext that others share, not ciphertext of its own.

`flush` is the hot path: it runs once a turn for everyone who was told
something, and calls nothing that it need not.
"""

from __future__ import annotations

import socket

from xchat.server.tls import TlsPipe

ENCRYPT_BYTES = 65_536
"""Plaintext encrypted at once; of more than this, the rest waits until that has gone."""
RECORD_BYTES = 16_384
"""Plaintext in one TLS record at most (RFC 8446, 5.1)."""


class Outbox:
    """The way out of one connection: `fresh` plaintext, then ciphertext, then the socket.

    `_rest` is what a long way has left, between the two; it waits only while ciphertext does.
    `fresh` is the list that others append to; it is never replaced.
    """

    __slots__ = (
        "_ciphertext", "_counted", "_counted_bytes", "_rest", "_send", "_take", "_tls", "_write",
        "fresh",
    )  # fmt: skip

    def __init__(self, sock: socket.socket, tls: TlsPipe) -> None:
        self._tls = tls
        self._write, self._take, self._send = tls.write, tls.take, sock.send
        self._ciphertext = b""
        self._rest: bytes | memoryview = b""
        self._counted = self._counted_bytes = 0
        self.fresh: list[bytes] = []

    def follow(self) -> None:
        """Write by the TLS connection that took the place of the first, before a word was said."""
        self._write = self._tls.write

    @property
    def is_waiting(self) -> bool:
        """Whether something waits for the socket to take more."""
        return bool(self._ciphertext)

    def size(self) -> int:
        """Return how many bytes wait; TLS's own answers to the peer are among them.

        While the socket takes nothing `fresh` only grows: of it, only what came
        since the last call is counted, or many deaf readers would cost a turn.
        """
        fresh = self.fresh
        self._counted_bytes += sum(map(len, fresh[self._counted :]))
        self._counted = len(fresh)
        held = len(self._ciphertext) + len(self._rest)
        return held + self._tls.pending + self._counted_bytes

    def flush(self) -> bool:
        """Send what the socket takes; say whether nothing is left. OSError: the peer is gone."""
        fresh = self.fresh
        if self._ciphertext or not fresh:
            return self._flush_rest()
        data = fresh[0] if len(fresh) == 1 else b"".join(fresh)
        fresh.clear()
        if len(data) > RECORD_BYTES:
            return self._flush_long(data)
        self._write(data)
        return self._pass_on(self._take())

    def _flush_long(self, data: bytes | memoryview) -> bool:
        """Flush portion by portion, as long as the socket takes each of them whole."""
        left = memoryview(data)
        while left:
            portion, left = left[:ENCRYPT_BYTES], left[ENCRYPT_BYTES:]
            self._rest = left or b""  # an empty view would keep all the data
            if not self._pass_on(self._encrypt(portion)):
                return False
        return True

    def _encrypt(self, portion: memoryview) -> bytes:
        """Encrypt record by record: a memory BIO keeps the size it has once grown to."""
        records = []
        for place in range(0, len(portion), RECORD_BYTES):
            self._write(portion[place : place + RECORD_BYTES])
            records.append(self._take())
        return b"".join(records)

    def _flush_rest(self) -> bool:
        """Flush where the last flush left something, or where there is nothing to say."""
        if self._ciphertext and not self._pass_on(self._ciphertext):
            return False
        if self._rest and not self._flush_long(self._rest):
            return False
        if self.fresh:
            self._counted = self._counted_bytes = 0
            return self.flush()
        # a handshake goes on, or TLS itself answers the peer
        return not self._tls.pending or self._pass_on(self._take())

    def _pass_on(self, ciphertext: bytes) -> bool:
        """Send; say whether all of it went, else keep the rest."""
        try:
            sent = self._send(ciphertext)
        except (BlockingIOError, InterruptedError):
            sent = 0
        self._ciphertext = ciphertext[sent:]
        return not self._ciphertext
