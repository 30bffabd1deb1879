"""Certificates that clients show: of a CA's devices, self-made, and ones that are not in order."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from xchat.pki.mint.owner import uri_of

CLIENT, SERVER = ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Device:
    """A certificate and its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def fingerprint(self) -> str:
        return self.certificate.fingerprint(hashes.SHA256()).hex()

    def write(self, folder: Path, *chain: x509.Certificate) -> Path:
        """Write certificate, chain and key into one file, as chat clients want it."""
        key = self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        pems = (each.public_bytes(Encoding.PEM) for each in (self.certificate, *chain))
        file = folder / f"{self.fingerprint[:16]}.pem"
        file.touch(mode=0o600)
        file.write_bytes(b"".join((*pems, key)))
        return file


def mint(
    account: str = "nino",
    *,
    issuer: Device | None = None,
    uses: tuple[x509.ObjectIdentifier, ...] = (CLIENT,),
    uris: tuple[str, ...] | None = None,
    ends: timedelta = 90 * DAY,
    is_ca: bool = False,
) -> Device:
    """Mint the certificate of a device of `account`; without an issuer, a self-made one."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, account)])
    now = datetime.now(UTC).replace(microsecond=0)
    names = (uri_of("5f2c", account),) if uris is None else uris
    draft = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer.certificate.subject if issuer else name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - 10 * DAY)
        .not_valid_after(now + ends)
        .add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    if uses:
        draft = draft.add_extension(x509.ExtendedKeyUsage(uses), critical=False)
    if names:
        uris_in = [x509.UniformResourceIdentifier(uri) for uri in names]
        draft = draft.add_extension(x509.SubjectAlternativeName(uris_in), critical=False)
    return Device(draft.sign(issuer.key if issuer else key, hashes.SHA256()), key)


def read_authority(cert: bytes, key: bytes) -> Device:
    """Return a CA that signs, from PEM."""
    private = load_pem_private_key(key, None)
    assert isinstance(private, ec.EllipticCurvePrivateKey)
    return Device(x509.load_pem_x509_certificate(cert), private)
