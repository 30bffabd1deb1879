"""TLS as bytes in, bytes out; and the one context that a client of ours ever uses.

Nothing is taken to send before the handshake has verified the chain, the name and the
dates. With TLS 1.3 our side of the handshake ends before the server has judged it: what
it refuses arrives with the first read, and is raised there.
"""

from __future__ import annotations

import contextlib
import re
import ssl
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from xchat.client.certificate import Own, load_own
from xchat.client.exits import ClientError, Exit

ALPN = "irc"
RECORD_BYTES = 16_384
_PEM = re.compile("-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)


def make_context(
    ca: Path,
    *,
    oldest: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3,
    own: Own | None = None,
    alpn: str = ALPN,
) -> ssl.SSLContext:
    """Trust one file and nothing else; show `own` where asked. Raises ClientError."""
    pem = _read(ca)
    try:
        context = trusting(pem, alpn, oldest=oldest)
    except (ssl.SSLError, ValueError) as error:
        is_key = "PRIVATE KEY-----" in pem
        what = "a private key, not the CA's certificate" if is_key else "no PEM certificate"
        raise _unreadable(ca, f"it holds {what}") from error
    if own is not None:
        load_own(context, own)
    return context


def trusting(
    roots: str | bytes, alpn: str, *, oldest: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3
) -> ssl.SSLContext:
    """Trust these certificates, PEM or DER, and nothing else. Raises ssl.SSLError, ValueError."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = oldest
    context.verify_flags |= ssl.VerifyFlags.VERIFY_X509_STRICT
    context.verify_flags &= ~ssl.VerifyFlags.VERIFY_X509_PARTIAL_CHAIN
    context.hostname_checks_common_name = False
    context.set_alpn_protocols([alpn])
    context.load_verify_locations(cadata=roots)
    return context


def _read(ca: Path) -> str:
    try:
        return ca.read_text("ascii")
    except OSError as error:
        raise _unreadable(ca, error.strerror or str(error)) from error
    except ValueError as error:
        raise _unreadable(ca, "it holds no PEM certificate") from error


def certificates_in(ca: Path) -> list[bytes]:
    """Return every certificate in a file, DER; none where it cannot be read."""
    try:
        return certificates_of(ca.read_text("ascii"))
    except (OSError, ValueError):
        return []


def certificates_of(pem: str) -> list[bytes]:
    """Return every certificate in a text, DER; none where one of them cannot be read."""
    try:
        return [ssl.PEM_cert_to_DER_cert(each) for each in _PEM.findall(pem)]
    except ValueError:
        return []


def pem_of(ders: Iterable[bytes]) -> bytes:
    """Return certificates in PEM, one after the other."""
    return "".join(map(ssl.DER_cert_to_PEM_cert, ders)).encode()


def _unreadable(ca: Path, why: str) -> ClientError:
    return ClientError(
        Exit.CA_UNREADABLE,
        f"{ca}: {why}",
        mend="Pass the ca.pem of the server with --ca FILE; whoever runs the server has it"
        " (`xchat-certs init` makes it).",
    )


class Tls:
    """One connection's TLS: `feed` ciphertext, `write` plaintext, `take` ciphertext.

    Every method may raise ssl.SSLError; then the connection is of no use any more, and
    `take` holds what the peer should be told of it.
    """

    def __init__(self, context: ssl.SSLContext, name: str) -> None:
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._ssl = context.wrap_bio(self._incoming, self._outgoing, server_hostname=name)
        self.verified = False
        self.ended = False
        """Whether the peer has said that nothing follows."""

    def start(self) -> None:
        """Begin the handshake."""
        self._shake()

    def feed(self, ciphertext: bytes) -> bytes:
        """Take bytes from the network, none for its end; return the plaintext in them."""
        if ciphertext:
            self._incoming.write(ciphertext)
        else:
            self._incoming.write_eof()
        if not self.verified:
            self._shake()
        return self._read() if self.verified else b""

    def write(self, plaintext: bytes) -> None:
        """Encrypt."""
        assert self.verified, "nothing is said to a server that is not verified"
        if plaintext:
            self._ssl.write(plaintext)

    def take(self) -> bytes:
        """Return what is to go to the network."""
        return self._outgoing.read()

    def close(self) -> None:
        """Say that nothing follows."""
        with contextlib.suppress(ssl.SSLError, ValueError):  # the peer's is not waited for
            self._ssl.unwrap()

    def describe(self) -> tuple[str, datetime]:
        """Return the version spoken, `TLSv1.3`, and until when the certificate is good."""
        certificate = self._ssl.getpeercert() or {}
        seconds = ssl.cert_time_to_seconds(str(certificate["notAfter"]))
        return self._ssl.version() or "TLS", datetime.fromtimestamp(seconds, UTC)

    def _shake(self) -> None:
        try:
            self._ssl.do_handshake()
        except ssl.SSLWantReadError:
            return
        self.verified = True

    def _read(self) -> bytes:
        pieces = []
        try:
            while piece := self._ssl.read(RECORD_BYTES):
                pieces.append(piece)
            self.ended = True
        except ssl.SSLWantReadError:
            pass
        except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
            self.ended = True
        return b"".join(pieces)
