"""`xchat.pki.disk.stage`: several files change as one, whatever kills us; no key is ever open."""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.pki.conftest import SECONDS_MAX, make, run, run_certs, tree
from xchat.errors import XChatError
from xchat.pki.disk import files, stage
from xchat.pki.disk.folder import Folder
from xchat.pki.init import init
from xchat.pki.judge.check import check_server_pair
from xchat.pki.judge.examine import examine
from xchat.pki.wish import Wish

CERTS = (sys.executable, "-m", "xchat.certs.cli")
CALLS = "/^(mkdir|rename|symlink|unlink|rmdir|f?chmod|fsync|write)"
"""The system calls that change a disk."""
DECISIVE = ("rename", "symlink")
"""Those that make files appear in their places: a normal run kills at each of them."""
EVERY = 7
"""Of the other calls, those a normal run kills at; a prime, so that every kind has its turn."""
WISH = Wish(names=("chat.lan",), detects=False)
FIRST = ("init", "--no-detect", "--name", "chat.lan")
SECOND = (*FIRST, "--force")


def strace(*options: str, words: tuple[str, ...], cwd: Path) -> int:
    return run("strace", "-f", *options, *CERTS, *words, cwd=cwd).code


def find_calls(words: tuple[str, ...], cwd: Path) -> list[tuple[str, int]]:
    """Return each call that changes the disk: its name, and the how-manieth of that name it is."""
    strace("-o", "log", "-e", f"trace={CALLS}", words=words, cwd=cwd)
    names = re.findall(r"^\d+ +(\w+)\(", (cwd / "log").read_text(), re.MULTILINE)
    return [(name, names[: at + 1].count(name)) for at, name in enumerate(names)]


def assert_whole_again(cwd: Path) -> None:
    """Whatever the kill left is no mismatched pair, and one `init` makes it whole and clean."""
    folder = Folder(cwd / "certs")
    if (folder.path / "live").is_symlink():
        check_server_pair(folder.server, folder.server_key, now=datetime.now(UTC))
    init(folder.path, WISH, datetime.now(UTC))
    standing = examine(folder, datetime.now(UTC))
    assert standing.problems == ()
    journal = (folder.path / "journal.jsonl").read_text().splitlines()
    assert len(set(journal)) == len(journal)
    for facts in standing.facts:
        assert sum(facts.sha256 in line for line in journal) == 1
    before = tree(folder.path)
    assert init(folder.path, WISH, datetime.now(UTC)).did == "unchanged"
    assert tree(folder.path) == before


def prepare(words: tuple[str, ...], cwd: Path) -> Path:
    cwd.mkdir()
    if words is SECOND:
        make(cwd / "certs", "chat.lan")
    return cwd


def kill_at_calls(words: tuple[str, ...], tmp_path: Path, step: int) -> set[str]:
    """Kill at each `step`th call; return what was seen to lie there after a kill."""
    seen: set[str] = set()
    calls = find_calls(words, prepare(words, tmp_path / "count"))
    chosen = [call for at, call in enumerate(calls) if at % step == 0 or call[0] in DECISIVE]
    for name, nth in chosen:
        cwd = prepare(words, tmp_path / f"{name}-{nth}")
        kill = f"inject={name}:signal=KILL:when={nth}"
        ended = strace("-o", os.devnull, "-e", f"trace={name}", "-e", kill, words=words, cwd=cwd)
        assert ended == -signal.SIGKILL
        seen |= {path.name for path in cwd.glob("certs/.*")}
        assert_whole_again(cwd)
    return seen


@pytest.mark.needs("strace")
@pytest.mark.parametrize("words", [FIRST, SECOND], ids=["first", "force"])
def test_killed_at_any_call_the_next_init_makes_it_whole(
    words: tuple[str, ...], tmp_path: Path
) -> None:
    """ "the tree is always either the old or the new state"."""
    assert kill_at_calls(words, tmp_path, EVERY) == {".staging", ".commit"}


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.needs("strace")
@pytest.mark.parametrize("words", [FIRST, SECOND], ids=["first", "force"])
def test_killed_at_every_call(words: tuple[str, ...], tmp_path: Path) -> None:
    assert kill_at_calls(words, tmp_path, 1) == {".staging", ".commit"}


def kill_at_random(tmp_path: Path, times: int) -> None:
    chance = random.Random(0)
    for each in range(times):
        cwd = tmp_path / str(each % 20)
        cwd.mkdir(exist_ok=True)
        words = SECOND if (cwd / "certs/ca.pem").exists() else FIRST
        with subprocess.Popen([*CERTS, *words], cwd=cwd, stdout=subprocess.DEVNULL) as process:
            time.sleep(chance.uniform(0.05, 0.25))  # the moment of the kill, not a wait
            process.send_signal(signal.SIGKILL)
            process.wait(SECONDS_MAX)
        assert_whole_again(cwd)


