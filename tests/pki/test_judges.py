"""What `init` makes has no fault that an independent judge can find."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
import tomllib
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509 import verification

from tests.environments import environment_of, skip_by_name
from tests.pki.conftest import NAMES, run
from tests.pki.rotations import new_root
from xchat.pki.disk.folder import Folder
from xchat.pki.facts import read_chain
from xchat.pki.mint.names import parse_name

PKILINT = "pkilint==0.13.3"
PYTHONS = ("python3.13", "python3.14", "python3")
PYTHON_3_13 = "a Python of 3.13 or later that starts: XCHAT_PYTHON313, or python3.13 on the PATH"
WAIVERS = tomllib.loads(Path(__file__).with_name("waivers.toml").read_text())["waiver"]
HANDSHAKE = """
import json, ssl, sys
ca, cert, key, *names = sys.argv[1:]
server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
server.load_cert_chain(cert, key)
client = ssl.create_default_context(cafile=ca)
client.verify_flags |= ssl.VERIFY_X509_STRICT
client.hostname_checks_common_name = False
said = {"strict_by_default": bool(
    ssl.create_default_context().verify_flags & ssl.VERIFY_X509_STRICT)}
for name in names:
    a, b = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = [client.wrap_bio(a, b, server_hostname=name), server.wrap_bio(b, a, server_side=True)]
    for _ in range(4):
        for end in ends:
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                pass
            except ssl.SSLCertVerificationError as error:
                said[name] = error.verify_message
            except ssl.SSLError as error:
                said[name] += f" ({error.reason})"
    said.setdefault(name, ends[0].version())
print(json.dumps(said))
"""


def shake_hands(python: str, folder: Folder, *names: str) -> dict[str, str | bool]:
    """Have another Python shake hands with our certificate in memory; say how it went."""
    files = (str(folder.ca), str(folder.server), str(folder.server_key))
    ended = run(python, "-W", "error", "-c", HANDSHAKE, *files, *names, cwd=folder.path)
    assert ended.code == 0, ended.err
    said: dict[str, str | bool] = json.loads(ended.out)
    return said


@pytest.fixture(scope="session")
def chain(made_once: Folder) -> list[x509.Certificate]:
    return read_chain(made_once.server.read_bytes(), made_once.server)


def test_python_strict_accepts_every_name(made_once: Folder) -> None:
    said = shake_hands(sys.executable, made_once, *NAMES, "other.lan", "10.9.9.9")
    assert {said[name] for name in NAMES} == {"TLSv1.3"}
    assert "Hostname mismatch" in str(said["other.lan"])
    assert "mismatch" in str(said["10.9.9.9"])


def test_python_3_13_accepts_every_name(
    made_once: Folder, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """Python 3.13 is strict by itself. Stock Debian 12 has none, so CI=true leaves it out too."""
    python = find_python_3_13(tmp_path)
    if not python:
        skip_by_name(request, PYTHON_3_13)
    said = shake_hands(python, made_once, *NAMES)
    assert said["strict_by_default"]
    assert {said[name] for name in NAMES} == {"TLSv1.3"}


def find_python_3_13(cwd: Path) -> str | None:
    """Return the first Python of 3.13 or later that starts: a shim that fails is none."""
    folders = os.get_exec_path()
    on_path = (shutil.which(name, path=each) for name in PYTHONS for each in folders)
    candidates = filter(None, (sys.executable, os.environ.get("XCHAT_PYTHON313"), *on_path))
    return next((each for each in candidates if is_python_3_13(each, cwd)), None)


def is_python_3_13(program: str, cwd: Path) -> bool:
    words = ("-c", "import ssl, sys; sys.exit(sys.version_info < (3, 13))")
    try:
        return run(program, *words, cwd=cwd).code == 0
    except OSError:  # it is not there, or no program
        return False


def test_a_python_that_does_not_start_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first that works is taken, whether named in XCHAT_PYTHON313 or later on the PATH."""
    if sys.version_info >= (3, 13):
        assert find_python_3_13(tmp_path) == sys.executable
        return
    works, fails = tmp_path / "works/python3.13", tmp_path / "fails/python3.13"
    for program, code in ((works, 0), (fails, 127)):
        program.parent.mkdir()
        program.write_text(f"#!/bin/sh\nexit {code}\n")
        program.chmod(0o755)
    monkeypatch.setenv("PATH", str(fails.parent))
    for named in (None, str(fails), str(tmp_path / "none"), str(tmp_path)):
        monkeypatch.setenv("XCHAT_PYTHON313", named or "")
        assert find_python_3_13(tmp_path) is None
    monkeypatch.setenv("PATH", f"{fails.parent}{os.pathsep}{works.parent}")
    assert find_python_3_13(tmp_path) == str(works)
    monkeypatch.setenv("PATH", str(fails.parent))
    monkeypatch.setenv("XCHAT_PYTHON313", str(works))
    assert find_python_3_13(tmp_path) == str(works)


