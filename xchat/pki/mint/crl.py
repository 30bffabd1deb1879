"""Lists of revoked certificates (RFC 5280, 5): sign them, read them, tell which may be believed.

A list is the portable form of what the table of devices knows: for other
servers, and for other programs. Each issuer signs its own; a file may hold
several, one after the other.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal, TypeAlias

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from xchat.pki.mint.authority import BACKDATED, Holder

Crl: TypeAlias = x509.CertificateRevocationList

CRL_LIFE = timedelta(days=30)
Reason = Literal[
    "unspecified",
    "key-compromise",
    "affiliation-changed",
    "superseded",
    "cessation-of-operation",
    "privilege-withdrawn",
]
"""Why a certificate holds no longer, for good (RFC 5280, 5.3.1)."""

_FLAGS: dict[Reason, x509.ReasonFlags] = {
    "unspecified": x509.ReasonFlags.unspecified,
    "key-compromise": x509.ReasonFlags.key_compromise,
    "affiliation-changed": x509.ReasonFlags.affiliation_changed,
    "superseded": x509.ReasonFlags.superseded,
    "cessation-of-operation": x509.ReasonFlags.cessation_of_operation,
    "privilege-withdrawn": x509.ReasonFlags.privilege_withdrawn,
}
_REASONS = {flag: reason for reason, flag in _FLAGS.items()}
_SECOND = timedelta(seconds=1)
_ARMOURED = re.compile(rb"-----BEGIN X509 CRL-----.*?-----END X509 CRL-----", re.DOTALL)
_BEGIN = b"-----BEGIN X509 CRL-----"


@dataclass(frozen=True)
class Entry:
    """A certificate that holds no longer: its serial, since when, and why."""

    serial: int
    at: datetime
    reason: Reason = "unspecified"


def mint_crl(issuer: Holder, entries: Iterable[Entry], now: datetime, *, last: Crl | None) -> Crl:
    """Sign an issuer's list, which follows on `last`.

    Whoever has two lists of one second keeps the first, so `thisUpdate` rises by a second at
    least; it begins minutes ago, that a hundred lists of one second are all of the past. The
    number (5.2.3) is the time where that is more: it rises though a list was lost.
    """
    began = now.replace(microsecond=0) - BACKDATED
    number = int(now.timestamp())
    if last is not None:
        began = max(began, last.last_update_utc + _SECOND)
        number = max(number, number_of(last) + 1)
    identifier = x509.SubjectKeyIdentifier.from_public_key(issuer.key.public_key())
    authority = x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier)
    draft = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(issuer.certificate.subject)
        .last_update(began)
        .next_update(began + CRL_LIFE)
        .add_extension(authority, critical=False)
        .add_extension(x509.CRLNumber(number), critical=False)
    )
    for entry in entries:
        draft = draft.add_revoked_certificate(_listed(entry))
    return draft.sign(issuer.key, hashes.SHA256())


def crl_pem(crls: Iterable[Crl]) -> bytes:
    """Return lists as PEM, one after the other."""
    return b"".join(each.public_bytes(Encoding.PEM) for each in crls)


def read_crls(data: bytes) -> list[Crl]:
    """Return the lists in PEM, or the one in DER; raise ValueError if any part is torn."""
    blocks = _ARMOURED.findall(data)
    if len(blocks) != data.count(_BEGIN):
        raise ValueError("it is cut short")
    try:
        if not blocks:
            return [x509.load_der_x509_crl(data)]
        return [x509.load_pem_x509_crl(block) for block in blocks]
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise ValueError("it holds no list of revoked certificates that can be read") from error


def signer_of(crl: Crl, authorities: Iterable[x509.Certificate]) -> x509.Certificate | None:
    """Return the CA, of those given, that signed a list; None if none of them did."""
    return next((each for each in authorities if _signed_by(crl, each)), None)


def newest_by(crls: Sequence[Crl], signer: x509.Certificate) -> Crl | None:
    """Return the newest list that a CA signed."""
    its_own = [each for each in crls if _signed_by(each, signer)]
    return max(its_own, key=lambda each: (each.last_update_utc, number_of(each)), default=None)


def entries_of(crl: Crl) -> list[Entry]:
    """Return what a list says is revoked."""
    return [Entry(each.serial_number, each.revocation_date_utc, _reason(each)) for each in crl]


def number_of(crl: Crl) -> int:
    """Return a list's number (RFC 5280, 5.2.3); 0 if it has none."""
    try:
        return crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number
    except (x509.ExtensionNotFound, ValueError):
        return 0


def ends_at(crl: Crl) -> datetime:
    """Return when the next list was promised; a list that promises none is never stale."""
    return crl.next_update_utc or datetime.max.replace(tzinfo=UTC)


def is_crl(data: bytes) -> bool:
    """Tell whether bytes look like a list in PEM."""
    return _BEGIN in data


def _signed_by(crl: Crl, authority: x509.Certificate) -> bool:
    try:
        return crl.issuer == authority.subject and crl.is_signature_valid(authority.public_key())  # type: ignore[arg-type]
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return False


def _listed(entry: Entry) -> x509.RevokedCertificate:
    draft = x509.RevokedCertificateBuilder(entry.serial, entry.at.replace(microsecond=0))
    if entry.reason != "unspecified":  # which is told by saying nothing (5.3.1)
        draft = draft.add_extension(x509.CRLReason(_FLAGS[entry.reason]), critical=False)
    return draft.build()


def _reason(entry: x509.RevokedCertificate) -> Reason:
    try:
        flag = entry.extensions.get_extension_for_class(x509.CRLReason).value.reason
    except (x509.ExtensionNotFound, ValueError):
        return "unspecified"
    return _REASONS.get(flag, "unspecified")
