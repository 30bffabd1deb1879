"""`xchat-certs export`: what others take, and nothing in their way is overwritten."""

from __future__ import annotations

import json
import ssl
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import pkcs12

from tests.certs.cases import laptop
from tests.pki.conftest import run, run_certs
from xchat.pki.disk.folder import Folder
from xchat.pki.export import Exported
from xchat.pki.facts import read_chain


def exported(folder: Folder, *words: str) -> Exported:
    import msgspec

    ended = run_certs("export", *words, "--json", cwd=folder.path.parent)
    assert ended.code == 0, ended.out
    return msgspec.json.decode(ended.out, type=Exported)


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_p12_opens_with_the_passphrase_that_was_told_once(made: Folder) -> None:
    done = exported(made, "p12")
    file = made.path.parent / done.file
    assert done.passphrase is not None
    held = pkcs12.load_pkcs12(file.read_bytes(), done.passphrase.encode())
    assert held.cert is not None
    chain = [held.cert.certificate, *(each.certificate for each in held.additional_certs)]
    want = [made.server.read_bytes(), made.ca.read_bytes()]
    assert chain == [each for pem in want for each in read_chain(pem, "")]
    assert mode_of(file) == 0o600
    assert done.passphrase not in repr(done)
    assert done.passphrase not in (made.path / "journal.jsonl").read_text()


def test_two_passphrases_are_never_the_same_and_never_changeit(made: Folder) -> None:
    first, second = exported(made, "p12"), exported(made, "p12", "--force")
    assert first.passphrase != second.passphrase
    assert "changeit" not in (first.passphrase, second.passphrase)


def test_p12_by_a_passphrase_file_tells_no_passphrase(made: Folder) -> None:
    secret = made.path.parent / "secret"
    secret.touch(mode=0o600)
    secret.write_text("open sesame\nanother line\n")
    done = exported(made, "p12", "--passphrase-file", "secret", "--out", "a.p12")
    assert done.passphrase is None
    assert pkcs12.load_pkcs12((secret.parent / "a.p12").read_bytes(), b"open sesame").key


@pytest.mark.parametrize("umask", [0o000, 0o077])
def test_a_pem_is_ready_to_use_and_its_owners_whatever_the_umask(umask: int, made: Folder) -> None:
    ended = run_certs("export", "pem", cwd=made.path.parent, umask=umask)
    assert ended.code == 0, ended.err
    file = made.path.parent / "xchat-server.pem"
    assert mode_of(file) == 0o600
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    chain = read_chain(file.read_bytes(), file)
    assert chain == read_chain(made.server.read_bytes(), made.server)


@pytest.mark.needs("openssl")
def test_a_bundle_verifies_a_leaf_alone_and_holds_no_key(made: Folder) -> None:
    """What chat clients send is often their certificate without its issuer's."""
    done = exported(made, "bundle")
    file = made.path.parent / done.file
    assert (mode_of(file), b"PRIVATE" in file.read_bytes()) == (0o644, False)
    leaf = read_chain(made.server.read_bytes(), made.server)[0]
    from cryptography.hazmat.primitives.serialization import Encoding

    alone = made.path.parent / "leaf.pem"
    alone.write_bytes(leaf.public_bytes(Encoding.PEM))
    words = ("verify", "-x509_strict", "-CAfile", str(file), str(alone))
    assert run("openssl", *words, cwd=file.parent).out == f"{alone}: OK\n"
    assert (
        ssl.create_default_context(cadata=file.read_text("ascii")).cert_store_stats()["x509"] == 2
    )


@pytest.mark.needs("keytool", "certtool")
def test_others_read_a_bundle_too(made: Folder) -> None:
    """Its lines of explanation stand where RFC 7468, 2 allows them."""
    exported(made, "bundle", "--out", "b.pem")
    cwd = made.path.parent
    assert run("keytool", "-printcert", "-file", "b.pem", cwd=cwd).out.count("Owner: ") == 2
    seen = run("certtool", "--certificate-info", "--infile", "b.pem", cwd=cwd)
    assert seen.out.count("Subject: CN=XChat") == 2


@pytest.mark.needs("openssl")
def test_a_device_goes_out_as_it_logs_in(made: Folder) -> None:
    laptop(made.path.parent)
    done = exported(made, "pem", "anna", "laptop")
    assert (done.file, done.certificates[0].role) == ("anna-laptop.pem", "device")
    file = made.path.parent / done.file
    assert mode_of(file) == 0o600
    ssl.create_default_context().load_cert_chain(file)
    words = ("verify", "-purpose", "sslclient", "-CAfile", str(made.ca), "-untrusted", str(file))
    assert run("openssl", *words, str(file), cwd=file.parent).out == f"{file}: OK\n"
    assert done.next == "xchat-admin client-config irssi --cert anna-laptop.pem"


@pytest.mark.parametrize("form", ["p12", "pem", "bundle"])
def test_it_overwrites_only_with_force(form: str, made: Folder) -> None:
    """ "Nothing is overwritten unasked." """
    file = made.path.parent / "kept"
    file.write_text("mine")
    refused = run_certs("export", form, "--out", "kept", cwd=made.path.parent)
    assert (refused.code, file.read_text()) == (3, "mine")
    assert run_certs("export", form, "--out", "kept", "--force", cwd=made.path.parent).code == 0
    assert file.read_bytes() != b"mine"
    left = {each.name for each in made.path.parent.iterdir()}
    assert left == {"certs", "kept"}, "no draft is left behind"


def test_each_export_is_in_the_journal(made: Folder) -> None:
    exported(made, "pem", "--out", "a.pem")
    act = json.loads((made.path / "journal.jsonl").read_text().splitlines()[-1])
    assert act["act"] == "exported pem"
    assert act["file"] == str(made.path.parent / "a.pem")
