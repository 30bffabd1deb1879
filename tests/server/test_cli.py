"""`xchat-server` as a person types it: real processes, their words and exit codes."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import re
import shlex
import shutil
import signal
import socket
import sqlite3
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import xchat
from tests.server.conftest import Pair
from xchat.config import Config, data_folder, load
from xchat.store.database import FILE_NAME

PROGRAM = Path(sys.executable).parent / "xchat-server"


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


@dataclass
class Started:
    """A server that listens, and what it recorded until then."""

    process: subprocess.Popen[str]
    journal: list[dict[str, str]]

    @property
    def port(self) -> int:
        return int(self.journal[-1]["port"])


@pytest.fixture
def started(home: Path, pair: Pair) -> Iterator[Started]:
    with subprocess.Popen(
        [PROGRAM, *options(pair)], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield Started(process, list(until_it_listens(process)))
        finally:
            process.kill()


def until_it_listens(process: subprocess.Popen[str]) -> Iterator[dict[str, str]]:
    assert process.stderr
    for line in process.stderr:
        entry = json.loads(line)
        yield entry
        if entry["event"] == "listening":
            return


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
    assert run("--version").stdout == f"xchat-server {xchat.__version__}\n"


def test_every_option_is_in_the_help() -> None:
    wanted = "cert key host port data config set print-config check version help"
    text = run("--help").stdout
    assert all(f"--{option}" in text for option in wanted.split())


def test_the_help_has_every_exit_code_and_default(home: Path) -> None:
    text = run("--help").stdout
    _, _, ends = text.partition("It ends with:\n")
    assert re.findall(r"^  (\d+)  ", ends, re.MULTILINE) == ["0", "1", "2", "130"]
    for option in ("cert", "key", "host", "port", "data", "config"):
        assert re.search(rf"--{option} .*\[.+\]$", text, re.MULTILINE), option


@pytest.mark.skipif(sys.platform != "linux", reason="another system keeps data elsewhere")
def test_the_help_says_where_data_is_kept(home: Path) -> None:
    shown = re.search(r"--data .*\[(\S+) on Linux\]", run("--help").stdout)
    assert shown
    assert data_folder(Config()) == Path(shown[1]).expanduser()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
@pytest.mark.parametrize("option", ["--print-config", "--check", "--help", "--version"])
def test_a_full_disk_is_said_in_words(
    home: Path, pair: Pair, option: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)  # what waits is written at the end
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = subprocess.run(
            [PROGRAM, *options(pair, option)],
            stdout=full, stderr=subprocess.PIPE, text=True, timeout=30, check=False,
        )  # fmt: skip
    assert done.returncode == 1
    what, mend = done.stderr.splitlines()
    assert what == "xchat-server: standard output cannot be written: No space left on device"
    assert mend.startswith("  ")


@pytest.mark.parametrize(("name", "other"), [("cert", "key"), ("key", "cert")])
def test_a_certificate_wants_its_key_and_the_reverse(
    home: Path, pair: Pair, name: str, other: str
) -> None:
    """Not a word about the other's default, which nobody has named."""
    files = {"cert": pair.cert, "key": pair.key}
    modes: tuple[list[str], ...] = ([], ["--check"])
    for mode in modes:
        done = run(f"--{name}", files[name], *mode)
        assert done.returncode == 2
        assert done.stderr == (
            f"xchat-server: --{name} wants --{other}\n"
            f"  xchat-server --{name} {files[name]} --{other} {files[other]}\n"
        )
    (home / "a b").mkdir()
    ours, beside = (shutil.copy(files[which], home / "a b") for which in (name, other))
    said = run(f"--{name}", ours).stderr.splitlines()[1]
    assert shlex.split(said) == ["xchat-server", f"--{name}", str(ours), f"--{other}", str(beside)]
    for nothing, shown in ((home / "a b.pem", f"'{home}/a b.pem'"), ("", "''")):
        assert run(f"--{name}", nothing).stderr.endswith(f"--{name} {shown} --{other} FILE\n")


def test_the_other_half_may_be_a_setting(home: Path, pair: Pair) -> None:
    done = run("--check", "--cert", pair.cert, "--set", f'tls.key="{pair.key}"', "--data", "data")
    assert done.returncode == 0, done.stderr


