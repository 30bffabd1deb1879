"""`xchat.pki.judge.check`: a server starts only with a pair that clients accept."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from tests.pki.conftest import NAMES, make, self_signed
from xchat.pki.disk.folder import Folder
from xchat.pki.errors import PairRefused
from xchat.pki.judge.check import PairReport, check_server_pair
from xchat.pki.mint.keys import key_pem, make_key

NAMED = x509.SubjectAlternativeName([x509.DNSName("chat.lan")])


def check(folder: Folder, *names: str, days: float = 0) -> PairReport:
    now = datetime.now(UTC) + timedelta(days=days)
    return check_server_pair(folder.server, folder.server_key, now=now, names=names)


def test_what_init_made_is_accepted(made_once: Folder) -> None:
    report = check(made_once, *NAMES)
    assert report.warnings == ()
    assert report.names == NAMES
    assert len(report.sha256) == 64
    assert report.not_after - report.not_before == timedelta(days=90, seconds=-1)


def lose_certificate(folder: Folder) -> None:
    folder.server.unlink()


def lose_both(folder: Folder) -> None:
    (folder.path / "live").unlink()
    folder.ca.unlink()


def lose_key(folder: Folder) -> None:
    folder.server_key.unlink()


def let_everyone_read(folder: Folder) -> None:
    folder.server_key.chmod(0o644)


def swap_key(folder: Folder) -> None:
    folder.server_key.write_bytes(key_pem(make_key()))


def lock_key(folder: Folder) -> None:
    folder.server_key.write_bytes(key_pem(make_key(), b"secret"))


def spoil_certificate(folder: Folder) -> None:
    folder.server.write_bytes(folder.server.read_bytes()[:300])


def spoil_key(folder: Folder) -> None:
    folder.server_key.write_bytes(folder.server_key.read_bytes()[:60])


def put_a_ca(folder: Folder) -> None:
    folder.server.write_bytes(folder.issuer.read_bytes())
    folder.server_key.write_bytes(folder.issuer_key.read_bytes())


def put_a_folder(folder: Folder) -> None:
    folder.server.unlink()
    folder.server.mkdir()


def swap_files(folder: Folder) -> None:
    cert, key = folder.server.read_bytes(), folder.server_key.read_bytes()
    folder.server.write_bytes(key)
    folder.server_key.write_bytes(cert)


REFUSED: dict[Callable[[Folder], None], tuple[str, str, str]] = {
    lose_certificate: ("server.pem", "no such file", "xchat-certs renew --force"),
    lose_both: ("server", "no such file", "xchat-certs init --dir"),
    lose_key: ("server-key.pem", "no such file", "xchat-certs renew --force"),
    let_everyone_read: ("server-key.pem", "everyone", "chmod 600 "),
    swap_key: ("server-key.pem", "not the key to", "xchat-certs renew --force"),
    lock_key: ("server-key.pem", "locked", "openssl pkey"),
    spoil_certificate: ("server.pem", "no certificate", "xchat-certs renew --force"),
    spoil_key: ("server-key.pem", "no private key", "xchat-certs renew --force"),
    put_a_ca: ("server.pem", "CA's certificate", "xchat-certs renew --force"),
    put_a_folder: ("server.pem", "directory", "ls -ld"),
    swap_files: ("server.pem", "no certificate", "xchat-certs renew --force"),
}


@pytest.mark.parametrize("spoil", REFUSED, ids=lambda each: each.__name__)
def test_refused_with_file_rule_and_command(made: Folder, spoil: Callable[[Folder], None]) -> None:
    """ "refused at start with the file, the rule and the command that mends it"."""
    file, rule, mend = REFUSED[spoil]
    spoil(made)
    with pytest.raises(PairRefused) as refused:
        check(made)
    assert file in refused.value.what
    assert rule in refused.value.what.lower() or rule in refused.value.what
    assert "\n" not in refused.value.what
    assert str(refused.value.mend).startswith(mend)
    assert refused.value.exit_code == 2
    assert "BEGIN" not in str(refused.value), "no key in an error"


MINE, THEIRS = "m/server.pem", "m/server-key.pem"
OURS, OUR_KEY = "certs/live/server.pem", "certs/live/server-key.pem"
PLAINLY = "xchat-server --cert {} --key {}".format
NOT_OURS: dict[str, tuple[str, str, str, str]] = {
    "--cert alone": (
        MINE,
        OUR_KEY,
        "not the key to",
        f"--cert wants --key: {PLAINLY(MINE, 'FILE')}",
    ),
    "--key alone": (
        OURS,
        THEIRS,
        "not the key to",
        f"--key wants --cert: {PLAINLY('FILE', THEIRS)}",
    ),
    "another's key": (
        MINE,
        "fut/live/server-key.pem",
        "not the key to",
        f"Name the key that was made with it: {PLAINLY(MINE, 'FILE')}",
    ),
    "a key for ours": (
        "fut/live/server.pem",
        THEIRS,
        "not the key to",
        "Name the key that was made with it: "
        + PLAINLY("fut/live/server.pem", "fut/live/server-key.pem"),
    ),
    "a junk key": (MINE, "m/junk.pem", "no private key", PLAINLY(MINE, "FILE")),
    "no key": (MINE, "m/none.pem", "no such file", PLAINLY(MINE, "FILE")),
    "a junk certificate": ("m/junk.pem", THEIRS, "no certificate", PLAINLY("FILE", THEIRS)),
    "no certificate": ("m/none.pem", THEIRS, "no such file", PLAINLY("FILE", THEIRS)),
    "a CA": (
        "fut/ca.pem",
        OUR_KEY,
        "is a CA's certificate",
        PLAINLY("fut/live/server.pem", "fut/live/server-key.pem"),
    ),
    "a CA of theirs": (
        "m/ca.pem",
        "m/ca.pem",
        "is a CA's certificate",
        PLAINLY("FILE", "m/ca.pem"),
    ),
    "no name": ("m/nameless.pem", "m/nameless.pem", "names no host", "Ask whoever issued it for"),
}


@pytest.fixture
def files(made: Folder, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to be in: certs/ and fut/ that init made, and m/ that somebody else did."""
    cwd = made.path.parent
    make(cwd / "fut")
    (cwd / "m").mkdir()
    key, other = make_key(), make_key()
    authority = x509.BasicConstraints(ca=True, path_length=None)
    written = {
        "server.pem": self_signed(key, NAMED),
        "server-key.pem": key_pem(key),
        "junk.pem": b"junk",
        "ca.pem": self_signed(other, authority) + key_pem(other),
        "nameless.pem": self_signed(other) + key_pem(other),
    }
    for name, data in written.items():
        (cwd / "m" / name).write_bytes(data)
        (cwd / "m" / name).chmod(0o600)
    monkeypatch.chdir(cwd)
    return cwd


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize("how", NOT_OURS)
def test_what_init_did_not_make_is_not_mended_by_init(how: str) -> None:
    """What mends another's file is a word of ours to type with a file of theirs, or to ask them."""
    cert, key, rule, mend = NOT_OURS[how]
    with pytest.raises(PairRefused, match=rule) as refused:
        check_server_pair(Path(cert), Path(key), now=datetime.now(UTC))
    assert mend in str(refused.value.mend)
    assert ("xchat-certs" in str(refused.value.mend)) == (how == "no name")


