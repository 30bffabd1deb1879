"""`xchat-server` as a person types it: real processes, their words and exit codes."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import xchat
from tests.server.conftest import Pair
from xchat.config import Config, load

PROGRAM = Path(sys.executable).parent / "xchat-server"

# The loop is tested elsewhere: here it says what it was given, and waits to be told to end.
WITH_A_LOOP_THAT_WAITS = """
import sys, types
def serve(config, context, listeners, journal, data_folder):
    print("serving", listeners[0].getsockname()[1], data_folder, context.minimum_version.name)
    sys.stdout.flush()
    return int(sys.stdin.readline())
module = types.ModuleType("xchat.server.serve")
module.serve = serve
sys.modules["xchat.server.serve"] = module
from xchat.server.cli import main
main()
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to start in, and a home of its own."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(PROGRAM), *map(str, arguments)],
        capture_output=True, text=True, timeout=30, check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip


def options(pair: Pair, *more: object) -> list[str]:
    given = ("--cert", pair.cert, "--key", pair.key, "--host", "127.0.0.1", "--port", 0)
    return [str(word) for word in (*given, "--data", "data", *more)]


@pytest.fixture
def started(home: Path, pair: Pair) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", WITH_A_LOOP_THAT_WAITS, *options(pair)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdout
        assert process.stdout.readline().startswith("serving ")
        yield process
        process.kill()


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_help_and_version_are_there_at_once(option: str) -> None:
    """Each within 300 ms; here ten times that, for a busy machine."""
    begun = time.monotonic()
    done = run(option)
    assert time.monotonic() - begun < 3
    assert done.returncode == 0
    assert done.stderr == ""


def test_help_and_version_load_nothing_heavy() -> None:
    """What keeps them quick on any machine."""
    code = "import sys, xchat.server.cli; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=True
    )
    heavy = {"cryptography", "msgspec", "structlog", "ssl", "asyncio", "rich", "sqlite3"}
    assert heavy.isdisjoint(done.stdout.split())


def test_the_version_is_the_packages() -> None:
    assert run("--version").stdout == f"xchat-server, version {xchat.__version__}\n"


def test_every_option_is_in_the_help() -> None:
    wanted = "cert key host port data config set print-config check version help"
    text = run("--help").stdout
    assert all(f"--{option}" in text for option in wanted.split())


def test_the_printed_configuration_is_one_to_start_with(home: Path) -> None:
    done = run("--print-config", "--port", 9999, "--set", 'server.name="chat.lan"')
    assert done.returncode == 0
    (home / "printed.toml").write_text(done.stdout)
    config = load(home / "printed.toml")
    assert (config.listen.port, config.server.name) == (9999, "chat.lan")
    assert run("--config", "printed.toml", "--print-config").stdout == done.stdout


def test_without_a_word_the_defaults_are_printed(home: Path) -> None:
    (home / "printed.toml").write_text(run("--print-config").stdout)
    assert load(home / "printed.toml") == Config()


@pytest.mark.parametrize(
    ("arguments", "what", "mend", "code"),
    [
        (["--prot", "1"], "No such option", "--help", 2),
        (["extra"], "unexpected extra argument", "--help", 2),
        (["--port", "http"], "--port", "--help", 2),
        (["--port", "70000"], "listen.port must be a whole number", "--print-config", 2),
        (["--set", "listen.prt=1"], "no setting listen.prt", "did you mean listen.port?", 2),
        (["--config", "none.toml"], "none.toml: ", "--print-config", 2),
        ([], "certs/live/server", "xchat-certs init", 2),
        (["--check"], "certs/live/server", "xchat-certs init", 2),
    ],
)
def test_a_refusal_is_two_lines_and_an_exit_code(
    home: Path, arguments: list[str], what: str, mend: str, code: int
) -> None:
    done = run("--host", "127.0.0.1", *arguments)
    first, second, *rest = done.stderr.splitlines()
    assert first.startswith("xchat-server: ")
    assert what in first
    assert second.startswith("  ")
    assert mend in second
    assert rest == []
    assert done.returncode == code
    assert done.stdout == ""


def test_a_check_says_what_would_be_and_does_nothing(home: Path, pair: Pair) -> None:
    done = run(*options(pair, "--check"))
    assert done.returncode == 0, done.stderr
    assert "Would listen on 127.0.0.1:0" in done.stdout
    assert not (home / "data").exists()


def test_a_start_prepares_and_hands_over(home: Path, started: subprocess.Popen[str]) -> None:
    assert (home / "data").stat().st_mode & 0o777 == 0o700
    _, errors = started.communicate("0\n", timeout=30)
    assert started.returncode == 0
    start, who = (json.loads(line) for line in errors.splitlines())
    assert start["event"] == "started"
    assert start["addresses"].startswith("127.0.0.1:")
    assert who["who"] == "only this machine may join, it listens nowhere else"
    port = start["addresses"].rpartition(":")[2]
    assert who["join"].startswith("xchat-client --ca ")
    assert who["join"].endswith(f":{port}")


def test_the_exit_code_is_that_of_the_loop(started: subprocess.Popen[str]) -> None:
    started.communicate("7\n", timeout=30)
    assert started.returncode == 7


def test_a_second_server_on_the_same_data_is_refused(
    started: subprocess.Popen[str], pair: Pair
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITH_A_LOOP_THAT_WAITS, *options(pair)],
        capture_output=True, text=True, timeout=30, check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert done.returncode == 1
    assert f"another xchat-server (pid {started.pid}) keeps its data there" in done.stderr


def test_on_a_terminal_a_person_reads_who_may_join_and_how(home: Path, pair: Pair) -> None:
    master, slave = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-c", WITH_A_LOOP_THAT_WAITS, *options(pair)],
        stdin=subprocess.PIPE, stdout=slave, stderr=subprocess.DEVNULL, text=True,
    ) as process:  # fmt: skip
        os.close(slave)
        shown = ""
        while "serving" not in shown:
            shown += os.read(master, 4096).decode()
        process.communicate("0\n", timeout=30)
    os.close(master)
    listens, joins = shown.splitlines()[:2]
    assert listens.startswith("XChat listens on 127.0.0.1:")
    assert listens.endswith(": only this machine may join, it listens nowhere else.")
    assert joins.startswith("The next person joins with:  xchat-client --ca ")