def test_killed_at_random_moments(tmp_path: Path) -> None:
    kill_at_random(tmp_path, 10)


@pytest.mark.long
@pytest.mark.timeout(600)
def test_killed_at_200_random_moments(tmp_path: Path) -> None:
    """ "Kill -9 at 200 random points of init"."""
    kill_at_random(tmp_path, 200)


@pytest.mark.needs("strace")
@pytest.mark.parametrize("words", [FIRST, SECOND], ids=["first", "force"])
def test_no_key_is_ever_open_wider_than_0600(words: tuple[str, ...], tmp_path: Path) -> None:
    """ "strace: no key file is ever open with a mode wider than 0600"; umask 000."""
    if words is SECOND:
        make(tmp_path / "certs", "chat.lan")
    trace = ("-y", "-e", "trace=open,openat,creat,chmod,fchmod,fchmodat,mkdir,mkdirat")
    run("strace", "-f", "-o", "log", *trace, *CERTS, *words, cwd=tmp_path, umask=0)
    log = (tmp_path / "log").read_text()
    made = re.findall(r'openat\([^"]+"([^"]*certs/[^"]+)", [^)]*O_CREAT[^)]*, (0\d+)\)', log)
    assert len([name for name, _ in made if "-key.pem" in name]) >= 3
    assert {mode for _, mode in made} == {"0600"}
    creations = [line for line in log.splitlines() if "-key.pem" in line and "O_CREAT" in line]
    assert all("O_EXCL" in line for line in creations)
    for name, mode in re.findall(r"fchmod\(\d+<([^>]+)>, (0\d+)\)", log):
        assert mode == "0600" or not re.search(r"-key\.pem$|journal|backup", name)
    assert set(re.findall(r'mkdir\("[^"]*certs[^"]*", (0\d+)\)', log)) == {"0700"}


@pytest.mark.parametrize("umask", [0o000, 0o077, 0o777])
def test_modes_are_the_same_whatever_the_umask(umask: int, tmp_path: Path, made: Folder) -> None:
    (tmp_path / "new").mkdir()
    assert run_certs(*FIRST, cwd=tmp_path / "new", umask=umask).code == 0
    modes = {name: mode for name, (mode, _) in tree(tmp_path / "new/certs").items()}
    assert modes == {name: mode for name, (mode, _) in tree(made.path).items()}


def test_what_was_staged_and_not_committed_is_thrown_away(made: Folder) -> None:
    before = tree(made.path)
    change = stage.Stage(made.path)
    change.add_secret("root-key.pem", b"half a change")
    assert stage.is_interrupted(made.path)
    assert not stage.recover(made.path)
    assert tree(made.path) == before


def test_what_goes_with_a_change_goes_after_it(made: Folder) -> None:
    """A file, a folder and what was never there; and again, as after a kill."""
    (made.path / "next").mkdir()
    (made.path / "next/issuer.pem").touch()
    for _ in range(2):
        change = stage.Stage(made.path)
        change.add_secret("kept", b"1")
        for name in ("next", "issuer-key.pem", "issuers/gone.pem"):
            change.remove(name)
        assert made.path.joinpath("live").exists()
        change.commit()
        assert made.path.joinpath("kept").read_bytes() == b"1"
        assert not (made.path / "next").exists()
        assert not made.issuer_key.exists()
    assert not list(made.path.glob(".*"))


def test_a_torn_line_of_the_journal_stays_on_a_line_of_its_own(tmp_path: Path) -> None:
    journal = tmp_path / "journal.jsonl"
    journal.write_bytes(b'{"whole":1}\n{"to')
    files.append_lines(journal, [b'{"next":1}'])
    assert journal.read_bytes() == b'{"whole":1}\n{"to\n{"next":1}\n'


def test_two_commands_at_once_take_turns(tmp_path: Path) -> None:
    started = [
        subprocess.Popen([*CERTS, *FIRST], cwd=tmp_path, stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    said = [process.communicate(timeout=SECONDS_MAX)[0] for process in started]
    assert [process.returncode for process in started] == [0] * 4
    assert sum("Made a CA" in each for each in said) == 1
    assert sum("nothing was changed" in each for each in said) == 3


def test_a_folder_that_stays_in_use_is_named(made: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "LOCK_SECONDS_MAX", 0.1)
    with (
        files.locked(made.path),
        pytest.raises(XChatError, match="in use by another command"),
        files.locked(made.path),
    ):
        pytest.fail("two held the folder at once")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no full disk to offer")
def test_a_folder_that_cannot_be_written_to_is_named(tmp_path: Path) -> None:
    ended = run_certs("init", "--dir", "/dev/null/certs", cwd=tmp_path)
    assert ended.code == 1
    assert "/dev/null" in ended.err
    assert "Traceback" not in ended.err
