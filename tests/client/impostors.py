"""Servers that a client must not talk to, or that talk as a test says; each in a thread."""

from __future__ import annotations

import contextlib
import datetime as dt
import socket
import ssl
import threading
from collections.abc import Callable

import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

WAIT_SECONDS = 20.0

Talk = Callable[[socket.socket], None]


def hang_up(_: socket.socket) -> None:
    """Say nothing and close."""


def listen_only(connection: socket.socket) -> None:
    """Say nothing until the client closes."""
    while connection.recv(4096):
        pass


def saying(*lines: str) -> Talk:
    """Return a talk that says lines at once and then only listens."""

    def talk(connection: socket.socket) -> None:
        connection.sendall("".join(f"{line}\r\n" for line in lines).encode())
        listen_only(connection)

    return talk


class Impostor:
    """Listens on loopback; speaks TLS with `context`, or in the clear without one.

    `heard` is everything that came after the handshake: what a client would have given away.
    """

    def __init__(self, context: ssl.SSLContext | None, talk: Talk = listen_only) -> None:
        self._context = context
        self._talk = talk
        self.heard = b""
        self.visits = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                plain, _ = self._listener.accept()
            except OSError:
                return
            plain.settimeout(WAIT_SECONDS)
            self.visits += 1
            with contextlib.suppress(OSError), plain:
                self._receive(plain)

    def _receive(self, plain: socket.socket) -> None:
        if self._context is None:
            self._talk(plain)
            return
        with self._context.wrap_socket(plain, server_side=True) as connection:
            self._talk(_Recorded(self, connection))  # type: ignore[arg-type]

    def close(self) -> None:
        """Listen no more."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(WAIT_SECONDS)


class _Recorded:
    """A TLS connection whose `recv` is kept in the impostor's `heard`."""

    def __init__(self, impostor: Impostor, connection: ssl.SSLSocket) -> None:
        self._impostor = impostor
        self._connection = connection
        self.sendall = connection.sendall
        self.getpeercert = connection.getpeercert

    def recv(self, size: int) -> bytes:
        data = self._connection.recv(size)
        self._impostor.heard += data
        return data


def server_context(leaf: trustme.LeafCert) -> ssl.SSLContext:
    """Return a context that shows a certificate of trustme's."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    leaf.configure_cert(context)
    return context


def odd_leaf(
    authority: trustme.CA, *, starts: int, ends: int, with_key_id: bool = True
) -> ssl.SSLContext:
    """Return a context for localhost good from `starts` to `ends`, in days from now."""
    signer = serialization.load_pem_private_key(authority.private_key_pem.bytes(), None)
    assert isinstance(signer, ec.EllipticCurvePrivateKey)
    issuer = x509.load_pem_x509_certificate(authority.cert_pem.bytes())
    key = ec.generate_private_key(ec.SECP256R1())
    now = dt.datetime.now(dt.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "odd")]))
        .issuer_name(issuer.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + dt.timedelta(days=starts))
        .not_valid_after(now + dt.timedelta(days=ends))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
    )
    if with_key_id:
        identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key())
        builder = builder.add_extension(identifier, critical=False)
    return _context_of(builder.sign(signer, hashes.SHA256()), key)


def _context_of(certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> ssl.SSLContext:
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with trustme.Blob(secret + certificate.public_bytes(pem)).tempfile() as path:
        context.load_cert_chain(path)
    return context
