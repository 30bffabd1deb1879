"""`xchat-certs lock` and `unlock`: the root's key with a passphrase, or without one."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from tests.pki.conftest import SECONDS_MAX, Ended, run, run_certs, tree
from xchat.pki.disk.folder import Folder
from xchat.pki.mint.keys import SCRYPT_N, SCRYPT_P, is_locked

PASSPHRASE = "ხუთი random words make it"
CERTS = (sys.executable, "-m", "xchat.certs.cli")
BY_FILE = ("--passphrase-file", "secret")


def certs(made: Folder, *words: str, secret: str = PASSPHRASE) -> Ended:
    """Run a verb above the folder, with a file that holds a passphrase."""
    file = made.path.parent / "secret"
    file.touch(mode=0o600)
    file.write_text(f"{secret}\r\nwhat comes after is a note\n")
    return run_certs(*words, cwd=made.path.parent)


@pytest.fixture
def shut(made: Folder) -> Folder:
    assert certs(made, "lock", *BY_FILE).code == 0
    return made


@pytest.mark.needs("openssl")
def test_the_locked_key_costs_what_the_bar_asks_and_openssl_opens_it(shut: Folder) -> None:
    """ "CA key: scrypt N·p ≥ 81,920; opens with `openssl pkey`"."""
    seen = run("openssl", "asn1parse", "-in", "root-key.pem", cwd=shut.path).out
    n, _r, p = (int(each, 16) for each in re.findall(r"INTEGER +:(\w+)", seen))
    assert (n, p) == (SCRYPT_N, SCRYPT_P)
    assert n * p >= 81_920
    words = ("openssl", "pkey", "-in", "root-key.pem", "-pubout", "-passin")
    (shut.path / "exact").write_text(PASSPHRASE)
    opened = run(*words, "file:exact", cwd=shut.path)
    root = run("openssl", "x509", "-in", "ca.pem", "-pubkey", "-noout", cwd=shut.path)
    assert (opened.code, opened.out) == (0, root.out)
    assert run(*words, "pass:wrong", cwd=shut.path).code != 0


def test_a_wrong_passphrase_is_one_clear_line_and_exit_6(shut: Folder) -> None:
    """ "wrong passphrase is one clear line, exit 6"."""
    before = tree(shut.path)
    ended = certs(shut, "unlock", *BY_FILE, secret="wrong")
    assert (ended.code, ended.out) == (6, "")
    what, mend = ended.err.splitlines()
    assert what == "xchat-certs: certs/root-key.pem does not open with this passphrase"
    assert mend.startswith("  Try again")
    assert "wrong" not in ended.err
    assert tree(shut.path) == before


@pytest.mark.parametrize("verb", ["lock", "unlock"])
def test_without_a_terminal_nothing_prompts(made: Folder, verb: str) -> None:
    """ "a daemon never prompts": it ends at once, though its output is a terminal."""
    if verb == "unlock":
        certs(made, "lock", *BY_FILE)
    master, slave = pty.openpty()
    try:
        ended = subprocess.run(
            (*CERTS, verb), cwd=made.path.parent, stdin=subprocess.DEVNULL, stdout=slave,
            stderr=slave, timeout=SECONDS_MAX, check=False, start_new_session=True,
        )  # fmt: skip
        said = os.read(master, 4096).decode()
    finally:
        os.close(master)
        os.close(slave)
    assert ended.returncode == {"lock": 2, "unlock": 6}[verb]
    assert "no terminal" in said
    assert "--passphrase-file" in said


def test_nothing_but_the_file_changes(made: Folder) -> None:
    """The same key, the same certificates, mode 0600; unlocked it is as before, byte by byte."""
    before = tree(made.path)
    assert certs(made, "lock", *BY_FILE).code == 0
    locked = tree(made.path)
    assert {name for name in before if before[name] != locked[name]} == {
        "journal.jsonl",
        "root-key.pem",
    }
    assert stat.S_IMODE(made.root_key.stat().st_mode) == 0o600
    assert certs(made, "unlock", *BY_FILE).code == 0
    assert {n: v for n, v in tree(made.path).items() if n != "journal.jsonl"} == {
        n: v for n, v in before.items() if n != "journal.jsonl"
    }
    lines = (made.path / "journal.jsonl").read_text().splitlines()[-2:]
    assert [json.loads(line)["act"] for line in lines] == ["root key locked", "root key unlocked"]
    assert PASSPHRASE not in (made.path / "journal.jsonl").read_text()


@pytest.mark.parametrize("verb", ["lock", "unlock"])
def test_done_twice_changes_nothing(made: Folder, verb: str) -> None:
    """Whatever passphrase is offered the second time: it is not even read."""
    if verb == "lock":
        certs(made, "lock", *BY_FILE)
    before = tree(made.path)
    ended = run_certs(verb, "--passphrase-file", "none", cwd=made.path.parent)
    assert ended.code == 0
    assert "nothing was changed" in ended.out
    assert tree(made.path) == before


def test_what_works_from_day_to_day_needs_no_passphrase(shut: Folder) -> None:
    for words in (("status",), ("show",), ("init", "--no-detect")):
        assert run_certs(*words, cwd=shut.path.parent).code == 0


def test_a_copy_in_a_backup_that_stays_open_is_named(made: Folder) -> None:
    copy = made.path / "backup-1/root-key.pem"
    copy.parent.mkdir()
    copy.write_bytes(made.root_key.read_bytes())
    said = certs(made, "lock", *BY_FILE).out
    assert "certs/backup-1/root-key.pem is a copy of this key that is not locked" in said
    assert "rm certs/backup-1/root-key.pem" in said


def test_both_keys_of_a_rotation_are_locked_together(made: Folder) -> None:
    made.next.path.mkdir()
    made.next.root_key.write_bytes(made.root_key.read_bytes())
    certs(made, "lock", *BY_FILE)
    assert is_locked(made.root_key.read_bytes())
    assert is_locked(made.next.root_key.read_bytes())
    certs(made, "unlock", *BY_FILE)
    assert not is_locked(made.next.root_key.read_bytes())


class Terminal:
    """A command on a terminal of its own, to which a person types."""

    def __init__(self, *words: str, cwd: Path) -> None:
        self.said = ""
        self.pid, self._terminal = pty.fork()
        if self.pid == 0:
            os.chdir(cwd)
            os.execv(sys.executable, (*CERTS, *words))

    def answer(self, question: str, text: str) -> None:
        """Wait until something is asked, and type a line."""
        self.read(until=question)
        os.write(self._terminal, f"{text}\n".encode())

    def read(self, *, until: str | None = None) -> None:
        """Read until some words came, or to the end."""
        end, start = time.monotonic() + SECONDS_MAX, len(self.said)
        while not (until and until in self.said[start:]):
            left = max(0.0, end - time.monotonic())
            assert select.select([self._terminal], [], [], left)[0], self.said
            try:
                self.said += os.read(self._terminal, 4096).decode()
            except OSError:  # Linux's way to say that nobody is left at the other end
                return

    def end(self) -> int:
        self.read()
        os.close(self._terminal)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def test_on_a_terminal_it_is_asked_twice_and_not_shown(made: Folder) -> None:
    typed = Terminal("lock", cwd=made.path.parent)
    typed.answer("Passphrase for the root's key:", "one slip")
    typed.answer("Repeat for confirmation:", "one silp")
    typed.answer("Passphrase for the root's key:", PASSPHRASE)
    typed.answer("Repeat for confirmation:", PASSPHRASE)
    assert typed.end() == 0, typed.said
    assert "do not match" in typed.said
    assert PASSPHRASE not in typed.said
    assert load_pem_private_key(made.root_key.read_bytes(), PASSPHRASE.encode())
    opening = Terminal("unlock", cwd=made.path.parent)
    opening.answer("Passphrase for certs/root-key.pem:", PASSPHRASE)
    assert opening.end() == 0, opening.said
    assert not is_locked(made.root_key.read_bytes())


def test_a_passphrase_that_others_can_read_is_refused(made: Folder) -> None:
    certs(made, "lock", "--help")
    (made.path.parent / "secret").chmod(0o644)
    ended = run_certs("lock", *BY_FILE, cwd=made.path.parent)
    assert ended.code == 2
    assert "chmod 600 secret" in ended.err
    assert not is_locked(made.root_key.read_bytes())


@pytest.mark.needs("strace")
@pytest.mark.parametrize("verb", ["lock", "unlock"])
def test_killed_at_any_rename_the_key_is_the_old_or_the_new(made: Folder, verb: str) -> None:
    """ "Killed anywhere, the tree is the old or the new"; the next command ends what began."""
    if verb == "unlock":
        certs(made, "lock", *BY_FILE)
    seen = set()
    for nth in (1, 2, 3):
        before = made.root_key.read_bytes()
        kill = ("strace", "-f", "-o", os.devnull, "-e", "trace=rename",
                "-e", f"inject=rename:signal=KILL:when={nth}")  # fmt: skip
        ended = run(*kill, *CERTS, verb, *BY_FILE, cwd=made.path.parent)
        seen.add(ended.code)
        assert load_pem_private_key(
            made.root_key.read_bytes(),
            PASSPHRASE.encode() if is_locked(made.root_key.read_bytes()) else None,
        )
        certs(made, "lock" if verb == "lock" else "unlock", *BY_FILE)
        assert is_locked(made.root_key.read_bytes()) is (verb == "lock")
        made.root_key.write_bytes(before)
    assert -signal.SIGKILL in seen


@pytest.mark.needs("strace")
def test_no_key_is_ever_wider_open_than_0600(made: Folder) -> None:
    certs(made, "lock", "--help")
    run("strace", "-f", "-o", "log", "-e", "trace=openat,fchmod", *CERTS, "lock", *BY_FILE,
        cwd=made.path.parent, umask=0)  # fmt: skip
    created = re.findall(r'"[^"]*certs/[^"]*", [^)]*O_CREAT[^)]*, (0\d+)\)',
                         (made.path.parent / "log").read_text())  # fmt: skip
    assert set(created) == {"0600"}
