"""How the commands start, and in what words the server declines to."""

from __future__ import annotations

import shutil
import socket
import time
from pathlib import Path

import pytest

from tests.conftest import RecordTiming
from tests.e2e.conftest import MakeServer
from tests.e2e.programs import Pki, Server, run
from tests.e2e.raw import RawClient

ROOT = Path(__file__).resolve().parent.parent.parent
LOGIN_SECONDS_CEILING = 6.0
"""Ten times the mark: start to first accepted login at most 0.6 s."""
HELP_SECONDS_CEILING = 3.0
"""Ten times the mark: `--version` and `--help` within 300 ms."""


def declined(server: Server) -> str:
    """Start a server that should not start, and return what it said."""
    done = run(*server.argv(), seconds=20)
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    return done.stderr


def test_a_login_soon_after_the_start(make_server: MakeServer, timing: RecordTiming) -> None:
    start = time.monotonic()
    server = make_server()
    with RawClient.join(server.port, server.ca, "nino"):
        took = time.monotonic() - start
    timing("start to first login", took)
    assert took < LOGIN_SECONDS_CEILING


def test_a_second_server_on_the_same_data_is_refused(
    make_server: MakeServer, tmp_path: Path
) -> None:
    """ "locks its data folder against a second server" """
    first = make_server()
    second = Server(first.folder, first.pki)
    said = declined(second)
    assert str(first.folder / "data") in said
    with RawClient.join(first.port, first.ca, "nino") as nino:
        nino.ping()


def test_the_data_folder_is_free_again_after_kill_9(make_server: MakeServer) -> None:
    server = make_server()
    server.kill()
    server.start()
    with RawClient.join(server.port, server.ca, "nino") as nino:
        nino.ping()


def test_a_port_in_use_is_named(make_server: MakeServer, tmp_path: Path, own_pki: Pki) -> None:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        folder = tmp_path / "second"
        folder.mkdir()
        server = Server(folder, own_pki, port=holder.getsockname()[1])
        said = declined(server)
    assert str(server.port) in said
    assert "in use" in said


def test_a_key_that_the_world_can_read_is_refused(tmp_path: Path, own_pki: Pki) -> None:
    key = tmp_path / "server-key.pem"
    key.write_bytes(own_pki.key.read_bytes())
    key.chmod(0o644)
    said = declined(Server(tmp_path, Pki(own_pki.ca, own_pki.certificate, key)))
    assert str(key) in said
    assert "chmod 600" in said


def test_a_key_of_another_certificate_is_refused(
    tmp_path: Path, own_pki: Pki, other_pki: Pki
) -> None:
    said = declined(Server(tmp_path, Pki(own_pki.ca, own_pki.certificate, other_pki.key)))
    assert str(other_pki.key) in said


@pytest.mark.parametrize("program", ["xchat-certs", "xchat-server", "xchat-client", "xchat-admin"])
@pytest.mark.parametrize("option", ["--version", "--help"])
def test_every_command_says_what_it_is(program: str, option: str, timing: RecordTiming) -> None:
    start = time.monotonic()
    done = run(program, option)
    took = time.monotonic() - start
    timing(f"{program} {option}", took)
    assert done.returncode == 0, done.stderr
    assert program in done.stdout
    assert took < HELP_SECONDS_CEILING


@pytest.mark.parametrize("option", ["--help", "-h"])
@pytest.mark.parametrize("script", ["test", "quickstart"])
def test_a_script_asked_for_help_gives_it_and_does_nothing_else(
    script: str, option: str, tmp_path: Path
) -> None:
    scripts = shutil.copytree(ROOT / "scripts", tmp_path / "scripts")
    done = run(scripts / script, option, seconds=10)
    assert done.returncode == 0, done.stderr
    assert f"scripts/{script} [--" in done.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["scripts"]


def test_init_and_server_need_no_other_argument(tmp_path: Path) -> None:
    """ "`xchat-certs init && xchat-server` works with no other argument … from an empty home." """
    assert run("xchat-certs", "init", cwd=tmp_path, env={"HOME": str(tmp_path)}).returncode == 0
    done = run("xchat-server", "--check", cwd=tmp_path, env={"HOME": str(tmp_path)})
    assert done.returncode == 0, done.stderr
