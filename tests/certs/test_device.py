"""`xchat-certs device add | list | revoke`: what people get, and what is kept."""

from __future__ import annotations

import json
import re
import stat
import sys
from pathlib import Path
from typing import get_args

import pytest
from cryptography.hazmat.primitives.serialization import pkcs12

from tests.pki.conftest import Ended, run, run_certs, tree
from tests.pki.devices import make_key, make_request
from xchat.certs.verbs.device import REASONS
from xchat.pki.disk.folder import Folder
from xchat.pki.mint.crl import Reason
from xchat.pki.mint.keys import read_key


@pytest.fixture
def cwd(made: Folder) -> Path:
    return made.path.parent


def add(cwd: Path, *words: str) -> Ended:
    return run_certs("device", "add", *words, "--data", "data", cwd=cwd)


def test_what_is_made_here_is_one_file_that_only_its_owner_reads(cwd: Path) -> None:
    ended = add(cwd, "nino", "laptop")
    file = cwd / "certs/devices/nino-laptop.pem"
    assert (ended.code, ended.err) == (0, "")
    assert "Made a key and a certificate for nino's laptop" in ended.out
    assert "(89 days left)" in ended.out
    use = f"xchat-admin client-config irssi --cert {file.relative_to(cwd)}"
    assert ended.out.endswith(f"\nNext:  {use}\n")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    kinds = re.findall(r"-----BEGIN (.*)-----", file.read_text())
    assert kinds == ["PRIVATE KEY", "CERTIFICATE", "CERTIFICATE"]


@pytest.mark.needs("strace")
def test_its_key_is_never_open_wider_than_0600(cwd: Path) -> None:
    """ "strace: no key file is ever open with a mode wider than 0600"; umask 000."""
    trace = ("strace", "-f", "-y", "-o", "log", "-e", "trace=openat,creat,chmod,fchmod,fchmodat")
    words = ("-m", "xchat.certs.cli", "device", "add", "nino", "laptop", "--p12", "nino.p12")
    run(*trace, sys.executable, *words, "--data", "data", cwd=cwd, umask=0)
    log = (cwd / "log").read_text()
    made = re.findall(r'openat\([^"]+"([^"]*(?:nino)[^"]*)", [^)]*O_CREAT[^)]*, (0\d+)\)', log)
    assert any("laptop.pem" in name for name, _ in made)
    assert {mode for _, mode in made} == {"0600"}
    assert set(re.findall(r"fchmod\(\d+<[^>]*nino[^>]*>, (0\d+)\)", log)) == {"0600"}


@pytest.mark.skipif(sys.platform != "linux", reason="no other has such a folder")
def test_pkcs12_that_cannot_be_written_leaves_a_device_and_the_command_that_finishes(
    cwd: Path,
) -> None:
    ended = add(cwd, "nino", "laptop", "--p12", "/proc/nino.p12")
    assert ended.code == 1
    assert "laptop of nino has its certificate, but /proc/nino.p12 could not be" in ended.err
    assert "xchat-certs export p12 nino laptop --out /proc/nino.p12" in ended.err
    assert run_certs("export", "p12", "nino", "laptop", "--out", "n.p12", cwd=cwd).code == 0


def test_pkcs12_opens_with_the_passphrase_that_is_told_once(cwd: Path) -> None:
    """ "PKCS#12 with AES-256 and real rounds, never changeit"."""
    ended = add(cwd, "nino", "laptop", "--p12", "nino.p12", "--json")
    told = json.loads(ended.out)
    sealed = (cwd / "nino.p12").read_bytes()
    key, certificate, others = pkcs12.load_key_and_certificates(sealed, told["passphrase"].encode())
    assert key is not None
    assert certificate is not None
    assert key.public_key() == certificate.public_key()
    assert len(others) == 2
    assert told["passphrase"] not in (cwd / "certs/journal.jsonl").read_text()
    info = run(
        *("openssl", "pkcs12", "-info", "-noout", "-in", "nino.p12"),
        *("-passin", f"pass:{told['passphrase']}"),
        cwd=cwd,
    )
    assert "PBES2, PBKDF2, AES-256-CBC, Iteration 600000" in info.err
    assert "MAC: sha256, Iteration 600000" in info.err


