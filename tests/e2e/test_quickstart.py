"""The first of the two commands, from a copy of the tree, as a newcomer runs it."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import RecordTiming
from tests.e2e.programs import Program, run, until

ROOT = Path(__file__).resolve().parent.parent.parent
WHEELS = ROOT / ".venv" / "wheels"
FRESH_SECONDS_MAX = 110
SECOND_SECONDS_CEILING = 50.0
"""Ten times the mark: a second run is talking within 5 seconds."""
MADE_BY_RUNS = (".*", "__pycache__", "*.pem", "live", "gen", "devices", "journal.jsonl")

pytestmark = [
    # one copy, made fresh once, for the whole file, on whichever worker has it
    pytest.mark.xdist_group("quickstart"),
    pytest.mark.timeout(240),
]


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the tree without anything that a run makes; a space in its path on purpose."""
    copy = tmp_path_factory.mktemp("clone") / "my chat"
    shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(*MADE_BY_RUNS))
    return copy


@pytest.fixture(scope="module")
def used_tree(tree: Path) -> Path:
    """The copy after a first run that went well."""
    done = quickstart(tree, "--demo", "--port", str(free_port()))
    assert done.returncode == 0, done.stdout + done.stderr
    return tree


@pytest.fixture
def port() -> int:
    return free_port()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def environment(tree: Path) -> dict[str, str]:
    """Return an environment with a home of its own, where pip finds its wheels without a network.

    The Python that runs the tests goes first, so that the virtual environment is made with it.
    """
    base = Path(sys.base_prefix) / "bin"
    offline = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(WHEELS)} if WHEELS.exists() else {}
    return {"HOME": str(tree.parent), "PATH": f"{base}:{os.environ['PATH']}"} | offline


def quickstart(
    tree: Path, *words: str, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return run(
        tree / "scripts" / "quickstart", *words,
        env=environment(tree) | (env or {}), cwd=tree.parent, seconds=FRESH_SECONDS_MAX,
    )  # fmt: skip


def test_a_fresh_clone_ends_with_a_conversation_in_three_scripts(
    used_tree: Path, port: int
) -> None:
    done = quickstart(used_tree, "--demo", "--port", str(port))
    assert done.returncode == 0, done.stdout + done.stderr
    lines = [line for line in done.stdout.splitlines() if re.match(r"    (nino|anna): ", line)]
    assert len(lines) >= 3
    said = "".join(lines)
    assert re.search("[A-Za-z]{5}", said)
    assert re.search("[ა-ჰ]{5}", said)
    assert "👋" in said
    assert done.stderr == ""


def test_a_second_run_makes_nothing_anew_and_talks_at_once(
    used_tree: Path, port: int, timing: RecordTiming
) -> None:
    """ "A second run reuses everything and is talking within 5 seconds." """
    before = made(used_tree)
    start = time.monotonic()
    done = quickstart(used_tree, "--demo", "--port", str(port), env={"PIP_NO_INDEX": "1"})
    took = time.monotonic() - start
    timing("quickstart, second run", took)
    assert done.returncode == 0, done.stdout + done.stderr
    assert made(used_tree) == before
    assert took < SECOND_SECONDS_CEILING


def made(tree: Path) -> dict[str, bytes | int]:
    """Return what a run must not change: the certificates, and when .venv was made."""
    certs = {str(path): path.read_bytes() for path in (tree / "certs").rglob("*") if path.is_file()}
    return certs | {"venv": (tree / ".venv" / "pyvenv.cfg").stat().st_mtime_ns}


def test_keys_are_nobody_elses(used_tree: Path) -> None:
    keys = list((used_tree / "certs").rglob("*key*.pem"))
    assert keys
    assert {key.stat().st_mode & 0o777 for key in keys} == {0o600}


def test_a_port_in_use_is_one_clear_line(used_tree: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
        done = quickstart(used_tree, "--demo", "--port", str(port))
    assert done.returncode != 0
    assert str(port) in done.stderr
    assert "in use" in done.stderr
    first, second = done.stderr.splitlines()
    assert first.startswith("quickstart: ")
    assert second.endswith(f"./scripts/quickstart --demo --port {port + 1}")
    assert "xchat-server" not in done.stderr


def test_no_python_that_will_do_is_one_clear_line(tree: Path, tmp_path: Path) -> None:
    """An old Python, and one without ensurepip (Debian splits it off), are passed over."""
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("bash", "dirname", "grep", "cat", "cksum", "rm", "env"):
        found = shutil.which(name)
        assert found is not None
        (tools / name).symlink_to(found)
    for name in ("python3", "python3.11"):
        (tools / name).write_text("#!/bin/sh\nexit 1\n")
        (tools / name).chmod(0o755)
    bare = tmp_path / "tree"
    shutil.copytree(tree, bare, ignore=shutil.ignore_patterns(*MADE_BY_RUNS))
    done = quickstart(bare, "--demo", env={"PATH": str(tools)})
    assert done.returncode != 0
    assert "3.11" in done.stderr
    assert "apt install python3 python3-venv" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 2, done.stderr


def test_no_network_for_pip_is_one_clear_line(tree: Path, tmp_path: Path) -> None:
    bare = tmp_path / "tree"
    shutil.copytree(tree, bare, ignore=shutil.ignore_patterns(*MADE_BY_RUNS))
    nowhere = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(tmp_path), "PIP_CONFIG_FILE": "/dev/null"}
    done = quickstart(bare, "--demo", env=nowhere)
    assert done.returncode != 0
    assert "ERROR: Could not find a version" in done.stderr
    assert "network" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 2, done.stderr


@pytest.mark.parametrize("words", [["--port", "0"], ["--port", "x"], ["--port"], ["--what"]])
def test_wrong_words_are_one_clear_line(tree: Path, words: list[str]) -> None:
    done = quickstart(tree, *words)
    assert done.returncode != 0
    assert len(done.stderr.strip().splitlines()) == 2, done.stderr


@pytest.fixture
def in_the_foreground(used_tree: Path, tmp_path: Path, port: int) -> Iterator[Program]:
    words = [str(used_tree / "scripts" / "quickstart"), "--port", str(port)]
    program = Program(tmp_path, "quickstart", words, environment(used_tree))
    program.start()
    yield program
    try:
        program.running.terminate()  # killed, it would leave its server behind
        program.wait(seconds=10)
    finally:
        program.close()


def test_a_second_one_leaves_the_first_be_and_says_how_to_join_it(
    in_the_foreground: Program, used_tree: Path, port: int
) -> None:
    in_the_foreground.wait_for("Ctrl-C ends it")
    journal = (used_tree / ".xchat" / "journal.log").read_text()
    done = quickstart(used_tree, "--port", str(free_port()))
    assert done.returncode == 1
    first, second = done.stderr.splitlines()
    assert re.fullmatch(r"quickstart: it runs already \(pid \d+\); join it with", first)
    assert second == (f"  .venv/bin/xchat-client --ca certs/ca.pem YOU@localhost:{port} '#lobby'")
    assert (used_tree / ".xchat" / "journal.log").read_text().startswith(journal)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "sigterm"])
