"""One connection: a socket that never waits, and the TLS on it. It watches nothing itself."""

from __future__ import annotations

import contextlib
import socket
import ssl
from datetime import datetime

from xchat.client.tls import RECORD_BYTES, Tls
from xchat.limits.client import HANDSHAKE_SECONDS_MAX


class Wire:
    """Reads and writes plaintext; what could not be sent yet is `unsent`."""

    def __init__(self, sock: socket.socket, context: ssl.SSLContext, name: str, now: float) -> None:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock = sock
        self.unsent = b""
        self.ended = False
        """Whether the server has said its last."""
        self._tls = Tls(context, name)
        self._late_at = now + HANDSHAKE_SECONDS_MAX
        self._tls.start()

    @property
    def verified(self) -> bool:
        """Whether the server is who it should be; before that nothing is said to it."""
        return self._tls.verified

    @property
    def late_at(self) -> float | None:
        """When the handshake is overdue, while it lasts."""
        return None if self.verified else self._late_at

    def describe(self) -> tuple[str, datetime]:
        """Return TLS's version and when the server's certificate ends."""
        return self._tls.describe()

    def read(self) -> bytes:
        """Return the plaintext that has come, perhaps none.

        Raises OSError, of which ssl.SSLError is one, where the connection is of no more use.
        """
        try:
            ciphertext = self.sock.recv(RECORD_BYTES)
        except (BlockingIOError, InterruptedError):
            return b""
        if not (ciphertext or self.verified):
            raise ConnectionAbortedError
        try:
            plaintext = self._tls.feed(ciphertext)
        except ssl.SSLError:
            self._send_rest()
            raise
        self.ended = self._tls.ended or not ciphertext
        return plaintext

    def write(self, plaintext: bytes) -> None:
        """Send what can be sent now, of this and of what was left."""
        try:
            if self.verified:
                self._tls.write(plaintext)
            self.unsent += self._tls.take()
            while self.unsent:
                self.unsent = self.unsent[self.sock.send(self.unsent) :]
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            self.unsent = b""  # gone; what it still has to say is read first

    def close(self) -> None:
        """Say goodbye, as far as it goes, and give the socket up."""
        if self.verified:
            self._tls.close()
            self._send_rest()
        self.sock.close()

    def _send_rest(self) -> None:
        """Tell the server why we hang up, if it still listens."""
        with contextlib.suppress(OSError):
            self.sock.send(self._tls.take())
