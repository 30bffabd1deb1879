"""PKCS#12: others open it, and guessing the passphrase costs the rounds that are claimed."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import pkcs12

from tests.pki.conftest import run
from xchat.errors import UsageError
from xchat.pki.disk.folder import Folder
from xchat.pki.facts import read_chain
from xchat.pki.mint.keys import make_key, read_key
from xchat.pki.mint.p12 import ROUNDS, make_p12

PASSPHRASE = 'it\'s "$sesame" -x'


@pytest.fixture(scope="module")
def p12(made_once: Folder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("p12") / "server.p12"
    file.write_bytes(p12_of(made_once, "chat.lan"))
    return file


def p12_of(folder: Folder, name: str) -> bytes:
    key = read_key(folder.server_key.read_bytes(), folder.server_key)
    assert isinstance(key, EllipticCurvePrivateKey)
    return make_p12(name, key, read_chain(folder.server.read_bytes(), folder.server), PASSPHRASE)


@pytest.mark.needs("openssl")
def test_aes_256_pbes2_and_as_many_rounds_for_the_mac(p12: Path) -> None:
    """ "PKCS#12 with AES-256 and real rounds": the MAC is what would be guessed at."""
    words = ("-in", str(p12), "-passin", f"pass:{PASSPHRASE}", "-info", "-nodes")
    seen = run("openssl", "pkcs12", *words, cwd=p12.parent)
    assert seen.code == 0, seen.err
    assert f"MAC: sha256, Iteration {ROUNDS}" in seen.err
    boxes = [line for line in seen.err.splitlines() if "PBES2" in line]
    assert len(boxes) == 2, "the certificates and the key"
    for box in boxes:
        assert box.endswith(f"PBES2, PBKDF2, AES-256-CBC, Iteration {ROUNDS}, PRF hmacWithSHA256")
    assert (seen.out.count("BEGIN CERTIFICATE"), seen.out.count("BEGIN PRIVATE KEY")) == (2, 1)


def test_cryptography_opens_it_and_finds_what_was_put_in(made_once: Folder) -> None:
    held = pkcs12.load_pkcs12(p12_of(made_once, "ბუდე, ანა"), PASSPHRASE.encode())
    chain = read_chain(made_once.server.read_bytes(), made_once.server)
    assert held.cert is not None
    assert isinstance(held.key, EllipticCurvePrivateKey)
    assert [held.cert.certificate, *(each.certificate for each in held.additional_certs)] == chain
    assert held.cert.friendly_name == "ბუდე, ანა".encode()
    assert held.key.public_key() == chain[0].public_key()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        pytest.param(
            ("certtool", "--inder", "--p12-info", f"--password={PASSPHRASE}", "--infile"),
            "MAC: SHA256",
            marks=pytest.mark.needs("certtool"),
            id="GnuTLS",
        ),
        pytest.param(
            ("pk12util", "-W", PASSPHRASE, "-l"),
            "Certificate",
            marks=pytest.mark.needs("pk12util", "certutil"),
            id="NSS",
        ),
        pytest.param(
            ("keytool", "-list", "-storepass", PASSPHRASE, "-keystore"),
            "PrivateKeyEntry",
            marks=pytest.mark.needs("keytool"),
            id="Java",
        ),
    ],
)
def test_others_open_it(words: tuple[str, ...], says: str, p12: Path) -> None:
    seen = run(*words, str(p12), cwd=p12.parent)
    assert seen.code == 0, seen.out + seen.err
    assert says in seen.out + seen.err


@pytest.mark.needs("openssl")
def test_a_wrong_passphrase_opens_nothing(p12: Path) -> None:
    words = ("-in", str(p12), "-passin", "pass:changeit", "-nodes")
    seen = run("openssl", "pkcs12", *words, cwd=p12.parent)
    assert (seen.code, seen.out) == (1, "")
    assert "invalid password" in seen.err


@pytest.mark.parametrize("passphrase", ["", "სეზამი", "tab\there"])
def test_a_passphrase_that_programs_spell_differently_is_refused(
    passphrase: str, made_once: Folder
) -> None:
    chain = read_chain(made_once.server.read_bytes(), made_once.server)
    with pytest.raises(UsageError, match="ASCII"):
        make_p12("server", make_key(), chain, passphrase)
