"""`xchat-certs renew`: for cron, for a timer, or as a daemon."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from tests.e2e.programs import until
from tests.pki.conftest import SECONDS_MAX, run_certs, run_certs_at
from xchat.pki.disk.folder import Folder
from xchat.pki.init import init
from xchat.pki.renew import Renewed
from xchat.pki.wish import Wish

OFTEN = """
import sys, xchat.certs.daemon as daemon
daemon.RENEWAL_LOOK_SECONDS = 0.1
from xchat.certs.cli import main
main(sys.argv[1:])
"""
"""The command, as if an hour went by in a tenth of a second."""


@contextmanager
def daemon(
    cwd: Path, *words: str, env: dict[str, str] | None = None
) -> Iterator[subprocess.Popen[str]]:
    """Run `renew --daemon` without a terminal until SIGTERM, which must end it well."""
    certs = [sys.executable, "-c", OFTEN, "renew", "--daemon", *words]
    with (cwd / "said").open("w") as said, subprocess.Popen(
        certs, cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=said, text=True,
    ) as process:  # fmt: skip
        try:
            until(lambda: "looks after" in (cwd / "said").read_text() or None, "it is there")
            yield process
            process.send_signal(signal.SIGTERM)
            assert process.wait(SECONDS_MAX) == 0
        finally:
            process.kill()


@pytest.fixture
def due(tmp_path: Path) -> Folder:
    """Certificates that were made 61 days ago."""
    wish = Wish(names=("chat.lan",), detects=False)
    init(tmp_path / "certs", wish, datetime.now(UTC) - timedelta(days=61))
    return Folder(tmp_path / "certs")


def said_by(cwd: Path) -> str:
    return (cwd / "said").read_text()


def test_a_daemon_renews_what_becomes_due_and_runs_the_command(made: Folder) -> None:
    """ "`--daemon` stays in the foreground, ... ends on SIGTERM; `--exec` runs after a renewal"."""
    cwd = made.path.parent
    with daemon(cwd, "--exec", "touch ran", "--json") as process:
        assert not (cwd / "ran").exists()
        made.crl.unlink()  # which makes it due: certificates take longer
        until(lambda: made.crl.exists() or None, "the list is signed anew")
        assert not (cwd / "ran").exists(), "other servers have nothing to take from that"
        process.send_signal(signal.SIGTERM)
        assert process.stdout is not None
        assert msgspec.json.decode(process.stdout.read(), type=Renewed).certificates == ()
    assert said_by(cwd).count("The list of the revoked is signed anew") == 1


def test_a_daemon_renews_a_certificate_when_its_day_has_come(due: Folder) -> None:
    cwd = due.path.parent
    with daemon(cwd, "--exec", "touch ran"):
        until(lambda: (cwd / "ran").exists() or None, "the command ran")
    assert len(due.generations()) == 2
    assert "certs/live/server.pem: a new certificate" in said_by(cwd)


def test_a_daemon_goes_on_whatever_it_finds(made: Folder) -> None:
    """It says what is wrong, in two lines, and does its work when that is mended."""
    cwd = made.path.parent
    made.path.rename(cwd / "elsewhere")
    with daemon(cwd):
        until(lambda: "there is no such file" in said_by(cwd) or None, "it is said")
        assert "\n  xchat-certs init\n" in said_by(cwd)
        (cwd / "elsewhere/crl.pem").unlink()
        (cwd / "elsewhere").rename(made.path)
        until(lambda: made.crl.exists() or None, "it does its work")
    assert "Traceback" not in said_by(cwd)


def test_a_daemon_whose_command_fails_says_so_and_goes_on(due: Folder) -> None:
    cwd = due.path.parent
    with daemon(cwd, "--exec", "false"):
        until(lambda: "false ended with 1" in said_by(cwd) or None, "it is said")
        due.crl.unlink()
        until(lambda: due.crl.exists() or None, "it goes on")
    assert len(due.generations()) == 2


def test_a_command_runs_only_after_a_renewal_and_without_a_shell(made: Folder) -> None:
    cwd = made.path.parent
    assert run_certs("renew", "--exec", "touch ran", cwd=cwd).code == 0
    assert not (cwd / "ran").exists()
    assert run_certs("renew", "--force", "--exec", "touch 'a b;c'", cwd=cwd).code == 0
    assert (cwd / "a b;c").exists()


@pytest.mark.parametrize(
    ("command", "what"),
    [("no-such-program", "cannot be run: No such file"), ("false", "false ended with 1")],
)
def test_a_command_that_fails_is_said_and_what_was_made_stays(
    made: Folder, command: str, what: str
) -> None:
    ended = run_certs("renew", "--force", "--exec", command, cwd=made.path.parent)
    assert ended.code == 1
    assert what in ended.err
    assert "what was to be made is made" in ended.err
    assert len(made.generations()) == 2


@pytest.mark.needs("faketime")
def test_the_command_runs_for_what_only_all_makes(due: Folder) -> None:
    cwd = due.path.parent
    done = run_certs_at(-60.9, "device", "add", "nino", "pc", "--data", "data", cwd=cwd)
    assert done.code == 0, done.err
    assert run_certs("renew", cwd=cwd).code == 0
    assert run_certs("renew", "--exec", "touch ran", cwd=cwd).code == 0
    assert not (cwd / "ran").exists()
    ended = run_certs("renew", "--all", "--exec", "touch ran", cwd=cwd)
    assert ended.code == 0, ended.err
    assert "nino-pc.pem: a new certificate" in ended.out
    assert (cwd / "ran").exists()


@pytest.mark.needs("faketime")
def test_a_daemon_renews_all_where_all_are_asked_for(due: Folder) -> None:
    cwd = due.path.parent
    done = run_certs_at(-60.9, "device", "add", "nino", "pc", "--data", "data", cwd=cwd)
    assert done.code == 0, done.err
    with daemon(cwd, "--all", "--exec", "touch ran"):
        until(lambda: (cwd / "ran").exists() or None, "the command ran")
        until(lambda: "nino-pc.pem: a new certificate" in said_by(cwd) or None, "it is said")


def test_a_daemon_that_is_to_renew_what_is_not_due_is_refused(made: Folder) -> None:
    ended = run_certs("renew", "--daemon", "--force", cwd=made.path.parent)
    assert (ended.code, ended.out) == (2, "")
    assert "--daemon renews what is due, and --force what is not" in ended.err
    assert "xchat-certs renew --force" in ended.err
