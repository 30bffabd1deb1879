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

from tests.pki.conftest import NAMES, NOW, make, run_certs, self_signed
from xchat.pki import openssl
from xchat.pki.authority import Holder, mint_root, mint_server
from xchat.pki.facts import read_chain
from xchat.pki.folder import Folder
from xchat.pki.keys import make_key
from xchat.pki.show import Verification, try_chain


def test_ours_is_accepted_for_each_of_its_names(made: Folder) -> None:
    ended = run_certs("verify", "certs/live/server.pem", cwd=made.path.parent)
    assert (ended.code, ended.err) == (0, "")
    assert all(name in ended.out for name in NAMES)
    assert "OpenSSL (strict) and cryptography both accept it with certs/ca.pem" in ended.out


@pytest.mark.parametrize(
    ("words", "rules"),
    [
        (["certs/live/server.pem", "--host", "other.lan"], ["Hostname mismatch", "no matching"]),
        (["certs/live/server.pem", "--host", "10.9.9.9"], ["IP address mismatch", "no matching"]),
        (["certs/live/server.pem", "--ca", "other/ca.pem"], ["unable to get local issuer"]),
        (["leaf.pem"], ["unable to get local issuer", "belongs after it in its file"]),
        (["certs/issuer.pem"], ["a CA's certificate"]),
        (["certs/ca.pem", "--host", "chat.lan"], ["a CA's certificate"]),
        (["nameless.pem"], ["names no host"]),
        (["expired.pem", "--ca", "expired.pem"], ["it has expired", "validation time"]),
    ],
)
def test_the_rule_that_failed_is_said(made: Folder, words: list[str], rules: list[str]) -> None:
    cwd = made.path.parent
    make(cwd / "other")
    (cwd / "leaf.pem").write_bytes(made.server.read_bytes().partition(b"\n-----BEGIN")[0] + b"\n")
    (cwd / "nameless.pem").write_bytes(self_signed(make_key()))
    (cwd / "expired.pem").write_bytes(expired())
    ended = run_certs("verify", *words, cwd=cwd)
    assert ended.code == 5
    assert "accept it" not in ended.out
    for rule in rules:
        assert rule in ended.out


def expired() -> bytes:
    """Return a server's certificate made a year ago, and the root that signed it."""
    past = NOW - dt.timedelta(days=365)
    root = mint_root(past, bounds=None)
    leaf = mint_server(root, ["chat.lan"], past).certificate
    return leaf.public_bytes(Encoding.PEM) + root.certificate.public_bytes(Encoding.PEM)


def test_json_says_who_refused_what(made: Folder) -> None:
    words = ("verify", "certs/live/server.pem", "--host", "other.lan", "--json")
    ended = run_certs(*words, cwd=made.path.parent)
    report = msgspec.json.decode(ended.out, type=Verification, strict=True)
    assert (ended.code, report.holds) == (5, False)
    assert {each.judge for each in report.verdicts} == {"OpenSSL", "cryptography"}
    assert all(each.rule for each in report.verdicts)


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
    rules = {each.judge: each.rule for each in report.verdicts}
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
