"""`xchat-certs verify` and `show` of a device's certificate, and of a list of the revoked."""

from __future__ import annotations

import json
import re
import ssl
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.pki.conftest import NOW, make, run_certs
from tests.pki.devices import add, key_pem, leaf, make_key
from xchat.pki.device.enrol import enrol
from xchat.pki.disk.folder import Folder
from xchat.pki.disk.signers import read_issuer
from xchat.pki.judge import openssl_device
from xchat.pki.judge.rules import REVOKED, in_words
from xchat.pki.judge.verify_device import judge_device, prove_device
from xchat.pki.mint.authority import Holder, mint_device
from xchat.pki.show import try_chain

DAY = timedelta(days=1)
FILE = "certs/devices/alice-laptop.pem"


def chain_of(folder: Folder) -> list[x509.Certificate]:
    return x509.load_pem_x509_certificates(add(folder).chain.encode())


def dateless(said: str) -> str:
    """Return what was said with each date replaced: a test may run at midnight."""
    return re.sub(r"\d{4}-\d\d-\d\d", "DAY", said)


def test_a_device_is_accepted_by_both_judges(made: Folder) -> None:
    add(made)
    ended = run_certs("verify", FILE, cwd=made.path.parent)
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith(f"{FILE} holds for alice\n")
    assert "OpenSSL (strict) and cryptography both accept it with certs/ca.pem" in ended.out
    report = json.loads(run_certs("verify", FILE, "--crl", "--json", cwd=made.path.parent).out)
    judges = [(each["judge"], each["broken"]) for each in report["verdicts"]]
    assert judges == [("OpenSSL", None), ("cryptography", None), ("xchat-certs", None)]


def test_a_revoked_device_is_refused_with_date_and_reason(made: Folder) -> None:
    add(made)
    cwd = made.path.parent
    run_certs("device", "revoke", "alice", "laptop", "--reason", "superseded", cwd=cwd)
    assert run_certs("verify", FILE, cwd=cwd).code == 0
    ended = run_certs("verify", FILE, "--crl", cwd=cwd)
    assert ended.code == 5
    assert "xchat-certs refuses certs/devices/alice-laptop.pem for alice" in ended.out
    assert "it was revoked on DAY (superseded), says certs/devices.json" in dateless(ended.out)
    assert ended.out.endswith("Next:  xchat-certs device list alice\n")


@pytest.mark.parametrize("file", [FILE, "certs/live/server.pem"])
def test_a_list_that_is_not_there_is_no_proof(made: Folder, file: str) -> None:
    add(made)
    made.crl.unlink()
    ended = run_certs("verify", file, "--crl", cwd=made.path.parent)
    assert ended.code == 5
    assert "certs/crl.pem: there is no such file" in ended.out
    assert ended.out.endswith("Next:  xchat-certs doctor\n")


def test_a_stale_list_is_no_proof(made: Folder) -> None:
    add(made)
    file = made.path / "devices/alice-laptop.pem"
    later = NOW + 31 * DAY
    report = try_chain(file, made.ca, None, later, revoked_by=made)
    rules = [each.broken.rule for each in report.verdicts if each.broken]
    assert rules == ["the list of the revoked was to be signed anew before now"]


@pytest.mark.parametrize(
    ("days", "rule"), [(91, "it, or one that signed it, has expired"), (-2, "it is not valid yet")]
)
def test_another_time_is_said(made: Folder, days: int, rule: str) -> None:
    chain = chain_of(made)
    roots = x509.load_pem_x509_certificates(made.ca.read_bytes())
    verdicts = judge_device(chain, roots, NOW + days * DAY)
    assert verdicts[0].broken is None  # OpenSSL goes by the machine's clock
    assert rule in str(verdicts[1].broken)


def test_the_issuer_belongs_after_it(made: Folder) -> None:
    chain = chain_of(made)
    (made.path.parent / "leaf.pem").write_bytes(chain[0].public_bytes(Encoding.PEM))
    ended = run_certs("verify", "leaf.pem", cwd=made.path.parent)
    assert ended.code == 5
    assert "the issuer's belongs after it in its file" in ended.out
    assert "Next:  Say which CA signed it: xchat-certs verify leaf.pem --ca FILE" in ended.out


def test_another_cas_device_is_refused(made: Folder) -> None:
    other = make(made.path.parent / "other")
    add(other)
    ended = run_certs("verify", "other/devices/alice-laptop.pem", cwd=made.path.parent)
    assert ended.code == 5


def test_a_device_is_no_server(made: Folder) -> None:
    add(made)
    ended = run_certs("verify", FILE, "--host", "chat.lan", cwd=made.path.parent)
    assert ended.code == 5


