"""Killed at any moment, a verb leaves the old tree or the new one, and `doctor` mends the rest.

The kills are put at the system calls that change the disk, found by a run that is not killed: a
clock would spend nearly all of them on Python's start.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.pki.conftest import make, run_certs, tree
from tests.pki.test_stage import find_calls, strace
from xchat.pki.disk.folder import Folder
from xchat.pki.judge.check import check_server_pair
from xchat.pki.judge.examine import examine

STORE = ("--data", "data")
INIT = ("init", "--no-detect", "--name", "chat.lan")
VERBS = {
    "init": (INIT, "server minted"),
    "init --force": ((*INIT, "--force"), "server minted"),
    "renew": (("renew", "--force"), "server renewed"),
    "add-name": (("add-name", "new.lan"), "server renewed"),
    "device add": (("device", "add", "nino", "phone", *STORE), "device minted"),
    "rotate issuer": (("rotate", "issuer"), "issuer minted"),
    "rotate root": (("rotate", "root"), "root minted"),
    "device revoke": (("device", "revoke", "nino", "laptop"), "device revoked"),
}
"""What is typed, and what the journal then tells."""
KILLS, KILLS_LONG = 15, 200

Tree = dict[str, tuple[int, bytes | str]]


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder above `certs/`, with a device, and as many pairs as are kept."""
    cwd = tmp_path_factory.mktemp("begun")
    folder = make(cwd / "certs", "chat.lan")
    for _ in range(4):
        assert run_certs("renew", "--force", cwd=cwd).code == 0
    added = run_certs("device", "add", "nino", "laptop", *STORE, cwd=cwd)
    assert added.code == 0, added.err
    assert examine(folder, datetime.now(UTC)).problems == ()
    return cwd


def prepare(verb: str, begun: Path, cwd: Path) -> Path:
    if verb == "init":
        cwd.mkdir()
    else:
        shutil.copytree(begun, cwd, symlinks=True)
    return cwd


def without_journal(cwd: Path) -> Tree:
    there = tree(cwd / "certs") if (cwd / "certs").exists() else {}
    return {name: each for name, each in there.items() if name != "journal.jsonl"}


def journal_of(cwd: Path) -> list[str]:
    journal = cwd / "certs/journal.jsonl"
    return journal.read_text().splitlines() if journal.exists() else []


def assert_old_or_new(act: str, before: Tree, told: list[str], cwd: Path) -> bool:
    """Doctor, and see that it is one or the other, down to the journal; tell whether it is new."""
    folder = Folder(cwd / "certs")
    if (folder.path / "live").exists():
        check_server_pair(folder.server, folder.server_key, now=datetime.now(UTC))
    run_certs("doctor", cwd=cwd)
    assert not list(cwd.glob("certs/.*")), "the doctor clears what a killed command left"
    added = [line for line in journal_of(cwd)[len(told) :] if "mended by doctor" not in line]
    assert len(set(added)) == len(added), "no act is told twice"
    if without_journal(cwd) == before or not folder.ca.exists():
        assert not added, "of what was not done nothing is told"
        return False
    assert any(f'"act":"{act}"' in line for line in added), "what was done is told"
    standing = examine(folder, datetime.now(UTC))
    assert standing.problems == ()
    if "server" in act:
        server = next(each for each in standing.facts if each.role == "server")
        assert server.sha256 in "".join(added), "the certificate is the one told of"
    return True


def calls_of(verb: str, begun: Path, cwd: Path) -> list[tuple[str, int]]:
    """Return the system calls of a verb that is not killed, which does what it is to do."""
    words, act = VERBS[verb]
    calls = find_calls(words, prepare(verb, begun, cwd))
    assert any(f'"act":"{act}"' in line for line in journal_of(cwd))
    return calls


def kill_at_random(begun: Path, tmp_path: Path, times: int) -> None:
    chance = random.Random(0)
    calls = [(verb, *call) for verb in VERBS for call in calls_of(verb, begun, tmp_path / verb)]
    ended = set()
    for at, (verb, name, nth) in enumerate(chance.sample(calls, min(times, len(calls)))):
        cwd = prepare(verb, begun, tmp_path / str(at))
        before, told = without_journal(cwd), journal_of(cwd)
        kill = f"inject={name}:signal=KILL:when={nth}"
        code = strace(
            "-o", os.devnull, "-e", f"trace={name}", "-e", kill, words=VERBS[verb][0], cwd=cwd
        )
        assert code == -signal.SIGKILL
        ended.add(assert_old_or_new(VERBS[verb][1], before, told, cwd))
        shutil.rmtree(cwd)
    assert ended == {False, True}, "kills before and after the moment that decides"


@pytest.mark.needs("strace")
def test_killed_at_random_the_tree_is_old_or_new(begun: Path, tmp_path: Path) -> None:
    """ "the tree is always either the old or the new state and `doctor` mends the rest"."""
    kill_at_random(begun, tmp_path, KILLS)


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.needs("strace")
def test_killed_at_200_random_points(begun: Path, tmp_path: Path) -> None:
    """ "Kill -9 at 200 random points of `init`/`renew`/`revoke`"."""
    kill_at_random(begun, tmp_path, KILLS_LONG)
