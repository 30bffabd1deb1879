"""Python's end of a TLS connection, bytes in, bytes out."""

from __future__ import annotations

import ssl

from tests.server.libssl import LibsslClient
from xchat.server.tls import TlsPipe


class Client:
    """Python's end of a connection to a `TlsPipe`."""

    def __init__(self, context: ssl.SSLContext, session: ssl.SSLSession | None = None) -> None:
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(
            self.incoming, self.outgoing, server_hostname="localhost", session=session
        )

    def feed(self, ciphertext: bytes) -> None:
        self.incoming.write(ciphertext)

    def take(self) -> bytes:
        return self.outgoing.read()

    def handshake(self) -> bool:
        try:
            self.tls.do_handshake()
        except ssl.SSLWantReadError:
            return False
        return True

    def write(self, plaintext: bytes) -> None:
        self.tls.write(plaintext)

    def read(self) -> bytes:
        try:
            return self.tls.read(1 << 20)
        except ssl.SSLWantReadError:
            return b""

    def say(self, plaintext: bytes) -> bytes:
        self.write(plaintext)
        return self.take()


def shake_hands(pipe: TlsPipe, client: Client | LibsslClient) -> None:
    for _ in range(5):
        done = client.handshake()
        if ciphertext := client.take():
            pipe.feed(ciphertext)
        client.feed(pipe.take())
        if done and pipe.established:
            return
    raise AssertionError("the handshake comes to no end")