@pytest.mark.parametrize("text", NAMES)
def test_cryptography_accepts_every_name(
    made_once: Folder, chain: list[x509.Certificate], text: str
) -> None:
    name = parse_name(text)
    subject = x509.DNSName(name) if isinstance(name, str) else x509.IPAddress(name)
    roots = verification.Store(read_chain(made_once.ca.read_bytes(), made_once.ca))
    builder = verification.PolicyBuilder().store(roots).time(datetime.now(UTC))
    assert len(builder.build_server_verifier(subject).verify(chain[0], chain[1:])) == 3


@pytest.mark.needs("openssl")
@pytest.mark.parametrize("name", NAMES)
def test_openssl_strict_accepts_every_name(made_once: Folder, name: str) -> None:
    kind = "-verify_ip" if re.fullmatch(r"[\d.]+|.*:.*", name) else "-verify_hostname"
    words = ("openssl", "verify", "-x509_strict", "-purpose", "sslserver", kind, name)
    files = ("-CAfile", "ca.pem", "-untrusted", "issuer.pem", "live/server.pem")
    ended = run(*words, *files, cwd=made_once.path)
    assert (ended.code, ended.out) == (0, "live/server.pem: OK\n"), ended.err


@pytest.mark.needs("certtool")
def test_gnutls_accepts_the_chain(made_once: Folder) -> None:
    words = ("certtool", "--verify", "--verify-profile", "medium")
    files = ("--load-ca-certificate", "ca.pem", "--infile", "live/server.pem")
    ended = run(*words, "--verify-hostname", "chat.lan", *files, cwd=made_once.path)
    assert ended.code == 0, ended.out
    assert "Chain verification output: Verified. The certificate is trusted." in ended.out


@pytest.fixture(scope="session")
def pkilint(request: pytest.FixtureRequest) -> Path:
    """The linter in an environment of its own."""
    return environment_of(request, PKILINT) / "lint_pkix_cert"


@pytest.mark.timeout(240)
def test_pkilint_finds_nothing_but_what_is_waived(
    made_once: Folder, pkilint: Path, tmp_path: Path
) -> None:
    """ "RFC 5280 0 findings at NOTICE or above on root, issuer, server"; bare names waived."""
    leaf = tmp_path / "server.pem"
    leaf.write_bytes(made_once.server.read_bytes().partition(b"-----END CERTIFICATE-----\n")[0])
    leaf.write_bytes(leaf.read_bytes() + b"-----END CERTIFICATE-----\n")
    used, found = set(), []
    for certificate in (made_once.ca, made_once.issuer, leaf):
        for finding in findings(pkilint, certificate):
            waived = [each for each in WAIVERS if is_waived(finding, each)]
            used |= {each["finding"] for each in waived}
            found += [] if waived else [(certificate.name, finding)]
    assert found == []
    assert used == {each["finding"] for each in WAIVERS}, "a waiver nothing needs"


@pytest.mark.timeout(240)
def test_pkilint_finds_nothing_on_what_certifies_a_new_root(made: Folder, pkilint: Path) -> None:
    """Nor on the new root, or on the issuer that waits below it; bare names are waived."""
    new_root(made)
    for certificate in (made.bridge, made.next.ca, made.next.issuer):
        found = findings(pkilint, certificate)
        assert [e for e in found if not any(is_waived(e, each) for each in WAIVERS)] == []


def findings(pkilint: Path, certificate: Path) -> list[dict[str, str]]:
    """Return what the linter has to say of a certificate, at NOTICE or above."""
    words = (str(pkilint), "lint", "-s", "NOTICE", "-f", "JSON", str(certificate))
    ended = run(*words, cwd=certificate.parent)
    assert ended.out.startswith("{"), ended.err
    results = json.loads(ended.out)["results"]
    return [finding for each in results for finding in each["finding_descriptions"]]


def is_waived(finding: dict[str, str], waiver: dict[str, str]) -> bool:
    return finding["code"] == waiver["finding"] and bool(
        re.fullmatch(waiver["text"], finding["message"] or "")
    )
