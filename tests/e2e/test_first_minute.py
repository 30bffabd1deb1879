"""From an empty home, without a network and without another argument: a chat."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import RecordTiming
from tests.e2e.programs import BIN, Program, located, run, until
from tests.environments import skip_by_name

pytestmark = pytest.mark.needs("unshare", "nsenter", "ip")

FIRST_MINUTE_SECONDS_CEILING = 20.0
"""Ten times the mark: "in < 2 s"."""
ALONE = ("unshare", "--map-root-user", "--net")
"""A network of its own, in which there is nothing but loopback."""
TYPED = "ip link set lo up && xchat-certs init && exec xchat-server"


@pytest.fixture
def home(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    if run(*ALONE, "true").returncode:
        skip_by_name(request, "a kernel that lets everybody have a network of their own")
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


@pytest.fixture
def typed(home: Path) -> Iterator[Program]:
    """What a newcomer types, started."""
    env = {"HOME": str(home), "PATH": f"{BIN}:/usr/sbin:/usr/bin:/sbin:/bin"}
    program = Program(home, "typed", [*ALONE, "sh", "-c", TYPED], env)
    program.start()
    yield program
    program.close()


def test_init_and_server_work_offline_from_an_empty_home(
    typed: Program, home: Path, timing: RecordTiming
) -> None:
    """ "`xchat-certs init && xchat-server` works with no other argument, offline, in < 2 s (plus
    the KDF), from an empty home." """
    start = time.monotonic()
    until(lambda: '"listening"' in typed.errors or None, "the server listens")
    took = time.monotonic() - start
    timing("init and server, from nothing to listening", took)
    assert took < FIRST_MINUTE_SECONDS_CEILING
    inside = ("nsenter", "--user", "--net", "--preserve-credentials", "-t", str(typed.running.pid))
    said = subprocess.run(
        [*inside, located("xchat-client"), "--ca", home / "certs/ca.pem", "send",
         "anna@localhost:8080", "#lobby", "hello"],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert (said.returncode, said.stderr) == (0, "")
    names = {path.name for path in home.iterdir()}
    assert names <= {"certs", ".local", ".config", ".cache", "typed.out", "typed.err"}, names


def test_what_init_said_last_is_what_comes_next(home: Path) -> None:
    done = run(*ALONE, located("xchat-certs"), "init", cwd=home, env={"HOME": str(home)})
    assert done.returncode == 0, done.stderr
    command = done.stdout.splitlines()[-1].removeprefix("Next:").split()
    assert shutil.which(located(command[0]))
    checked = run(*ALONE, located(command[0]), "--check", cwd=home, env={"HOME": str(home)})
    assert checked.returncode == 0, checked.stderr
