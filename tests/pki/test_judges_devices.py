"""What devices are given, and the list of the revoked, have no fault a judge can find."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import verification

from tests.environments import skip_by_name
from tests.pki.conftest import SECONDS_MAX, Ended, run, run_certs
from tests.pki.devices import add, key_pem, listed, make_key, request_of
from tests.pki.test_judges import (
    PYTHON_3_13,
    WAIVERS,
    find_python_3_13,
    is_waived,
    pkilint,
)
from xchat.pki.device.enrol import enrol, renew_device
from xchat.pki.device.revoke import revoke
from xchat.pki.disk.folder import Folder
from xchat.pki.disk.registry import read_table
from xchat.pki.mint.crl import entries_of
from xchat.pki.mint.request import read_request

__all__ = ["pkilint"]

OPENSSL = ("openssl", "verify", "-x509_strict", "-purpose", "sslclient", "-CAfile", "ca.pem")
WITH_LIST = ("-crl_check", "-CRLfile", "crl.pem")
HANDSHAKE = """
import json, ssl, sys
ca, cert, key, crl, *pairs = sys.argv[1:]
said = {}
for pair in pairs:
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=ca)
    server.load_cert_chain(cert, key)
    server.verify_mode = ssl.CERT_REQUIRED
    server.verify_flags |= ssl.VERIFY_X509_STRICT
    if crl:
        server.load_verify_locations(crl)
        server.verify_flags |= ssl.VERIFY_CRL_CHECK_LEAF
    client = ssl.create_default_context(cafile=ca)
    client.load_cert_chain(pair)
    a, b = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = [client.wrap_bio(a, b, server_hostname="chat.lan"), server.wrap_bio(b, a, True)]
    for end in ends * 4:
        try:
            end.do_handshake()
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLCertVerificationError as error:
            said[pair] = error.verify_message
        except ssl.SSLError as error:
            pass
    said.setdefault(pair, ends[1].version())
