"""A real server on other days of its certificate's life."""

from __future__ import annotations

import functools
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.e2e.programs import Pki, Server, run, until
from tests.server.pairs import leaf_of
from xchat.pki.disk.folder import Folder

pytestmark = pytest.mark.needs("faketime", "openssl")

DUE = "a certificate is due, and was not renewed"
RENEWED = "the certificate was renewed"


@pytest.fixture
def folder(own_pki: Pki, tmp_path: Path) -> Folder:
    """Certificates of today, of a test's own."""
    shutil.copytree(own_pki.ca.parent, tmp_path / "certs", symlinks=True)
    return Folder(tmp_path / "certs")


@pytest.fixture
def server(tmp_path: Path, folder: Folder) -> Server:
    pki = Pki(folder.ca, folder.server, folder.server_key)
    return Server(tmp_path, pki)


def on_day(number: int) -> tuple[str, ...]:
    """Return what is written before a command: `faketime` itself would keep its signals."""
    return ("env", f"LD_PRELOAD={_library()}", f"FAKETIME=+{number}d")


@functools.cache
def _library() -> str:
    return run("faketime", "-f", "+0d", "printenv", "LD_PRELOAD").stdout.strip()


def recorded(server: Server, event: str) -> list[dict[str, object]]:
    return [each for each in server.journal if each["event"] == event]


def verdict(server: Server, folder: Folder, day: int) -> str:
    """Return what a strict client of that day says of the server."""
    done = subprocess.run(
        [*on_day(day), "openssl", "s_client", "-connect", f"127.0.0.1:{server.port}", "-CAfile",
         str(folder.ca), "-x509_strict", "-verify_return_error", "-verify_hostname", "localhost",
         "-brief"],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    return done.stderr


@pytest.mark.parametrize(("day", "is_renewed"), [(59, False), (61, True), (89, True), (91, True)])
def test_a_start_renews_what_is_due_even_what_has_expired(
    server: Server, folder: Folder, day: int, is_renewed: bool
) -> None:
    """Bar 14: "faketime to day 59, 61, 89, 91: [...] server and client say the right thing;
    renewal after expiry works offline." """
    before = leaf_of(folder.server)
    checked = check(server, day)
    assert checked.returncode == 0, checked.stderr
    assert ("is due, and renewed when the server starts" in checked.stdout) == is_renewed
    assert leaf_of(folder.server) == before
    try:
        server.start(prefix=on_day(day))
        assert "Verification: OK" in verdict(server, folder, day)
        assert (leaf_of(folder.server) != before) == is_renewed
        assert len(recorded(server, RENEWED)) == is_renewed
        assert not recorded(server, DUE)
        status = run("xchat-admin", "--data", str(server.folder / "data"), "status")
        assert status.returncode == 0
    finally:
        server.close()


@pytest.mark.parametrize(("day", "left"), [(59, None), (61, 28), (89, 0)])
def test_who_cannot_renew_says_so_in_time(
    server: Server, folder: Folder, day: int, left: int | None
) -> None:
    """ "where it cannot, it warns in the journal (from when it is due)" """
    folder.issuer_key.unlink()
    try:
        server.start(prefix=on_day(day))
        assert "Verification: OK" in verdict(server, folder, day)
        if left is None:
            assert not recorded(server, DUE)
            return
        line = until(lambda: recorded(server, DUE) or None, "it is told")[0]
        assert line["role"] == "server"
        assert line["days_left"] == left
        assert str(line["mend"]).startswith("xchat-certs renew")
    finally:
        server.close()


def check(server: Server, day: int) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*on_day(day), *server.argv(), "--check"],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip


def test_who_cannot_renew_what_has_expired_does_not_start(server: Server, folder: Folder) -> None:
    folder.issuer_key.unlink()
    done = subprocess.run(
        [*on_day(91), *server.argv()],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert done.returncode == check(server, 91).returncode == 2
    what, mend = done.stderr.splitlines()[-2:]
    assert what.startswith(f"xchat-server: {folder.server} expired on ")
    assert mend.strip().startswith("xchat-certs renew")