def test_it_stays_until_ctrl_c_and_the_next_person_joins(
    in_the_foreground: Program, used_tree: Path, number: signal.Signals, port: int
) -> None:
    """ "prints the one command with which the next person joins, and leaves the server running in
    the foreground until Ctrl-C, which ends it cleanly" """
    invite = in_the_foreground.wait_for(r"\n    (\S*xchat-certs) invite NAME (.*)\n")
    found = in_the_foreground.wait_for(r"(\S*xchat-client --ca \S+) YOU@(\S+) '#lobby'")
    invited = run(
        used_tree / invite[1], "invite", "fourth", *invite[2].split(),
        env=environment(used_tree), cwd=used_tree,
    )  # fmt: skip
    assert invited.returncode == 0, invited.stderr
    assert re.search(rf"xchat-client join 'xchat://\S+:{port}/\?ca=", invited.stdout)
    program, _, ca = found[1].split()
    joined = run(
        used_tree / program, "send", "--ca", used_tree / ca, f"third@{found[2]}", "#lobby",
        "and a third", env=environment(used_tree),
    )  # fmt: skip
    assert joined.returncode == 0, joined.stderr
    in_the_foreground.running.send_signal(number)
    assert in_the_foreground.wait(seconds=10) == 0, in_the_foreground.errors

    def port_is_free() -> bool | None:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) != 0 or None

    until(port_is_free, "the server is gone too", seconds=5)


def test_demo_listens_on_loopback_only(used_tree: Path, port: int) -> None:
    done = quickstart(used_tree, "--demo", "--port", str(port))
    assert done.returncode == 0
    journal = (used_tree / ".xchat" / "journal.log").read_text()
    hosts = set(re.findall(r'"event": "listening", "host": "([^"]+)"', journal))
    assert hosts
    assert hosts <= {"127.0.0.1", "::1"}
