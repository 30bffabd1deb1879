"""`xchat-certs`: what a stranger meets first."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.pki.conftest import run_certs
from xchat import __version__
from xchat.pki.cli import main

VERBS = ("init", "show", "status", "verify")


@pytest.mark.parametrize("words", [["--help"], ["--version"], *([verb, "-h"] for verb in VERBS)])
def test_help_and_version_come_at_once(words: list[str], tmp_path: Path) -> None:
    """Within 300 ms; ten times that here, and `cryptography` is not even imported."""
    start = time.monotonic()
    assert run_certs(*words, cwd=tmp_path).code == 0
    assert time.monotonic() - start < 3
    code = (
        "import sys; from xchat.pki.cli import main\n"
        f"main({words!r}, standalone_mode=False)\n"
        "sys.exit('cryptography' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=20).returncode == 0


def test_help_tells_verbs_and_exit_codes(tmp_path: Path) -> None:
    said = run_certs("--help", cwd=tmp_path).out
    assert all(verb in said for verb in VERBS)
    assert "Exit codes: 0 well" in said


def test_version(tmp_path: Path) -> None:
    assert run_certs("--version", cwd=tmp_path).out == f"xchat-certs {__version__}\n"


def test_the_entry_point_is_callable_without_arguments() -> None:
    with pytest.raises(SystemExit):
        main(["--version"])


@pytest.mark.parametrize("words", [["unknown"], ["verify"], ["show", "a", "b"]])
def test_wrong_use_is_exit_2(words: list[str], tmp_path: Path) -> None:
    ended = run_certs(*words, cwd=tmp_path)
    assert ended.code == 2
    assert "Traceback" not in ended.err