def test_a_request_is_signed_and_its_key_is_not_seen(cwd: Path) -> None:
    (cwd / "csr.pem").write_bytes(make_request(make_key()))
    first = add(cwd, "nino", "phone", "--request", "csr.pem")
    assert "its key was not seen here" in first.out
    assert "PRIVATE" not in (cwd / "certs/devices/nino-phone.pem").read_text()
    before = tree(cwd / "certs")
    again = add(cwd, "nino", "phone", "--request", "csr.pem")
    assert (again.code, "nothing was changed" in again.out) == (0, True)
    assert tree(cwd / "certs") == before
    ended = run_certs("export", "pem", "nino", "phone", cwd=cwd)
    assert ended.code == 3
    assert "holds no key: it was made on the device" in ended.err


def test_what_is_exported_is_what_was_made(cwd: Path) -> None:
    add(cwd, "nino", "laptop")
    assert run_certs("export", "pem", "Nino", "Laptop", cwd=cwd).code == 0
    handed, kept = (cwd / "Nino-Laptop.pem"), cwd / "certs/devices/nino-laptop.pem"
    keys = [read_key(each.read_bytes(), each) for each in (handed, kept)]
    assert keys[0].public_key() == keys[1].public_key()


def test_the_list_says_until_when_and_why_no_more(cwd: Path) -> None:
    """ "`device list` (with days left, revoked ones with reason and date)"."""
    add(cwd, "nino", "laptop")
    add(cwd, "nino", "phone")
    ended = run_certs("device", "revoke", "nino", "phone", "--reason", "key-compromise", cwd=cwd)
    assert ended.out.startswith("Revoked nino's phone (key-compromise)\n")
    said = run_certs("device", "list", "NINO", cwd=cwd).out
    shown = re.sub(r"\d{4}-\d\d-\d\d", "DAY", said)
    assert "nino  laptop  until DAY, 89 days left\n" in shown
    assert "nino  phone   revoked on DAY (key-compromise)\n" in shown
    assert "The list of the revoked, certs/crl.pem, is good until" in said


def test_a_name_is_free_again_after_it_was_revoked(cwd: Path) -> None:
    add(cwd, "nino", "laptop")
    run_certs("device", "revoke", "nino", "--all", cwd=cwd)
    assert add(cwd, "nino", "laptop").code == 0
    states = [
        each["state"]
        for each in json.loads(run_certs("device", "list", "--json", cwd=cwd).out)["devices"]
    ]
    assert states == ["revoked", "in force"]


def test_the_account_is_made_where_the_chat_is(cwd: Path) -> None:
    add(cwd, "nino", "laptop")
    program = (sys.executable, "-m", "xchat.admin.cli", "--data", "data")
    listed = run(*program, "user", "list", "--json", cwd=cwd)
    assert [each["name"] for each in json.loads(listed.out)] == ["nino"]


def test_where_the_chat_is_out_of_reach_that_is_a_note(cwd: Path) -> None:
    """ "where neither is reachable it says so as a note with the command to type"."""
    (cwd / "file").write_text("no folder")
    ended = run_certs("device", "add", "nino", "laptop", "--data", "file", cwd=cwd)
    assert (ended.code, ended.err) == (0, "")
    said = " ".join(ended.out.split())
    assert "whether the chat has the account nino is not known: file" in said
    assert "xchat-admin --data file user ensure nino" in said
    assert (cwd / "certs/devices/nino-laptop.pem").exists()


def test_every_reason_that_a_list_can_give_can_be_typed() -> None:
    """The verb names them itself, since what signs lists takes long to import."""
    assert get_args(Reason) == REASONS
