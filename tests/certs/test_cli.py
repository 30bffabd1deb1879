"""`xchat-certs`: what a stranger meets first."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest

from tests.certs.test_answers import leaves
from tests.conftest import RecordTiming
from tests.pki.conftest import run, run_certs
from xchat import __version__
from xchat.certs.cli import main
from xchat.certs.command import Failure
from xchat.certs.table import VERBS as TABLE

VERBS = (*TABLE, *leaves())

HEAVY = ("cryptography", "ssl", "sqlite3", "selectors", "asyncio", "xchat.store")
"""What costs more to import than the rest of a help's start together."""
START_SECONDS_MAX = 3.0
"""Ten times the mark: "start-up time of each `--help` <= 300 ms"; it takes half of that alone."""


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["init", "-h"], ["trust", "-h"]])
def test_help_and_version_come_at_once(
    words: list[str], tmp_path: Path, timing: RecordTiming
) -> None:
    start = time.monotonic()
    assert run_certs(*words, cwd=tmp_path).code == 0
    took = time.monotonic() - start
    timing("a help", took)
    assert took < START_SECONDS_MAX


def test_no_help_imports_what_is_slow(tmp_path: Path) -> None:
    """One process asks each verb in turn, and tells after which something slow was there."""
    code = (
        "import sys; from xchat.certs.cli import main\n"
        f"for words in {[verb.split() for verb in VERBS]!r}:\n"
        "    main([*words, '--help'], standalone_mode=False)\n"
        f"    assert not sys.modules.keys() & set({HEAVY!r}), words\n"
    )
    ended = run(sys.executable, "-c", code, cwd=tmp_path)
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.count("Usage: ") == len(VERBS)


def test_help_tells_verbs_and_exit_codes(tmp_path: Path) -> None:
    said = run_certs("--help", cwd=tmp_path).out
    listed = re.findall(r"^  ([a-z-]+)  ", said.partition("Commands:")[2], re.MULTILINE)
    assert tuple(listed) == TABLE
    for code in range(7):
        assert re.search(rf"Exit codes:.*\b{code} [a-z]", said, re.DOTALL)
    assert "..." not in said.partition("Commands:")[2], "nothing is cut short"


def test_version(tmp_path: Path) -> None:
    assert run_certs("--version", cwd=tmp_path).out == f"xchat-certs {__version__}\n"


def test_the_entry_point_is_callable_without_arguments() -> None:
    with pytest.raises(SystemExit):
        main(["--version"])


@pytest.mark.parametrize("words", [["unknown"], ["verify"], ["show", "a", "b"]])
def test_wrong_use_is_exit_2(words: list[str], tmp_path: Path) -> None:
    ended = run_certs(*words, cwd=tmp_path)
    assert (ended.code, ended.out) == (2, "")
    what, mend = ended.err.splitlines()
    assert what.startswith("xchat-certs: ")
    assert mend in ("  xchat-certs --help", f"  xchat-certs {words[0]} --help")


def test_without_a_word_it_helps(tmp_path: Path) -> None:
    ended = run_certs(cwd=tmp_path)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err == run_certs("--help", cwd=tmp_path).out


@pytest.mark.parametrize(
    "words", [["show", "127.0.0.1:1"], ["verify", "none.pem"], ["status"], ["verify", "/dev/zero"]]
)
def test_an_error_is_the_programs_name_and_what_then_what_next(
    words: list[str], tmp_path: Path
) -> None:
    ended = run_certs(*words, cwd=tmp_path)
    what, mend = ended.err.splitlines()
    assert what.startswith("xchat-certs: ")
    assert mend.startswith("  ")
    told = msgspec.json.decode(run_certs(*words, "--json", cwd=tmp_path).out, type=Failure)
    assert what == f"xchat-certs: {told.error}"
    assert mend == f"  {told.mend}"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("words", [["init"], ["init", "--json"], ["--help"], ["status", "--json"]])
def test_an_output_that_takes_nothing_more_is_said_in_two_lines(
    words: list[str], tmp_path: Path
) -> None:
    certs = [sys.executable, "-m", "xchat.certs.cli", *words]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            certs, cwd=tmp_path, stdout=full, stderr=-1, text=True, check=False, timeout=20
        )
    what, mend = done.stderr.splitlines()
    assert what == "xchat-certs: the answer cannot be written: No space left on device"
    assert "xchat-certs status" in mend
    assert done.returncode == 1


def test_a_reader_who_has_seen_enough_is_no_error(tmp_path: Path) -> None:
    certs = [sys.executable, "-m", "xchat.certs.cli", "--help"]
    ours, theirs = os.pipe()
    os.close(ours)
    with open(theirs, "wb") as deaf:  # noqa: PTH123 - a descriptor has no path
        done = subprocess.run(certs, cwd=tmp_path, stdout=deaf, stderr=-1, check=False, timeout=20)
    assert (done.returncode, done.stderr) == (1, b"")


def test_a_group_without_a_verb_says_what_there_is_and_no_more(tmp_path: Path) -> None:
    ended = run_certs("device", cwd=tmp_path)
    assert (ended.out + ended.err).startswith("Usage: xchat-certs device ")
    assert "revoke" in (ended.out + ended.err).splitlines()[-1]
