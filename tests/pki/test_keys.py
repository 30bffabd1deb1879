"""`xchat.pki.mint.keys`: what locks the root's key, and who can open it."""

from __future__ import annotations

import re
import ssl
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from tests.pki.conftest import run
from xchat.pki.disk.folder import Folder
from xchat.pki.errors import Locked, NotTrusted
from xchat.pki.mint import der
from xchat.pki.mint.keys import SCRYPT_N, SCRYPT_P, is_locked, key_pem, make_key, read_key

PASSPHRASE = "ერთი two 3".encode()


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("keys") / "root-key.pem"
    path.write_bytes(key_pem(make_key(), PASSPHRASE))
    return path


@pytest.mark.needs("openssl")
def test_openssl_opens_a_locked_key(locked: Path) -> None:
    secret = locked.with_name("pass")
    secret.write_bytes(PASSPHRASE)
    words = ("openssl", "pkey", "-in", locked.name, "-passin", "file:pass", "-noout")
    assert run(*words, cwd=locked.parent).code == 0


@pytest.mark.needs("openssl")
def test_guessing_costs_what_pki_md_asks(locked: Path) -> None:
    """ "CA key: scrypt N·p ≥ 81,920", as an independent reader of ASN.1 sees it."""
    seen = run("openssl", "asn1parse", "-in", locked.name, cwd=locked.parent).out
    assert ":PBES2" in seen
    assert "aes-256-cbc" in seen
    n, r, p = (int(each, 16) for each in re.findall(r"INTEGER +:(\w+)", seen))
    assert (n, p) == (SCRYPT_N, SCRYPT_P)
    assert n * p >= 81_920
    assert 128 * r * (n + p + 2) < 32 << 20, "OpenSSL opens nothing above 32 MiB"


def test_the_right_passphrase_opens_and_the_wrong_one_says_so(locked: Path) -> None:
    pem = locked.read_bytes()
    assert is_locked(pem)
    same = load_pem_private_key(pem, PASSPHRASE)
    assert read_key(pem, locked, PASSPHRASE).public_key() == same.public_key()
    for wrong in (None, b"no", b""):
        with pytest.raises(Locked) as refused:
            read_key(pem, locked, wrong)
        assert str(locked) in refused.value.what
        assert refused.value.exit_code == 6


def test_pythons_ssl_opens_a_locked_key(made: Folder) -> None:
    key = read_key(made.server_key.read_bytes(), made.server_key)
    again = made.path / "again.pem"
    again.write_bytes(key_pem(key, PASSPHRASE))  # type: ignore[arg-type]
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(made.server, again, PASSPHRASE)


def test_two_locks_of_one_key_share_nothing() -> None:
    key = make_key()
    assert key_pem(key, PASSPHRASE) != key_pem(key, PASSPHRASE)


@pytest.mark.parametrize("junk", [b"", b"junk", b"-----BEGIN PRIVATE KEY-----\nAAAA\n"])
def test_what_is_no_key_is_named(junk: bytes) -> None:
    with pytest.raises(NotTrusted, match=r"k\.pem"):
        read_key(junk, "k.pem")


@pytest.mark.parametrize(
    ("made_of", "encoded"),
    [
        (der.integer(0), "020100"),
        (der.integer(127), "02017f"),
        (der.integer(128), "02020080"),
        (der.integer(16384), "02024000"),
        (der.octets(b"x" * 200), "0481c8" + "78" * 200),
        (der.octets(b"x" * 300), "0482012c" + "78" * 300),
        (der.oid("1.2.840.113549.1.5.13"), "06092a864886f70d01050d"),
        (der.sequence(der.integer(1), der.octets(b"")), "30050201010400"),
    ],
)
def test_der_is_as_x690_has_it(made_of: bytes, encoded: str) -> None:
    assert made_of.hex() == encoded
