"""No verb leaves a key open to others, not even while it writes it, whatever the umask.

Each verb is run as its rows in tests/certs/cases.py have it.
"""

from __future__ import annotations

import os
import re
import shutil
import stat
import sys
from pathlib import Path

import pytest

from tests.certs.cases import ANSWERS, Answered
from tests.certs.test_answers import Run, do_first, run
from tests.pki.conftest import run as run_program
from tests.pki.conftest import tree

CERTS = (sys.executable, "-m", "xchat.certs.cli")
READ_ONLY = ("status", "verify", "show", "trust install", "trust uninstall")
KEY = b"PRIVATE KEY-----"
SYSTEM_CALLS = "open,openat,openat2,creat,chmod,fchmod,fchmodat,?fchmodat2,link,linkat,symlinkat"

WRITING = [case for case in ANSWERS if case.verb not in READ_ONLY and not case.code]

__all__ = ["run"]


def words_of(case: Answered) -> tuple[str, ...]:
    return (*case.verb.split(), *case.words)


def check_trace(log: str, cwd: Path) -> None:
    """Fail if a file was made open to others, or one with a key in it was opened to them."""
    with_key = {str(path) for path in cwd.rglob("*") if path.is_file() and KEY in path.read_bytes()}
    made = re.findall(r'open(?:at)?\((?:[^"]*, )?"([^"]+)", [^)]*O_CREAT[^)]*, (0\d+)\)', log)
    assert "creat(" not in log
    for name, mode in made:
        path = (cwd / name).resolve()
        if cwd / "certs" in path.parents or path.suffix in (".pem", ".p12"):
            assert mode == "0600", f"{name} was made with {mode}"
    for name, mode in re.findall(r'f?chmod(?:at2?)?\([^<"]*[<"]([^>"]+)[>"], (0\d+)', log):
        final = re.sub(r"/\.(staging|commit)/", "/", str((cwd / name).resolve()))
        if int(mode, 8) & 0o077:
            assert final not in with_key, f"{name} was opened to others: {mode}"


def trace(case: Answered, run: Run) -> None:
    do_first(run, case.first)
    cwd = Path.cwd()
    options = ("-f", "-y", "-o", "log", "-e", f"trace={SYSTEM_CALLS}")
    ended = run_program("strace", *options, *CERTS, *words_of(case), cwd=cwd, umask=0)
    assert ended.code == 0, ended.err
    check_trace((cwd / "log").read_text(), cwd)


@pytest.mark.needs("strace")
@pytest.mark.parametrize("case", WRITING, ids=lambda case: " ".join(words_of(case)))
def test_no_key_is_ever_open_wider_than_0600(case: Answered, run: Run) -> None:
    """ "`strace`: no key file is ever open with a mode wider than 0600"; umask 000."""
    trace(case, run)


@pytest.mark.needs("strace")
def test_the_trace_tells_an_open_key(run: Run) -> None:
    """The check above can fail."""
    cwd = Path.cwd()
    code = f"open('stolen.pem', 'wb').write(open('{cwd}/certs/issuer-key.pem', 'rb').read())"
    options = ("-f", "-y", "-o", "log", "-e", f"trace={SYSTEM_CALLS}")
    run_program("strace", *options, sys.executable, "-c", code, cwd=cwd, umask=0)
    with pytest.raises(AssertionError, match=r"stolen\.pem was made with 0666"):
        check_trace((cwd / "log").read_text(), cwd)


@pytest.mark.parametrize("case", WRITING, ids=lambda case: " ".join(words_of(case)))
def test_modes_are_the_same_whatever_the_umask(
    case: Answered, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ "umask 000 and 077: same modes"."""
    do_first(run, case.first)
    there = Path.cwd()
    seen = []
    for umask in (0o000, 0o077):
        cwd = tmp_path / f"umask-{umask:o}"
        cwd.mkdir(mode=0o755)
        for each in there.iterdir():
            if not each.name.startswith("umask-"):
                copy(each, cwd / each.name)
        monkeypatch.chdir(cwd)
        before = os.umask(umask)
        try:
            assert run(*words_of(case)).code == 0
        finally:
            os.umask(before)
        seen.append({re.sub(r"\d{8}T[\d.]+Z", "", n): m for n, (m, _) in tree(cwd).items()})
    assert seen[0] == seen[1]
    keys = [path for path in cwd.rglob("*") if path.is_file() and KEY in path.read_bytes()]
    assert keys
    assert {stat.S_IMODE(path.stat().st_mode) for path in keys} == {0o600}


def copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, symlinks=True)
    else:
        shutil.copy2(source, target)