def test_openssl_is_asked_what_a_real_handshake_would_tell(made: Folder, tmp_path: Path) -> None:
    """The verdict without a key is the verdict of a handshake with it, word for word."""
    other = make(made.path.parent / "other")
    own, foreign = make_key(), make_key()
    for folder, key in ((made, own), (other, foreign)):
        chain = add(folder, key=key).chain
        pair = tmp_path / "pair.pem"
        pair.write_bytes(key_pem(key) + chain.encode())
        certificates = x509.load_pem_x509_certificates(chain.encode())
        said = openssl_device.refusal(certificates, made.ca.read_text())
        assert said == handshake(made, pair)


def handshake(folder: Folder, pair: Path) -> str | None:
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(folder.server, folder.server_key)
    server.verify_mode = ssl.CERT_REQUIRED
    server.verify_flags |= ssl.VERIFY_X509_STRICT
    server.load_verify_locations(folder.ca)
    client = ssl.create_default_context(cafile=folder.ca)
    client.load_cert_chain(pair)
    a, b = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = [client.wrap_bio(a, b, server_hostname="chat.lan"), server.wrap_bio(b, a, True)]
    for end in ends * 3:
        try:
            end.do_handshake()
        except ssl.SSLWantReadError:
            continue
        except ssl.SSLCertVerificationError as error:
            return error.verify_message
    return None


@pytest.mark.parametrize(
    "key",
    [ec.generate_private_key(ec.SECP384R1()), rsa.generate_private_key(65537, 2048)],
    ids=["P-384", "RSA 2048"],
)
def test_other_keys_are_judged_too(made: Folder, key: rsa.RSAPrivateKey) -> None:
    asked = x509.CertificateSigningRequestBuilder(x509.Name([])).sign(key, hashes.SHA256())
    chain = enrol(made, "alice", "laptop", asked, NOW).chain
    roots = x509.load_pem_x509_certificates(made.ca.read_bytes())
    verdicts = judge_device(x509.load_pem_x509_certificates(chain.encode()), roots, NOW)
    assert [each.broken for each in verdicts] == [None, None]
    assert key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def test_openssl_itself_finds_it_on_the_list(made: Folder) -> None:
    chain = chain_of(made)
    roots = made.ca.read_text()
    assert openssl_device.refusal(chain, roots, made.crl.read_bytes()) is None
    run_certs("device", "revoke", "alice", "laptop", cwd=made.path.parent)
    said = openssl_device.refusal(chain, roots, made.crl.read_bytes())
    assert said is not None
    assert in_words(said) == REVOKED


def test_what_does_not_hold_is_not_kept(made: Folder) -> None:
    issuer = read_issuer(made, NOW)
    forged = Holder(issuer.certificate, make_key())
    certificate = mint_device(forged, make_key().public_key(), "alice", "5f2c", NOW)
    roots = x509.load_pem_x509_certificates(made.ca.read_bytes())
    with pytest.raises(Exception, match="what was made does not hold for alice"):
        prove_device([certificate, issuer.certificate], roots, NOW)


def test_show_says_whose_device_it_is(made: Folder) -> None:
    """ "`show` of a device and of a CRL in people's words (who, which device, until when)"."""
    add(made, "ნინო", "ლეპტოპი")
    (file,) = made.device_files.iterdir()
    said = run_certs("show", str(file), cwd=made.path.parent).out
    assert "a device's certificate, which lets a person log in" in said
    assert "  for       ნინო, on ლეპტოპი\n" in said


def test_show_says_what_a_list_says(made: Folder) -> None:
    first = add(made)
    cwd = made.path.parent
    assert "  revoked   nothing\n" in run_certs("show", "certs/crl.pem", cwd=cwd).out
    run_certs("device", "revoke", "alice", "laptop", "--reason", "key-compromise", cwd=cwd)
    said = run_certs("show", "certs/crl.pem", cwd=cwd).out
    assert said.startswith("certs/crl.pem: a list of the revoked, number ")
    assert "  revoked   alice's laptop, on DAY (key-compromise):" in dateless(said)
    assert f"{leaf(first).serial_number:x}" in said
    assert "(29 days left)" in said


def test_show_says_that_a_list_is_anothers(made: Folder) -> None:
    make(made.path.parent / "other")
    said = run_certs("show", "other/crl.pem", cwd=made.path.parent).out
    assert "WHICH IS NO CA OF THIS FOLDER" in said


def test_show_names_a_torn_list(made: Folder) -> None:
    made.crl.write_bytes(made.crl.read_bytes()[:-40])
    ended = run_certs("show", "certs/crl.pem", cwd=made.path.parent)
    assert (ended.code, "certs/crl.pem: it is cut short" in ended.err) == (5, True)