print(json.dumps(said))
"""


@pytest.fixture
def two(made: Folder) -> Folder:
    """Two devices with their keys, `in-force.pem` and `revoked.pem`, in the folder."""
    for name in ("in-force", "revoked"):
        key = make_key()
        pair = key_pem(key) + add(made, "nino", name, key).chain.encode()
        (made.path / f"{name}.pem").write_bytes(pair)
    revoke(made, "nino", "revoked", "key-compromise", datetime.now(UTC))
    return made


def test_openssl_accepts_a_device_and_refuses_a_revoked_one(two: Folder) -> None:
    """ "openssl verify -x509_strict -purpose sslclient -crl_check"."""
    words = (*OPENSSL, "-untrusted", "issuer.pem")
    assert run(*words, "revoked.pem", cwd=two.path).code == 0
    assert run(*words, *WITH_LIST, "in-force.pem", cwd=two.path).code == 0
    ended = run(*words, *WITH_LIST, "revoked.pem", cwd=two.path)
    assert ended.code == 2
    assert "certificate revoked" in ended.err


@pytest.mark.needs("certtool")
def test_gnutls_accepts_a_device_and_refuses_a_revoked_one(two: Folder) -> None:
    words = ("certtool", "--verify", "--verify-profile", "medium", "--verify-purpose")
    client_auth = ("1.3.6.1.5.5.7.3.2", "--load-ca-certificate", "ca.pem")

    def judge(name: str) -> Ended:
        (two.path / "chain.pem").write_bytes(chain_in(two.path / name))
        files = ("--load-crl", "crl.pem", "--infile", "chain.pem")
        return run(*words, *client_auth, *files, cwd=two.path)

    ended = judge("in-force.pem")
    assert ended.code == 0, ended.out
    assert "Chain verification output: Verified. The certificate is trusted." in ended.out
    ended = judge("revoked.pem")
    assert ended.code != 0
    assert "revoked" in ended.out


@pytest.mark.needs("certtool")
def test_gnutls_reads_the_list(two: Folder) -> None:
    ended = run("certtool", "--crl-info", "--infile", "crl.pem", cwd=two.path)
    assert ended.code == 0
    assert "Revoked certificates (1)" in ended.out
    assert "CRL Number (not critical)" in ended.out


def chain_in(pair: Path) -> bytes:
    chain = x509.load_pem_x509_certificates(pair.read_bytes())
    return b"".join(each.public_bytes(Encoding.PEM) for each in chain)


def test_cryptography_accepts_a_device(two: Folder) -> None:
    chain = x509.load_pem_x509_certificates((two.path / "in-force.pem").read_bytes())
    roots = verification.Store(x509.load_pem_x509_certificates(two.ca.read_bytes()))
    builder = verification.PolicyBuilder().store(roots).time(datetime.now(UTC))
    verified = builder.build_client_verifier().verify(chain[0], chain[1:])
    assert len(verified.chain) == 3


def shake_hands(python: str, two: Folder, crl: str) -> list[str]:
    files = (str(two.ca), str(two.server), str(two.server_key), crl)
    pairs = [str(two.path / f"{name}.pem") for name in ("in-force", "revoked")]
    ended = run(python, "-W", "error", "-c", HANDSHAKE, *files, *pairs, cwd=two.path)
    assert ended.code == 0, ended.err
    said: dict[str, str] = json.loads(ended.out)
    return [said[pair] for pair in pairs]


def check_python(python: str, two: Folder) -> None:
    assert shake_hands(python, two, "") == ["TLSv1.3", "TLSv1.3"]
    assert shake_hands(python, two, str(two.crl)) == ["TLSv1.3", "certificate revoked"]


def test_python_strict_accepts_a_device(two: Folder) -> None:
    check_python(sys.executable, two)


def test_python_3_13_accepts_a_device(two: Folder, request: pytest.FixtureRequest) -> None:
    """Python 3.13 is strict by itself."""
    python = find_python_3_13(two.path)
    if not python:
        skip_by_name(request, PYTHON_3_13)
    check_python(python, two)


@pytest.mark.timeout(240)
def test_pkilint_finds_nothing(made: Folder, pkilint: Path, tmp_path: Path) -> None:
    """ "pkilint: RFC 5280 0 findings at NOTICE or above on [...] device, CRL and chain"."""
    now = datetime.now(UTC)
    odd: tuple[rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, ...] = (
        rsa.generate_private_key(65537, 2048),
        ec.generate_private_key(ec.SECP384R1()),
    )
    first = add(made, "ნინო", "ლეპტოპი")
    chains = [first.chain, add(made, "a" * 80, "x" * 32).chain]
    for number, key in enumerate(odd):
        asked = x509.CertificateSigningRequestBuilder(x509.Name([])).sign(key, hashes.SHA256())
        chains.append(enrol(made, "nino", f"odd-{number}", asked, now).chain)
    shown = x509.load_pem_x509_certificates(first.chain.encode())[0]
    chains.append(renew_device(made, shown, request_of(), now).chain)
    for number, chain in enumerate(chains):
        (tmp_path / f"{number}.pem").write_bytes(leaf_of(chain.encode()))
    (tmp_path / "server.pem").write_bytes(leaf_of(made.server.read_bytes()))
    lint(pkilint, "lint_crl", tmp_path, "-t", "CRL", "-p", "PKIX", str(made.crl))
    revoke(made, "nino", None, "key-compromise", now)
    revoke(made, "ნინო", None, "unspecified", now)
    assert len(entries_of(listed(made)[0])) == 4
    lint(pkilint, "lint_crl", tmp_path, "-t", "CRL", "-p", "PKIX", str(made.crl))
    for number, _ in enumerate(chains):
        lint(pkilint, "lint_pkix_cert", tmp_path, f"{number}.pem")
    for issuer, subject in (
        (made.ca, made.issuer),
        (made.issuer, "server.pem"),
        (made.issuer, "0.pem"),
    ):
        lint(pkilint, "lint_pkix_signer_signee_cert_chain", tmp_path, str(issuer), str(subject))


def leaf_of(pem: bytes) -> bytes:
    return x509.load_pem_x509_certificates(pem)[0].public_bytes(Encoding.PEM)


def lint(pkilint: Path, linter: str, cwd: Path, *words: str) -> None:
    """Fail for any finding that is not waived."""
    program = str(pkilint.with_name(linter))
    ended = run(program, "lint", "-s", "NOTICE", "-f", "JSON", *words, cwd=cwd)
    assert ended.out.startswith("{"), ended.err
    found = [
        (words, finding)
        for result in json.loads(ended.out)["results"]
        for finding in result["finding_descriptions"]
        if not any(is_waived(finding, each) for each in WAIVERS)
    ]
    assert found == []


def test_a_hundred_revocations_in_one_second_are_seen_by_openssl(made: Folder) -> None:
    """ "100 revocations in one second all hold": the last list is in force, and lists them all."""
    second, request = datetime.now(UTC), request_of()
    for number in range(100):
        chain = enrol(made, f"u{number}", "laptop", request, second).chain
        revoke(made, f"u{number}", "laptop", "key-compromise", second)
        (made.path / f"{number}.pem").write_text(chain)
    ended = run(
        *(*OPENSSL, "-untrusted", "issuer.pem", *WITH_LIST),
        *(f"{number}.pem" for number in range(100)),
        cwd=made.path,
    )
    assert ended.err.count("certificate revoked") == 100
    assert "OK" not in ended.out


@pytest.mark.timeout(240)
def test_eight_processes_at_once_have_a_device_each(made: Folder) -> None:
    """Four add the same device, four others; what is refused changes nothing."""
    cwd = made.path.parent
    certs = (sys.executable, "-m", "xchat.certs.cli", "device", "add")
    names = ["laptop"] * 4 + [f"phone-{number}" for number in range(4)]
    started = [
        subprocess.Popen(
            [*certs, "nino", name, "--data", "data"],
            cwd=cwd,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for name in names
    ]
    said = [process.communicate(timeout=SECONDS_MAX) for process in started]
    codes = [process.returncode for process in started]
    assert sorted(codes) == [0] * 5 + [3] * 3, said
    assert sorted(each.device for each in read_table(made).devices) == sorted(set(names))
    journal = (made.path / "journal.jsonl").read_text()
    assert journal.count("device minted") == 5
    assert run_certs("doctor", "--check", cwd=cwd).code == 0
    for path in made.device_files.iterdir():
        words = shlex.join((*OPENSSL, "-untrusted", "issuer.pem", str(path)))
        assert run(*shlex.split(words), cwd=made.path).code == 0


def test_a_request_of_openssls_is_signed(made: Folder) -> None:
    """What the mending command makes is taken."""
    cwd = made.path.parent
    made_so = (
        *("openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
        *("-nodes", "-keyout", "key.pem", "-out", "request.pem", "-subj", "/CN=laptop"),
    )
    assert run(*made_so, cwd=cwd).code == 0
    request = read_request((cwd / "request.pem").read_bytes())
    assert enrol(made, "nino", "laptop", request, datetime.now(UTC)).is_new
