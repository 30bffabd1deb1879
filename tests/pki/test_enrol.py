"""`xchat.pki.device.enrol`: a device gets its certificate, once, and the one that follows it."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tests.pki.conftest import NOW, make, tree
from tests.pki.devices import add, leaf, listed, request_of
from xchat.errors import UsageError, XChatError
from xchat.limits import CERTIFICATES_PER_DEVICE_MAX, DEVICES_PER_ACCOUNT_MAX, REQUEST_BYTES_MAX
from xchat.pki.device.enrol import enrol, renew_device
from xchat.pki.device.revoke import revoke
from xchat.pki.disk.folder import Folder
from xchat.pki.disk.registry import Device, Table, read_table, table_json
from xchat.pki.errors import Differs, Expired, NotTrusted
from xchat.pki.mint.crl import number_of
from xchat.pki.mint.keys import key_pem, make_key
from xchat.pki.mint.owner import account_in, device_in
from xchat.pki.mint.request import make_request, proven_key, read_request

DAY = timedelta(days=1)


def test_a_device_certificate_is_as_the_table_has_it(made: Folder) -> None:
    """ "90 d, EKU clientAuth only, CN nick, SAN https://<ca-id>.xchat.invalid/user/<nick>"."""
    key = make_key()
    enrolled = add(made, "ნინო", "ლეპტოპი", key)
    certificate = leaf(enrolled)
    found = certificate.extensions
    assert certificate.public_key() == key.public_key()
    span = certificate.not_valid_after_utc - certificate.not_valid_before_utc
    assert span + timedelta(seconds=1) == 90 * DAY
    uses = found.get_extension_for_class(x509.ExtendedKeyUsage)
    assert list(uses.value) == [ExtendedKeyUsageOID.CLIENT_AUTH]
    key_usage = found.get_extension_for_class(x509.KeyUsage)
    assert key_usage.critical
    assert key_usage.value.digital_signature
    assert not key_usage.value.key_agreement
    assert not found.get_extension_for_class(x509.BasicConstraints).value.ca
    (uri,) = found.get_extension_for_class(x509.SubjectAlternativeName).value
    root = x509.load_pem_x509_certificate(made.ca.read_bytes())
    label = root.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest.hex()
    assert uri.value.startswith(f"https://{label[:8]}.xchat.invalid/user/%E1%83%9C")
    (name,) = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    assert name.value == "ნინო"
    der = certificate.public_bytes(Encoding.DER)
    assert (account_in(der), device_in(der)) == ("ნინო", "ლეპტოპი")


def test_the_chain_the_row_the_file_and_the_journal_agree(made: Folder) -> None:
    enrolled = add(made)
    own, issuer = x509.load_pem_x509_certificates(enrolled.chain.encode())
    own.verify_directly_issued_by(issuer)
    (row,) = read_table(made).devices
    assert row == enrolled.device
    assert row.sha256 == own.fingerprint(hashes.SHA256()).hex()
    assert (made.path / "devices/alice-laptop.pem").read_text() == enrolled.chain
    last = json.loads((made.path / "journal.jsonl").read_text().splitlines()[-1])
    assert (last["act"], last["account"], last["device"]) == ("device minted", "alice", "laptop")
    assert last["sha256"] == row.sha256


def test_the_same_key_gets_the_same_certificate(made: Folder) -> None:
    """ "idempotent for the same public key of the same account in force"."""
    key = make_key()
    first = add(made, key=key)
    before = tree(made.path)
    again = add(made, device="another", key=key)
    assert first.is_new
    assert not again.is_new
    assert (again.chain, again.device) == (first.chain, first.device)
    assert tree(made.path) == before


def test_a_taken_name_gets_a_number(made: Folder) -> None:
    """ "a taken device name gets `-2`"."""
    assert [add(made).device.device for _ in range(3)] == ["laptop", "laptop-2", "laptop-3"]
    assert add(made, "bob").device.device == "laptop"
    assert len(list(made.device_files.iterdir())) == 4


def test_a_taken_name_can_be_refused(made: Folder) -> None:
    add(made)
    with pytest.raises(Differs, match=r"alice has a device laptop, until ") as refused:
        enrol(made, "alice", "laptop", request_of(), NOW, if_taken="refuse")
    assert refused.value.mend == f"xchat-certs device add alice laptop-2 --dir {made.path}"


def test_only_the_key_of_a_request_is_taken(made: Folder) -> None:
    asked = (
        x509.CertificateSigningRequestBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "root")]))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("chat.lan")]), critical=False)
        .sign(make_key(), hashes.SHA256())
    )
    certificate = leaf(enrol(made, "alice", "laptop", asked, NOW))
    assert not certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert account_in(certificate.public_bytes(Encoding.DER)) == "alice"
    assert b"chat.lan" not in certificate.public_bytes(Encoding.DER)


@pytest.mark.parametrize(
    "key",
    [ec.generate_private_key(ec.SECP384R1()), rsa.generate_private_key(65537, 2048)],
    ids=["P-384", "RSA 2048"],
)
def test_other_keys_are_tolerated(made: Folder, key: rsa.RSAPrivateKey) -> None:
    asked = x509.CertificateSigningRequestBuilder(x509.Name([])).sign(key, hashes.SHA256())
    certificate = leaf(enrol(made, "alice", "laptop", asked, NOW))
    assert certificate.public_key() == key.public_key()


@pytest.mark.parametrize(
    "key",
    [
        ec.generate_private_key(ec.SECP521R1()),
        rsa.generate_private_key(65537, 1024),
        rsa.generate_private_key(65537, 4104),
    ],
    ids=["P-521", "RSA 1024", "RSA 4104"],
)
def test_weak_or_odd_keys_are_refused(key: rsa.RSAPrivateKey) -> None:
    asked = x509.CertificateSigningRequestBuilder(x509.Name([])).sign(key, hashes.SHA256())
    with pytest.raises(NotTrusted, match="none of P-256"):
        proven_key(asked)


def test_ed25519_is_refused() -> None:
    key = ed25519.Ed25519PrivateKey.generate()
    asked = x509.CertificateSigningRequestBuilder(x509.Name([])).sign(key, None)
    with pytest.raises(NotTrusted, match="none of P-256"):
        proven_key(asked)


def test_who_asks_proves_to_have_the_key() -> None:
    """ "proof of possession checked": a signature of another key, over the same, is refused."""
    der, other = (read_request(make_request(make_key())) for _ in range(2))
    forged = der.public_bytes(Encoding.DER).replace(der.signature[-8:], other.signature[-8:])
    with pytest.raises(NotTrusted, match="not signed by the key it is for"):
        proven_key(x509.load_der_x509_csr(forged))


@pytest.mark.parametrize(
    "pem", [b"", b"\0" * 100, key_pem(make_key()), b"x" * (REQUEST_BYTES_MAX + 1)]
)
def test_what_is_no_request_is_refused(pem: bytes) -> None:
    with pytest.raises(NotTrusted, match=r"^request\.pem ") as refused:
        read_request(pem, "request.pem")
    assert "openssl req -new" in str(refused.value.mend)


def test_a_revoked_key_is_not_signed_again(made: Folder) -> None:
    key = make_key()
    first = add(made, key=key)
    revoke(made, "alice", "laptop", "key-compromise", NOW)
    with pytest.raises(NotTrusted, match="this key of alice was revoked"):
        add(made, key=key)
    assert leaf(add(made)).serial_number != leaf(first).serial_number


def test_an_account_has_so_many_devices(made: Folder) -> None:
    row = add(made).device
    rows = [replace_name(row, number) for number in range(DEVICES_PER_ACCOUNT_MAX)]
    made.devices.write_bytes(table_json(Table(tuple(rows))))
    with pytest.raises(XChatError, match=f"alice has {DEVICES_PER_ACCOUNT_MAX} devices"):
        add(made, device="one-more")
    assert add(made, "bob").is_new


def replace_name(row: Device, number: int) -> Device:
    return msgspec.structs.replace(row, device=f"d{number}", sha256=f"{number:064x}")


@pytest.mark.parametrize(("account", "device"), [("a/b", "x"), ("alice", "../x"), ("", "x")])
def test_hostile_names_change_nothing(made: Folder, account: str, device: str) -> None:
    before = tree(made.path)
    with pytest.raises(UsageError):
        add(made, account, device)
    assert tree(made.path) == before


def test_an_expired_issuer_signs_nothing(made: Folder) -> None:
    with pytest.raises(Expired, match=r"issuer\.pem expired on"):
        enrol(made, "alice", "laptop", request_of(), NOW + 731 * DAY)


def test_a_device_never_outlives_its_issuer(made: Folder) -> None:
    late = NOW + 700 * DAY
    chain = x509.load_pem_x509_certificates(
        enrol(made, "alice", "laptop", request_of(), late).chain.encode()
    )
    assert chain[0].not_valid_after_utc == chain[1].not_valid_after_utc


def test_a_renewed_device_has_two_certificates_and_one_name(made: Folder) -> None:
    first, key = add(made), make_key()
    second = renew_device(made, leaf(first), request_of(key), NOW + 60 * DAY)
    assert (second.device.account, second.device.device) == ("alice", "laptop")
    assert leaf(second).public_key() == key.public_key()
    assert len(read_table(made).in_force(NOW + 60 * DAY, "alice", "laptop")) == 2
    again = renew_device(made, leaf(first), request_of(key), NOW + 60 * DAY)
    assert (again.is_new, again.chain) == (False, second.chain)


def test_with_its_old_key_a_device_is_renewed_when_due(made: Folder) -> None:
    key = make_key()
    first = add(made, key=key)
    assert renew_device(made, leaf(first), request_of(key), NOW + 59 * DAY).chain == first.chain
    assert renew_device(made, leaf(first), request_of(key), NOW + 61 * DAY).is_new


def test_renewals_have_an_end(made: Folder) -> None:
    first = add(made)
    for _ in range(CERTIFICATES_PER_DEVICE_MAX - 1):
        renew_device(made, leaf(first), request_of(), NOW)
    with pytest.raises(XChatError, match="laptop of alice has 4 certificates in force"):
        renew_device(made, leaf(first), request_of(), NOW)


def test_what_is_not_in_force_is_not_renewed(made: Folder) -> None:
    first = add(made)
    with pytest.raises(NotTrusted, match="not in force"):
        renew_device(made, leaf(first), request_of(), NOW + 91 * DAY)
    revoke(made, "alice", "laptop", "key-compromise", NOW)
    with pytest.raises(NotTrusted, match="was revoked on"):
        renew_device(made, leaf(first), request_of(), NOW)
    made.devices.unlink()
    with pytest.raises(NotTrusted, match="was revoked on"):
        renew_device(made, leaf(first), request_of(), NOW)


def test_a_device_the_table_forgot_is_renewed_all_the_same(made: Folder) -> None:
    first = add(made)
    made.devices.unlink()
    second = renew_device(made, leaf(first), request_of(), NOW + DAY)
    assert (second.device.account, second.device.device) == ("alice", "laptop")


def test_a_device_of_another_ca_is_not_renewed(made: Folder) -> None:
    other = add(make(made.path.parent / "other"))
    with pytest.raises(NotTrusted, match="not of this CA"):
        renew_device(made, leaf(other), request_of(), NOW)


def test_eight_at_once_have_eight_names(made: Folder) -> None:
    """Called by threads of the server: each waits for the folder."""
    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(lambda _: add(made), range(8)))
    assert len({each.device.device for each in done}) == 8
    assert len(read_table(made).devices) == 8
    assert number_of(listed(made)[0]) >= int(NOW.timestamp()) - 60


def test_eight_at_once_with_one_key_have_one_certificate(made: Folder) -> None:
    key = make_key()
    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(lambda _: add(made, key=key), range(8)))
    assert len({each.chain for each in done}) == 1
    assert sum(each.is_new for each in done) == 1
