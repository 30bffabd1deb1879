"""What a certificate says of itself, fit for a terminal; nothing of it is believed."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from xchat.irc.display import visible

if TYPE_CHECKING:
    from cryptography import x509


class Shown(NamedTuple):
    """What a certificate says of itself, fit for a terminal."""

    names: tuple[str, ...]
    issuer: str
    not_before: datetime
    not_after: datetime


def look_at(der: bytes | None) -> Shown | None:
    """Return what a certificate (DER) says; None for none, and for what cannot be read."""
    from cryptography import x509

    from xchat.pki.unreadable import UNREADABLE

    if der is None:
        return None
    try:
        certificate = x509.load_der_x509_certificate(der)
        return Shown(
            _names(certificate),
            visible(_name_of(certificate.issuer)),
            certificate.not_valid_before_utc,
            certificate.not_valid_after_utc,
        )
    except UNREADABLE:
        return None


def _name_of(subject: x509.Name) -> str:
    from cryptography.x509.oid import NameOID

    common = subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(common[0].value) if common else subject.rfc4514_string()


def _names(certificate: x509.Certificate) -> tuple[str, ...]:
    from cryptography import x509

    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    addresses = map(str, found.get_values_for_type(x509.IPAddress))
    return tuple(map(visible, (*found.get_values_for_type(x509.DNSName), *addresses)))
