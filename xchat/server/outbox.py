"""What a connection has yet to be sent: bounded, and encrypted only when it can go."""

from __future__ import annotations

import socket

from xchat.server.tls import TlsPipe

ENCRYPT_BYTES = 65_536
"""Plaintext encrypted at once for a slow peer; the rest waits, so it can be dropped unsent."""


class Outbox:
    """The way out of one connection: plaintext, then ciphertext, then the socket.

    The bytes of one turn are encrypted and sent together, in one record where
    they fit. What the socket does not take stays; nothing more is encrypted
    until it has gone.
    """

    __slots__ = ("_ciphertext", "_plaintext", "_socket", "_tls")

    def __init__(self, sock: socket.socket, tls: TlsPipe) -> None:
        self._socket = sock
        self._tls = tls
        self._plaintext: list[bytes] = []
        self._ciphertext = b""

    @property
    def size(self) -> int:
        """How many bytes wait."""
        return len(self._ciphertext) + sum(map(len, self._plaintext))

    @property
    def is_waiting(self) -> bool:
        """Whether anything waits for the socket to take more."""
        return bool(self._ciphertext)

    def put(self, data: bytes) -> None:
        """Add plaintext."""
        self._plaintext.append(data)

    def flush(self) -> None:
        """Send what the socket takes; raises OSError where it is gone, TlsError where TLS is."""
        while not self._ciphertext or self._send():
            if not self._encrypt():
                return

    def _encrypt(self) -> bool:
        """Make more ciphertext; say whether there is any."""
        if self._plaintext:
            data = b"".join(self._plaintext)
            self._plaintext.clear()
            if len(data) > ENCRYPT_BYTES:
                self._plaintext.append(data[ENCRYPT_BYTES:])
                data = data[:ENCRYPT_BYTES]
            self._tls.write(data)
        self._ciphertext = self._tls.take()
        return bool(self._ciphertext)

    def _send(self) -> bool:
        """Send ciphertext; say whether all of it went."""
        try:
            sent = self._socket.send(self._ciphertext)
        except (BlockingIOError, InterruptedError):
            return False
        self._ciphertext = self._ciphertext[sent:]
        return not self._ciphertext
