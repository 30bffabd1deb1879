"""`xchat.pki.mint.authority`: each certificate is as the table of pki.md has it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TypeVar

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.x509.oid import ExtendedKeyUsageOID

from xchat.pki.mint.authority import Holder, mint_issuer, mint_root, mint_server
from xchat.pki.mint.names import LOCAL

NOW = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
T = TypeVar("T", bound=x509.ExtensionType)
SECOND = timedelta(seconds=1)


@pytest.fixture(scope="module")
def root() -> Holder:
    return mint_root(NOW, bounds=LOCAL)


@pytest.fixture(scope="module")
def issuer(root: Holder) -> Holder:
    return mint_issuer(root, NOW, bounds=LOCAL)


@pytest.fixture(scope="module")
def server(issuer: Holder) -> Holder:
    return mint_server(issuer, ["chat.lan", "localhost"], NOW)


def extension(holder: Holder, kind: type[T]) -> tuple[T, bool]:
    found = holder.certificate.extensions.get_extension_for_class(kind)
    return found.value, found.critical


@pytest.mark.parametrize(("who", "days"), [("root", 3652), ("issuer", 730), ("server", 90)])
def test_lives(who: str, days: int, request: pytest.FixtureRequest) -> None:
    """ "90 d less a second", "back-dated 5 min"."""
    certificate = request.getfixturevalue(who).certificate
    start, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    assert start == NOW.replace(microsecond=0) - timedelta(minutes=5)
    assert end - start + SECOND == timedelta(days=days)


@pytest.mark.parametrize("who", ["root", "issuer", "server"])
def test_keys_are_p256_and_serials_are_chance(who: str, request: pytest.FixtureRequest) -> None:
    certificate = request.getfixturevalue(who).certificate
    key = certificate.public_key()
    assert isinstance(key, EllipticCurvePublicKey)
    assert isinstance(key.curve, SECP256R1)
    assert 100 < certificate.serial_number.bit_length() <= 159


@pytest.mark.parametrize(("who", "length"), [("root", 1), ("issuer", 0)])
def test_a_ca_signs_and_is_bound(who: str, length: int, request: pytest.FixtureRequest) -> None:
    holder = request.getfixturevalue(who)
    assert extension(holder, x509.BasicConstraints) == (x509.BasicConstraints(True, length), True)
    usage, critical = extension(holder, x509.KeyUsage)
    assert critical
    assert usage.key_cert_sign
    assert usage.crl_sign
    assert not usage.digital_signature
    constraints, critical = extension(holder, x509.NameConstraints)
    assert critical
    values = [each.value for each in constraints.permitted_subtrees or ()]
    assert values == [*LOCAL.domains, *LOCAL.networks]


def test_a_server_signs_handshakes_and_nothing_else(server: Holder) -> None:
    usage, critical = extension(server, x509.KeyUsage)
    assert critical
    assert usage.digital_signature
    assert not usage.key_encipherment
    assert not usage.key_agreement
    assert not usage.key_cert_sign
    assert list(extension(server, x509.ExtendedKeyUsage)[0]) == [ExtendedKeyUsageOID.SERVER_AUTH]
    assert extension(server, x509.BasicConstraints)[0] == x509.BasicConstraints(False, None)


def test_each_names_the_key_it_has_and_the_key_that_signed_it(
    root: Holder, issuer: Holder, server: Holder
) -> None:
    """ "SKI, AKI = SKI (key id only)"."""
    for holder, signer in ((root, root), (issuer, root), (server, issuer)):
        authority, _ = extension(holder, x509.AuthorityKeyIdentifier)
        identifier, _ = extension(signer, x509.SubjectKeyIdentifier)
        assert authority.key_identifier == identifier.digest
        assert authority.authority_cert_issuer is None
        holder.certificate.verify_directly_issued_by(signer.certificate)


def test_two_roots_never_share_a_name(root: Holder) -> None:
    assert mint_root(NOW, bounds=None).certificate.subject != root.certificate.subject


@pytest.mark.parametrize("days_before_the_issuers_end", [10, 89])
def test_a_leaf_never_outlives_its_issuer(issuer: Holder, days_before_the_issuers_end: int) -> None:
    late = issuer.certificate.not_valid_after_utc - timedelta(days=days_before_the_issuers_end)
    leaf = mint_server(issuer, ["chat.lan"], late).certificate
    assert leaf.not_valid_after_utc == issuer.certificate.not_valid_after_utc


def test_an_issuer_never_outlives_its_root(root: Holder) -> None:
    late = root.certificate.not_valid_after_utc - timedelta(days=100)
    issuer = mint_issuer(root, late, bounds=LOCAL).certificate
    assert issuer.not_valid_after_utc == root.certificate.not_valid_after_utc


def test_without_bounds_there_is_no_empty_extension() -> None:
    """An empty NameConstraints is against RFC 5280, 4.2.1.10."""
    with pytest.raises(x509.ExtensionNotFound):
        extension(mint_root(NOW, bounds=None), x509.NameConstraints)


def test_a_server_known_by_addresses_only_has_a_subject_all_the_same(issuer: Holder) -> None:
    from ipaddress import ip_address

    leaf = mint_server(issuer, [ip_address("10.0.0.1")], NOW).certificate
    assert leaf.subject.rfc4514_string() == "CN=XChat"
