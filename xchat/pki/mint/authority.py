"""Mint: a root, an issuer beneath it, and what servers and devices show beneath that (RFC 5280).

The root signs one issuer and can then be moved away; the issuer signs what is
used every day. Both carry the same critical name constraints. Nothing here
touches a file or a clock.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from xchat.pki.facts import ROOT_NAME
from xchat.pki.mint.keys import PrivateKey, make_key
from xchat.pki.mint.names import Bounds, Name
from xchat.pki.mint.owner import uri_of

PublicKey: TypeAlias = EllipticCurvePublicKey | RSAPublicKey

ROOT_LIFE = timedelta(days=3652)
ISSUER_LIFE = timedelta(days=730)
SERVER_LIFE = timedelta(days=90)
DEVICE_LIFE = timedelta(days=90)
BACKDATED = timedelta(minutes=5)
"""Clocks are off by minutes; a certificate of today must not be one of tomorrow there."""
_SECOND = timedelta(seconds=1)
"""Both ends of a validity count (RFC 5280, 4.1.2.5), so a life is a second less."""

COMMON_NAME_CHARS_MAX = 64
"""X.520's ub-common-name, and its ub-organizational-unit-name (RFC 5280, Appendix A)."""
_SIGNS_CERTIFICATES = ("key_cert_sign", "crl_sign")
_SIGNS_HANDSHAKES = ("digital_signature",)
_USES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)


@dataclass(frozen=True)
class Holder:
    """A certificate and the key to it."""

    certificate: x509.Certificate
    key: PrivateKey


def mint_root(now: datetime, *, bounds: Bounds | None) -> Holder:
    """Mint a root for ten years that may have one CA beneath it."""
    key = make_key()
    name = _common_name(f"{ROOT_NAME} {_mark(key.public_key())}")
    draft = _draft(name, key.public_key(), now, now + ROOT_LIFE).issuer_name(name)
    draft = _as_ca(draft, path_length=1, bounds=bounds)
    return Holder(_signed(draft, key.public_key(), key), key)


def mint_bridge(old: Holder, new: x509.Certificate, now: datetime) -> x509.Certificate:
    """Certify a new root by the old one: its NewWithOld (RFC 4210, 4.4).

    It is proof for those who trust the old one, and nothing to build a chain with: below a root
    that allows one CA beneath it there is no room for the new one's issuer.
    """
    key = old.key.public_key()
    end = min(new.not_valid_after_utc, old.certificate.not_valid_after_utc)
    draft = (
        x509.CertificateBuilder()
        .subject_name(new.subject)
        .issuer_name(old.certificate.subject)
        .public_key(new.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now.replace(microsecond=0) - BACKDATED)
        .not_valid_after(end)
    )
    for each in new.extensions:
        if not isinstance(each.value, x509.AuthorityKeyIdentifier):
            draft = draft.add_extension(each.value, critical=each.critical)
    return _signed(draft, key, old.key)


def mint_issuer(root: Holder, now: datetime, *, bounds: Bounds | None) -> Holder:
    """Mint the CA that signs from day to day, for two years."""
    key = make_key()
    name = _common_name(f"XChat issuer {_mark(key.public_key())}")
    draft = _draft(name, key.public_key(), now, _end(root, now + ISSUER_LIFE))
    draft = _as_ca(draft, path_length=0, bounds=bounds)
    return Holder(_issued(draft, root), key)


def mint_server(issuer: Holder, names: Sequence[Name], now: datetime) -> Holder:
    """Mint a certificate for a server that is reached by `names` (at least one)."""
    key = make_key()
    hosts = (name for name in names if isinstance(name, str))
    subject = next((host for host in hosts if len(host) <= COMMON_NAME_CHARS_MAX), "XChat")
    draft = _draft(_common_name(subject), key.public_key(), now, _end(issuer, now + SERVER_LIFE))
    draft = _as_leaf(draft, ExtendedKeyUsageOID.SERVER_AUTH, _general_names(names))
    return Holder(_issued(draft, issuer), key)


def mint_device(
    issuer: Holder,
    public_key: PublicKey,
    account: str,
    ca_label: str,
    now: datetime,
    *,
    device: str | None = None,
) -> x509.Certificate:
    """Mint what a device of an account logs in with (`devices.uri_of`); its key stays there.

    The account, as it is written, is the common name too, and the device the unit: those are
    for people to read, nothing is decided by them.
    """
    common = account if len(account) <= COMMON_NAME_CHARS_MAX else "XChat device"
    subject = x509.Name([*_common_name(common), *_unit(device)])
    draft = _draft(subject, public_key, now, _end(issuer, now + DEVICE_LIFE))
    uri = x509.UniformResourceIdentifier(uri_of(ca_label, account))
    return _issued(_as_leaf(draft, ExtendedKeyUsageOID.CLIENT_AUTH, [uri]), issuer)


def _draft(
    subject: x509.Name, key: PublicKey, now: datetime, end: datetime
) -> x509.CertificateBuilder:
    start = now.replace(microsecond=0) - BACKDATED
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(end.replace(microsecond=0) - BACKDATED - _SECOND)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _end(issuer: Holder, wanted: datetime) -> datetime:
    """Return `wanted`, or the issuer's own end if that is sooner, before it is back-dated."""
    return min(wanted, issuer.certificate.not_valid_after_utc + BACKDATED + _SECOND)


def _as_ca(
    draft: x509.CertificateBuilder, *, path_length: int, bounds: Bounds | None
) -> x509.CertificateBuilder:
    draft = draft.add_extension(
        x509.BasicConstraints(ca=True, path_length=path_length), critical=True
    ).add_extension(_key_usage(_SIGNS_CERTIFICATES), critical=True)
    if bounds is None:
        return draft
    permitted = _general_names((*bounds.domains, *bounds.networks))
    return draft.add_extension(x509.NameConstraints(permitted, None), critical=True)


def _as_leaf(
    draft: x509.CertificateBuilder, use: x509.ObjectIdentifier, names: list[x509.GeneralName]
) -> x509.CertificateBuilder:
    return (
        draft.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(_SIGNS_HANDSHAKES), critical=True)
        .add_extension(x509.ExtendedKeyUsage([use]), critical=False)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
    )


def _issued(draft: x509.CertificateBuilder, issuer: Holder) -> x509.Certificate:
    named = draft.issuer_name(issuer.certificate.subject)
    return _signed(named, issuer.key.public_key(), issuer.key)


def _signed(
    draft: x509.CertificateBuilder, signer: EllipticCurvePublicKey, key: PrivateKey
) -> x509.Certificate:
    identifier = x509.SubjectKeyIdentifier.from_public_key(signer)
    authority = x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier)
    return draft.add_extension(authority, critical=False).sign(key, hashes.SHA256())


def _general_names(names: Iterable[object]) -> list[x509.GeneralName]:
    return [x509.DNSName(n) if isinstance(n, str) else x509.IPAddress(n) for n in names]  # type: ignore[arg-type]


def _key_usage(granted: Sequence[str]) -> x509.KeyUsage:
    return x509.KeyUsage(**{use: use in granted for use in _USES})


def _common_name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _unit(text: str | None) -> list[x509.NameAttribute[str]]:
    return [x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, text)] if text else []


def _mark(key: EllipticCurvePublicKey) -> str:
    """Return eight digits of the key's identifier, so that two CAs never share a name."""
    return x509.SubjectKeyIdentifier.from_public_key(key).digest.hex()[:8]