def test_nothing_is_said_to_have_started_before_the_data_can_be_read(
    home: Path, pair: Pair
) -> None:
    (home / "data").mkdir(mode=0o700)
    with contextlib.closing(sqlite3.connect(home / "data" / FILE_NAME)) as newer:
        newer.execute("CREATE TABLE meta (key TEXT)")
        newer.execute("PRAGMA user_version = 99")
    done = run(*options(pair))
    assert done.returncode == 1
    assert "written by a newer XChat" in done.stderr.splitlines()[0]
    assert "started" not in done.stderr


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


def test_a_start_says_where_it_listens_who_may_join_and_how(home: Path, started: Started) -> None:
    assert (home / "data").stat().st_mode & 0o777 == 0o700
    start, who = started.journal[:2]
    assert start["event"] == "started"
    assert start["addresses"] == f"127.0.0.1:{started.port}"
    assert who["who"] == "only this machine may join: it listens nowhere else"
    assert who["join"].startswith("xchat-client --ca ")
    assert who["join"].endswith(f" YOU@127.0.0.1:{started.port} '#lobby'")


def test_what_it_says_is_true(started: Started, pair: Pair) -> None:
    context = ssl.create_default_context()
    pair.ca.configure_trust(context)
    with (
        socket.create_connection(("127.0.0.1", started.port), 10) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as encrypted,
    ):
        assert encrypted.version() == "TLSv1.3"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_well(started: Started, number: signal.Signals) -> None:
    started.process.send_signal(number)
    assert started.process.wait(10) == 0


def test_ctrl_c_before_it_serves_has_its_own_code(home: Path) -> None:
    """The code that the help names: here it waits for settings that nobody writes."""
    os.mkfifo("settings.toml")
    with subprocess.Popen(
        [PROGRAM, "--config", "settings.toml"], stderr=subprocess.PIPE, text=True
    ) as process:
        with Path("settings.toml").open("w", encoding="utf-8"):  # opens once it reads
            process.send_signal(signal.SIGINT)
            assert process.wait(10) == 130
        assert process.stderr
        assert process.stderr.read().strip() == ""


def test_a_second_server_on_the_same_data_is_refused(started: Started, pair: Pair) -> None:
    done = run(*options(pair))
    assert done.returncode == 1
    assert f"another xchat-server (pid {started.process.pid}) keeps its data there" in done.stderr


def test_a_second_server_on_the_same_port_is_refused(started: Started, pair: Pair) -> None:
    done = run(*options(pair, "--data", "other", "--port", started.port))
    assert done.returncode == 1
    assert f"127.0.0.1:{started.port}: the port is in use" in done.stderr
    assert f"xchat-server --port {started.port + 1}" in done.stderr


def test_on_a_terminal_a_person_reads_who_may_join_and_how(home: Path, pair: Pair) -> None:
    master, slave = pty.openpty()
    with subprocess.Popen(
        [PROGRAM, *options(pair)], stdin=slave, stdout=slave, stderr=subprocess.PIPE, text=True
    ) as process:
        os.close(slave)
        journal = list(until_it_listens(process))
        process.terminate()
        assert process.wait(10) == 0
    listens, joins = os.read(master, 4096).decode().splitlines()
    os.close(master)
    assert listens.startswith("XChat listens on 127.0.0.1:")
    assert listens.endswith(": only this machine may join: it listens nowhere else.")
    assert joins.startswith("The next person joins with:  xchat-client --ca ")
    assert "who may join" not in [entry["event"] for entry in journal]


def test_a_password_is_hashed_to_be_pasted(home: Path) -> None:
    """What is printed is a section that lets its operator in."""
    from xchat.chat.passwords import verify

    words = [PROGRAM, "--set", "accounts.argon2_memory_kib=8", "--hash-password"]
    hashed = subprocess.run(
        list(map(str, words)),
        input="right\n",
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    ).stdout
    (home / "xchat.toml").write_text(hashed)
    (operator,) = load(home / "xchat.toml").operators
    assert operator.name == "NAME"
    assert verify(operator.password_hash, "right")
    assert run("--hash-password").stderr.startswith("xchat-server: there is no password to hash")
