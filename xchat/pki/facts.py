"""What a certificate says, as a value made for people and for `--json`."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from ipaddress import IPv4Network, IPv6Network
from typing import Literal

import msgspec
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

from xchat.irc.display import visible
from xchat.pki.errors import NotTrusted
from xchat.pki.mint.names import Bounds, Name, parse_name
from xchat.pki.mint.owner import account_of, device_of
from xchat.pki.unreadable import UNREADABLE as UNREADABLE  # noqa: PLC0414 - known here too

Role = Literal["root", "bridge", "issuer", "server", "device"]
ROOT_NAME = "XChat root"
"""What the names of our roots begin with; one that another CA signed is a bridge to it."""
_BEGIN = b"-----BEGIN CERTIFICATE-----"
_CURVES = {"secp256r1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521"}


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """One certificate.

    `names` is whom it is for; `may_name` what a CA may sign for, `None` for
    anything; `sha256` the fingerprint of its DER, 64 hexadecimal digits. A device's has whose
    `account` and which `device` it is.
    """

    file: str
    role: Role
    subject: str
    issuer: str
    serial: str
    sha256: str
    key: str
    not_before: datetime
    not_after: datetime
    names: tuple[str, ...]
    may_name: tuple[str, ...] | None
    account: str = ""
    device: str = ""


def read_chain(pem: bytes, file: object) -> list[x509.Certificate]:
    """Return the certificates in `pem` (at least one); raise NotTrusted for anything else."""
    try:
        found = x509.load_pem_x509_certificates(pem)
    except UNREADABLE as error:
        raise NotTrusted(f"{file} holds no certificate that can be read (PEM is wanted)") from error
    if len(found) < pem.count(_BEGIN):
        raise NotTrusted(f"{file} holds a certificate that is cut short")
    return found


def read_ders(ders: Iterable[bytes]) -> list[x509.Certificate]:
    """Return those certificates (DER) of a stranger's that can be read."""
    found = []
    for der in ders:
        with contextlib.suppress(*UNREADABLE):
            found.append(x509.load_der_x509_certificate(der))
    return found


def facts_of(certificate: x509.Certificate, file: object) -> Facts:
    """Return what a certificate says; raise NotTrusted for one that cannot be understood."""
    account = visible(account_of(certificate))
    try:
        return Facts(
            file=str(file),
            role=_role(certificate),
            subject=visible(certificate.subject.rfc4514_string()),
            issuer=visible(certificate.issuer.rfc4514_string()),
            serial=f"{certificate.serial_number:x}",
            sha256=certificate.fingerprint(hashes.SHA256()).hex(),
            key=_key(certificate),
            not_before=certificate.not_valid_before_utc,
            not_after=certificate.not_valid_after_utc,
            names=tuple(visible(str(name)) for name in names_of(certificate)),
            may_name=_may_name(certificate),
            account=account,
            device=visible(device_of(certificate)) if account else "",
        )
    except UNREADABLE as error:
        raise NotTrusted(f"{file} holds a certificate that breaks RFC 5280: {error}") from error


def names_of(certificate: x509.Certificate) -> list[Name]:
    """Return the host names and addresses a certificate is for, as it has them."""
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    values = (each.value for each in names if isinstance(each, x509.DNSName | x509.IPAddress))
    return [value for value in values if isinstance(value, Name)]


def bounds_of(certificate: x509.Certificate) -> Bounds | None:
    """Return what a CA may sign for, or None for anything."""
    try:
        constraints = certificate.extensions.get_extension_for_class(x509.NameConstraints).value
    except x509.ExtensionNotFound:
        return None
    permitted = [each.value for each in constraints.permitted_subtrees or ()]
    domains = tuple(each for each in permitted if isinstance(each, str))
    networks = tuple(each for each in permitted if isinstance(each, IPv4Network | IPv6Network))
    return Bounds(domains, networks)


def covers(names: list[Name], wanted: str) -> bool:
    """Tell whether one of `names`, wildcards included (RFC 6125, 6.4.3), is `wanted`."""
    name = parse_name(wanted)
    if not isinstance(name, str):
        return name in names
    _, _, parent = name.partition(".")
    return any(str(each).lower() in (name, f"*.{parent}") for each in names)


def fingerprint(sha256: str) -> tuple[str, str]:
    """Return a fingerprint as two lines of sixteen bytes, written as browsers and OpenSSL do."""
    pairs = re.findall("..", sha256.upper())
    return ":".join(pairs[:16]), ":".join(pairs[16:])


def is_ca(certificate: x509.Certificate) -> bool:
    """Tell whether a certificate may sign others."""
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def signer(
    certificate: x509.Certificate, candidates: Iterable[x509.Certificate]
) -> x509.Certificate | None:
    """Return the one of `candidates` whose key signed a certificate; None if none did."""
    return next((each for each in candidates if _signed_by(certificate, each)), None)


def root_above(
    issuer: Sequence[x509.Certificate], roots: Sequence[x509.Certificate]
) -> x509.Certificate:
    """Return the one of `roots` that signed an issuer; the first, if none did or it is unknown."""
    return next(filter(None, (signer(each, roots) for each in issuer[:1])), roots[0])


def _signed_by(certificate: x509.Certificate, candidate: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(candidate)
    except (InvalidSignature, *UNREADABLE):
        return False
    return True


def serves(certificate: x509.Certificate) -> bool:
    """Tell whether a certificate may be a server's: no extended key usage, or one that says so."""
    uses = _extended_uses(certificate)
    return uses is None or ExtendedKeyUsageOID.SERVER_AUTH in uses


def _extended_uses(certificate: x509.Certificate) -> list[x509.ObjectIdentifier] | None:
    try:
        return list(certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)
    except x509.ExtensionNotFound:
        return None


def _role(certificate: x509.Certificate) -> Role:
    if is_ca(certificate):
        if certificate.subject == certificate.issuer:
            return "root"
        return "bridge" if ROOT_NAME in certificate.subject.rfc4514_string() else "issuer"
    return "server" if serves(certificate) else "device"


def _may_name(certificate: x509.Certificate) -> tuple[str, ...] | None:
    bounds = bounds_of(certificate)
    if bounds is None:
        return None
    return tuple(visible(str(each)) for each in (*bounds.domains, *bounds.networks))


def _key(certificate: x509.Certificate) -> str:
    key = certificate.public_key()
    if isinstance(key, ec.EllipticCurvePublicKey):
        return _CURVES.get(key.curve.name, key.curve.name)
    if isinstance(key, rsa.RSAPublicKey):
        return f"RSA {key.key_size}"
    return type(key).__name__.removesuffix("PublicKey")
