"""TLS 1.3 records made by hand, for what no library would send: floods of key updates and worse.

The handshake is OpenSSL's; the client's first traffic secret comes from its key log, and from then
on the client-to-server records are ours (RFC 8446: 5.2 and 5.3 records, 7.1 and 7.2 secrets).
"""

from __future__ import annotations

import socket
import ssl
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from tests.e2e.raw import WAIT_SECONDS, trusting

ALERT, HANDSHAKE, DATA = 21, 22, 23
KEY_UPDATE = b"\x18\x00\x00\x01\x00"
KEY_UPDATE_BOTH = b"\x18\x00\x00\x01\x01"
"""Asks the peer to renew its own keys too, so that it has to write."""


@dataclass(frozen=True, slots=True)
class Suite:
    """What a cipher suite's secrets are made with."""

    digest: type[hashes.SHA256] | type[hashes.SHA384]
    aead: type[AESGCM] | type[ChaCha20Poly1305]
    key_bytes: int


SUITES = {
    "TLS_AES_128_GCM_SHA256": Suite(hashes.SHA256, AESGCM, 16),
    "TLS_AES_256_GCM_SHA384": Suite(hashes.SHA384, AESGCM, 32),
    "TLS_CHACHA20_POLY1305_SHA256": Suite(hashes.SHA256, ChaCha20Poly1305, 32),
}


def expand(suite: Suite, secret: bytes, label: str, length: int) -> bytes:
    """Return HKDF-Expand-Label(secret, label, "", length)."""
    name = b"tls13 " + label.encode()
    info = length.to_bytes(2, "big") + bytes([len(name)]) + name + b"\0"
    return HKDFExpand(suite.digest(), length, info).derive(secret)


class Sealer:
    """Makes the records that a client sends once the handshake is over."""

    def __init__(self, suite: Suite, secret: bytes) -> None:
        self.suite = suite
        self.use(secret)

    def use(self, secret: bytes) -> None:
        self.secret, self.sequence = secret, 0
        self.aead = self.suite.aead(expand(self.suite, secret, "key", self.suite.key_bytes))
        self.iv = int.from_bytes(expand(self.suite, secret, "iv", 12), "big")

    def seal(self, kind: int, body: bytes, *, padding: int = 0) -> bytes:
        """Return one encrypted record of the given kind (0 to 255) with zeros for padding."""
        inner = body + bytes([kind]) + b"\0" * padding
        header = b"\x17\x03\x03" + (len(inner) + 16).to_bytes(2, "big")
        nonce = (self.iv ^ self.sequence).to_bytes(12, "big")
        self.sequence += 1
        return header + self.aead.encrypt(nonce, inner, header)

    def update(self, message: bytes = KEY_UPDATE) -> bytes:
        """Return a key update, and go on with the next keys."""
        record = self.seal(HANDSHAKE, message)
        digest_bytes = self.suite.digest.digest_size
        self.use(expand(self.suite, self.secret, "traffic upd", digest_bytes))
        return record


def handmade(port: int, ca: Path, folder: Path) -> tuple[socket.socket, Sealer]:
    """Connect, shake hands, and return the bare socket and what seals records for it."""
    context = trusting(ca)
    keys = folder / f"keys-{port}-{len(list(folder.iterdir()))}"
    context.keylog_filename = str(keys)
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(incoming, outgoing, server_hostname="localhost")
    sock = socket.create_connection(("127.0.0.1", port), timeout=WAIT_SECONDS)
    while True:
        try:
            tls.do_handshake()
            break
        except ssl.SSLWantReadError:
            sock.sendall(outgoing.read())
            incoming.write(sock.recv(65_536))
    sock.sendall(outgoing.read())
    suite = tls.cipher()
    assert suite is not None
    (secret,) = (
        bytes.fromhex(line.split()[2])
        for line in keys.read_text().splitlines()
        if line.startswith("CLIENT_TRAFFIC_SECRET_0 ")
    )
    return sock, Sealer(SUITES[suite[0]], secret)
