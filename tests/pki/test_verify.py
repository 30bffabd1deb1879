"""`xchat-certs verify`: both judges accept, or the rule that failed is said."""

from __future__ import annotations

import datetime as dt
import ssl
from pathlib import Path

import msgspec
import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from tests.pki.conftest import NAMES, NOW, make, run_certs, self_signed
from xchat.pki.disk.folder import Folder
from xchat.pki.facts import read_chain
from xchat.pki.judge import openssl
from xchat.pki.judge.rules import in_words
from xchat.pki.mint.authority import Holder, mint_root, mint_server
from xchat.pki.mint.keys import make_key
from xchat.pki.mint.names import LOCAL, Bounds
from xchat.pki.show import Verification, try_chain

OURS = "certs/live/server.pem"


def test_ours_is_accepted_for_each_of_its_names(made: Folder) -> None:
    ended = run_certs("verify", "certs/live/server.pem", cwd=made.path.parent)
    assert (ended.code, ended.err) == (0, "")
    assert all(name in ended.out for name in NAMES)
    assert "OpenSSL (strict) and cryptography both accept it with certs/ca.pem" in ended.out


@pytest.mark.parametrize(
    ("words", "rule", "mend"),
    [
        (
            [OURS, "--host", "other.lan"],
            "it is not for this name",
            "xchat-certs add-name other.lan",
        ),
        (
            [OURS, "--host", "10.9.9.9"],
            "it is not for this name",
            "xchat-certs add-name 10.9.9.9",
        ),
        (
            [OURS, "--ca", "other/ca.pem"],
            "none of the trusted certificates signed it",
            f"xchat-certs verify {OURS} --ca certs/ca.pem",
        ),
        (
            ["other/live/server.pem", "--ca", "other/ca.pem"],
            "belongs after it in its file",
            "xchat-certs renew --force --dir other",
        ),
        (
            ["leaf.pem"],
            "belongs after it in its file",
            "Say which CA signed it: xchat-certs verify leaf.pem --ca FILE",
        ),
        (["leaf.pem", "--ca", "expired.pem"], "signed it", "verify leaf.pem --ca FILE"),
        (["certs/issuer.pem"], "a CA's certificate", f"xchat-certs verify {OURS}"),
        (["certs/ca.pem", "--host", "chat.lan"], "a CA's", f"xchat-certs verify {OURS}"),
        (["ca.pem"], "a CA's certificate", "Name a server's certificate: xchat-certs verify FILE"),
        (["nameless.pem"], "names no host", "one that keeps this rule, or make one here: "),
        (
            ["expired.pem", "--ca", "expired.pem"],
            "it, or one that signed it, has expired",
            "Ask whoever issued it for a new one, or make one here: xchat-certs init",
        ),
        (
            ["early.pem", "--ca", "early.pem"],
            "it is not valid yet, by this machine's clock",
            "Compare this machine's clock: date -u",
        ),
        (
            ["outside.pem", "--ca", "outside.pem"],
            "the CA is not allowed to name this host",
            "Ask whoever issued it for one that names example.com",
        ),
        (
            ["device.pem", "--ca", "device.pem"],
            "it is not for servers: its extended key usage lacks serverAuth",
            "one that keeps this rule",
        ),
    ],
)
def test_the_rule_that_failed_is_said_and_what_mends_it(
    made: Folder, words: list[str], rule: str, mend: str
) -> None:
    cwd = made.path.parent
    write_odd_ones(made)
    ended = run_certs("verify", *words, cwd=cwd)
    assert ended.code == 5
    *said, last = ended.out.splitlines()
    assert rule in "\n".join(said)
    assert "accept it" not in ended.out
    assert last.startswith("Next:  ")
    assert mend in last
    assert all(python not in ended.out for python in ("<", "encountered", "exhausted", "failed:"))
    report = run_certs("verify", *words, "--json", cwd=cwd)
    assert f"Next:  {msgspec.json.decode(report.out, type=Verification).mend}" == last


def write_odd_ones(made: Folder) -> None:
    """Write certificates that do not hold, and those that signed them, where `made` lies."""
    cwd = made.path.parent
    other = make(cwd / "other")
    leaf = made.server.read_bytes().partition(b"\n-----BEGIN")[0] + b"\n"
    other.server.write_bytes(other.server.read_bytes().partition(b"\n-----BEGIN")[0] + b"\n")
    clients = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])
    written = {
        "leaf.pem": leaf,
        "ca.pem": made.ca.read_bytes(),
        "nameless.pem": self_signed(make_key()),
        "expired.pem": signed(NOW - dt.timedelta(days=365)),
        "early.pem": signed(NOW + dt.timedelta(days=365)),
        "outside.pem": signed(NOW, "example.com", bounds=LOCAL),
        "device.pem": self_signed(
            make_key(), x509.SubjectAlternativeName([x509.DNSName("a.lan")]), clients
        ),
    }
    for name, pem in written.items():
        (cwd / name).write_bytes(pem)


