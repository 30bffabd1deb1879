"""A CA, and servers that enrol its devices or pretend to; each records every byte it is told."""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tests.client.impostors import Impostor, Talk, listen_only
from xchat.chat.tokens import Token, make_token
from xchat.pki.facts import read_chain
from xchat.pki.invite.enrolment import (
    ALPN,
    Ask,
    Enrolled,
    Redeem,
    Refused,
    Renew,
    Roots,
    Trusted,
    decode_ask,
    encode,
)
from xchat.pki.invite.invitation import Link
from xchat.pki.mint.authority import Holder, mint_issuer, mint_root, mint_server
from xchat.pki.mint.keys import key_pem, make_key
from xchat.pki.mint.names import LOCAL
from xchat.pki.mint.owner import uri_of
from xchat.pki.mint.request import make_request

DAY = timedelta(days=1)
NAMES = ("localhost",)


def pem(*certificates: x509.Certificate) -> str:
    return b"".join(each.public_bytes(Encoding.PEM) for each in certificates).decode()


class House:
    """A root, its issuer, and what they sign."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC)
        self.root = mint_root(self.now - 100 * DAY, bounds=LOCAL)
        self.issuer = mint_issuer(self.root, self.now - 100 * DAY, bounds=LOCAL)

    @property
    def sha256(self) -> bytes:
        return self.root.certificate.fingerprint(hashes.SHA256())

    @property
    def root_pem(self) -> str:
        return pem(self.root.certificate)

    def ask(self, token: Token) -> Redeem:
        """Return a question that is in order, of another device."""
        request = make_request(make_key()).decode()
        return Redeem(token=token.text, request=request, device="phone")

    def server(self, *names: str, made: timedelta = timedelta()) -> Holder:
        """Return a server's certificate, made so long ago."""
        return mint_server(self.issuer, names or NAMES, self.now - made)

    def stolen_device(self) -> Holder:
        """Return a device's certificate, and its key."""
        key = make_key()
        return Holder(read_chain(self.device(make_request(key)).encode(), "")[0], key)

    def link(self, port: int, token: Token | None = None) -> Link:
        return Link(host="localhost", port=port, ca=self.sha256, token=token or make_token())

    def device(
        self,
        request: bytes,
        account: str = "anna",
        *,
        age: timedelta = DAY / 288,
        life: timedelta = 90 * DAY,
    ) -> str:
        """Return the certificate of a device, for the key in its request, and the issuer's."""
        key = x509.load_pem_x509_csr(request).public_key()
        identifier = x509.SubjectKeyIdentifier.from_public_key(self.issuer.key.public_key())
        device = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, account)]))
            .issuer_name(self.issuer.certificate.subject)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before((self.now - age).replace(microsecond=0))
            .not_valid_after((self.now - age + life).replace(microsecond=0))
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
            .add_extension(x509.SubjectAlternativeName(
                [x509.UniformResourceIdentifier(uri_of("5f2c", account))]), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier),
                critical=False)
            .sign(self.issuer.key, hashes.SHA256())
        )  # fmt: skip
        return pem(device, self.issuer.certificate)

    def context(
        self, leaf: Holder, *also: x509.Certificate, alpn: Sequence[str] = (ALPN, "irc")
    ) -> ssl.SSLContext:
        """Return a server's context that shows `leaf` and then `also`; it asks for devices'."""
        context = showing(leaf, *also, alpn=alpn)
        context.verify_mode = ssl.CERT_OPTIONAL
        context.load_verify_locations(cadata=pem(self.root.certificate, self.issuer.certificate))
        return context

    def honest(self) -> ssl.SSLContext:
        """Return what the real server shows: leaf, issuer, root."""
        return self.context(self.server(), self.issuer.certificate, self.root.certificate)


def showing(
    leaf: Holder, *also: x509.Certificate, alpn: Sequence[str] = (ALPN, "irc")
) -> ssl.SSLContext:
    """Return a server's context that shows a certificate and, whether it fits or not, others."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.num_tickets = 0
    context.set_alpn_protocols(list(alpn))
    with TemporaryDirectory() as folder:
        file = Path(folder) / "pair.pem"
        file.write_bytes(key_pem(leaf.key) + pem(leaf.certificate, *also).encode())
        context.load_cert_chain(file)
    return context


class Recorder(Impostor):
    """A server whose context may be another one each time; the last stays.

    `heard` is every byte of plaintext that it was told, in all its visits.
    """

    def __init__(self, *contexts: ssl.SSLContext, talk: Talk = listen_only) -> None:
        self._contexts = list(contexts)
        super().__init__(contexts[0], talk)

    def _receive(self, plain: socket.socket) -> None:
        self._context = self._contexts.pop(0) if len(self._contexts) > 1 else self._contexts[0]
        super()._receive(plain)


Answering = Callable[[Ask, bytes | None], object]


class Enroller(Recorder):
    """An honest server, that keeps to the protocol: one question, one answer, the end.

    `spent` says which key redeemed which token; with the same key it is the same certificate.
    """

    def __init__(
        self, house: House, *contexts: ssl.SSLContext, tokens: Sequence[Token] = ()
    ) -> None:
        self.house = house
        self.account = "anna"
        self.tokens = {token.text for token in tokens}
        self.spent: dict[str, bytes] = {}
        self.certificates: dict[bytes, str] = {}
        self.asked: list[Ask] = []
        self.age = DAY / 288
        self.shown: list[bytes | None] = []
        self.answer: Callable[[Ask], bytes] = self.answer_honestly
        self.before_answer: Callable[[], None] = lambda: None
        super().__init__(*(contexts or (house.honest(),)), talk=self._speak)

    def _speak(self, connection: socket.socket) -> None:
        line = b""
        while not line.endswith(b"\n"):
            data = connection.recv(4096)
            if not data:
                return
            line += data
            if line.startswith(b"CAP"):
                return  # somebody wants to talk; here is nobody to talk to
        self.asked.append(decode_ask(line))
        self.shown.append(connection.getpeercert(binary_form=True))  # type: ignore[attr-defined]
        answer = self.answer(self.asked[-1])
        self.before_answer()
        with contextlib.suppress(OSError):
            connection.sendall(answer)

    def answer_honestly(self, ask: Ask) -> bytes:
        roots = pem(self.house.root.certificate)
        match ask:
            case Roots():
                return encode(Trusted(roots=roots))
            case Redeem(token=token, request=request, device=device):
                key = _key_in(request)
                if token not in self.tokens:
                    return encode(Refused(code="unknown", what="There is no such invitation."))
                if self.spent.setdefault(token, key) != key:
                    return encode(Refused(code="spent", what="Somebody has used this link."))
                return self._enrolled(request, device)
            case Renew(request=request):
                return self._enrolled(request, "laptop")

    def _enrolled(self, request: str, device: str) -> bytes:
        key = _key_in(request)
        if key not in self.certificates:
            self.certificates[key] = self.house.device(request.encode(), self.account, age=self.age)
        roots = pem(self.house.root.certificate)
        return encode(
            Enrolled(
                account=self.account,
                device=device,
                certificate=self.certificates[key],
                roots=roots,
            )
        )


def _key_in(request: str) -> bytes:
    key = x509.load_pem_x509_csr(request.encode()).public_key()
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