def test_theirs_are_renewed_by_whoever_issued_them(files: Path) -> None:
    cert, key = files / MINE, files / THEIRS
    soon = datetime.now(UTC) + timedelta(hours=12)  # it ends in a day, of two
    (warning,) = check_server_pair(cert, key, now=soon).warnings
    assert "expires in 0 days: Ask whoever issued it for a new one" in warning
    for days, names, want in ((3, (), "a new one"), (0, ("a.lan",), "one that names a.lan")):
        with pytest.raises(PairRefused) as refused:
            check_server_pair(cert, key, now=datetime.now(UTC) + timedelta(days), names=names)
        assert f"Ask whoever issued it for {want}" in str(refused.value.mend)


def test_a_key_its_group_can_read_is_a_warning(made: Folder) -> None:
    made.server_key.chmod(0o640)
    (warning,) = check(made).warnings
    assert "group" in warning
    assert f"chmod 600 {made.server_key}" in warning


@pytest.mark.parametrize(("days", "rule"), [(-1, "not valid before"), (90, "expired on")])
def test_dates(made_once: Folder, days: float, rule: str) -> None:
    with pytest.raises(PairRefused, match=rule):
        check(made_once, days=days)


def test_soon_to_expire_is_a_warning(made_once: Folder) -> None:
    (warning,) = check(made_once, days=80).warnings
    assert "expires in 9 days: xchat-certs renew" in warning


def test_a_name_it_lacks_is_named_with_the_command_that_adds_it(made: Folder) -> None:
    with pytest.raises(PairRefused, match=r"is not for new\.lan, 10\.9\.9\.9, but for") as refused:
        check(made, "chat.lan", "new.lan", "10.9.9.9")
    assert "add-name new.lan 10.9.9.9" in str(refused.value.mend)


@pytest.mark.parametrize(
    ("extensions", "rule"),
    [
        ((), "subjectAltName"),
        ((NAMED, x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])), "serverAuth"),
    ],
)
def test_a_certificate_no_client_would_accept_is_refused(
    made: Folder, extensions: tuple[x509.ExtensionType, ...], rule: str
) -> None:
    key = make_key()
    made.server.write_bytes(self_signed(key, *extensions))
    made.server_key.write_bytes(key_pem(key))
    with pytest.raises(PairRefused, match=rule):
        check(made)


def test_wildcards_cover_one_label(tmp_path: Path) -> None:
    leaf = trustme.CA().issue_cert("*.lan")
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    leaf.cert_chain_pems[0].write_to_path(str(cert))
    leaf.private_key_pem.write_to_path(str(key))
    key.chmod(0o600)
    check_server_pair(cert, key, now=datetime.now(UTC), names=["chat.lan"])
    for name in ("lan", "a.chat.lan"):
        with pytest.raises(PairRefused):
            check_server_pair(cert, key, now=datetime.now(UTC), names=[name])


def test_cryptography_is_imported_by_the_call_only() -> None:
    code = "import sys, xchat.pki.judge.check; sys.exit('cryptography' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=20).returncode == 0


def test_it_is_fast(made_once: Folder) -> None:
    """Under 60 ms after the import of what it needs; ten times that here."""
    check(made_once)
    start = datetime.now(UTC)
    check(made_once)
    assert datetime.now(UTC) - start < timedelta(milliseconds=600)


def test_one_file_may_hold_both(tmp_path: Path) -> None:
    folder = make(tmp_path / "certs")
    both = tmp_path / "both.pem"
    both.write_bytes(folder.server_key.read_bytes() + folder.server.read_bytes())
    both.chmod(0o600)
    assert check_server_pair(both, both, now=datetime.now(UTC)).names == NAMES