def signed(when: dt.datetime, name: str = "chat.lan", bounds: Bounds | None = None) -> bytes:
    """Return a server's certificate made at some time, and the root that signed it."""
    root = mint_root(when, bounds=bounds)
    leaf = mint_server(root, [name], when).certificate
    return leaf.public_bytes(Encoding.PEM) + root.certificate.public_bytes(Encoding.PEM)


@pytest.mark.parametrize(
    ("said", "kind", "rule"),
    [
        ("validation failed: candidates exhausted: signature does not match", "issuer", "key"),
        ("self-signed certificate in certificate chain", "issuer", "its root is not among"),
        ("self-signed certificate", "issuer", "signed by itself"),
        ("validation failed: candidates exhausted: a new rule", "other", "a new rule"),
        ("validation failed: odd (encountered processing <Certificate(...)>)", "other", "odd"),
        ("odd\x1b[2J", "other", "odd␛[2J"),
    ],
)
def test_what_judges_say_is_told_in_words(said: str, kind: str, rule: str) -> None:
    """ "Cut the bracket": what is not known stays, without Python's wrapping."""
    broken = in_words(said)
    assert broken.kind == kind
    assert rule in broken.rule
    if kind == "other":
        assert broken.rule == rule


def test_json_says_who_refused_what(made: Folder) -> None:
    words = ("verify", "certs/live/server.pem", "--host", "other.lan", "--json")
    ended = run_certs(*words, cwd=made.path.parent)
    report = msgspec.json.decode(ended.out, type=Verification, strict=True)
    assert (ended.code, report.holds) == (5, False)
    assert {each.judge for each in report.verdicts} == {"OpenSSL", "cryptography"}
    assert {each.broken and each.broken.kind for each in report.verdicts} == {"name"}
    assert report.mend == "xchat-certs add-name other.lan"


@pytest.mark.parametrize(
    ("file", "code"), [("nothing.pem", 3), ("junk.pem", 5), ("certs", 1), ("/dev/zero", 1)]
)
def test_what_cannot_be_read_is_named(made: Folder, file: str, code: int) -> None:
    (made.path.parent / "junk.pem").write_text("-----BEGIN CERTIFICATE-----\njunk\n")
    ended = run_certs("verify", file, cwd=made.path.parent)
    assert (ended.code, ended.out) == (code, "")
    assert file in ended.err
    assert "Traceback" not in ended.err


@pytest.mark.parametrize("key", list(trustme.KeyType))
def test_foreign_certificates_of_any_key_are_judged(key: trustme.KeyType, tmp_path: Path) -> None:
    """trustme's pass OpenSSL; `cryptography` wants their SAN not to be critical. So: refused."""
    authority = trustme.CA()
    leaf = authority.issue_cert("chat.lan", key_type=key)
    leaf.cert_chain_pems[0].write_to_path(str(tmp_path / "leaf.pem"))
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    report = try_chain(tmp_path / "leaf.pem", tmp_path / "ca.pem", None, NOW)
    rules = {each.judge: each.broken and each.broken.rule for each in report.verdicts}
    assert not report.holds
    assert rules["OpenSSL"] is None
    assert "subjectAltName" in str(rules["cryptography"])


def test_openssl_is_asked_what_a_real_handshake_would_tell(made_once: Folder) -> None:
    """The verdict without a key is the verdict of a handshake with it, word for word."""
    chain = read_chain(made_once.server.read_bytes(), made_once.server)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(made_once.server, made_once.server_key)
    roots = made_once.ca.read_text()
    for name in (*NAMES, "other.lan", "10.9.9.9", "localhost.lan"):
        assert openssl.refusal(chain, roots, name) == handshake(server, roots, name)


def handshake(server: ssl.SSLContext, roots: str, name: str) -> str | None:
    to_client, to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = openssl.strict_context(roots).wrap_bio(to_client, to_server, server_hostname=name)
    ends = [client, server.wrap_bio(to_server, to_client, server_side=True)]
    for end in ends * 3:
        try:
            end.do_handshake()
        except ssl.SSLWantReadError:
            continue
        except ssl.SSLCertVerificationError as error:
            return error.verify_message
    return None


def test_openssl_is_asked_to_be_strict() -> None:
    """A root as easy-rsa makes it: Python 3.13 refuses it, and earlier ones only if asked."""
    key = make_key()
    pem = self_signed(key, x509.BasicConstraints(ca=True, path_length=None))
    root = Holder(x509.load_pem_x509_certificate(pem), key)
    leaf = mint_server(root, ["chat.lan"], NOW).certificate
    rule = openssl.refusal([leaf], pem.decode(), "chat.lan")
    assert rule == "Basic Constraints of CA cert not marked critical"


def test_a_long_chain_is_judged_too(made_once: Folder) -> None:
    """A TLS record has 16 KiB at most; a chain may have more."""
    chain = read_chain(made_once.server.read_bytes(), made_once.server)
    assert openssl.refusal([*chain, *chain[1:] * 40], made_once.ca.read_text(), "chat.lan") is None
