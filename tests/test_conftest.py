"""What `tests/conftest.py` promises: nothing is left out in silence, and nothing with CI=true."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

MARKED = """
import pytest

@pytest.mark.needs("no-such-program", "sh")
def test_it(): pass

@pytest.mark.long
def test_long(): pass

def test_short(timing): timing("naps", 0.25)
"""


def run(folder: Path, *words: str, ci: str = "") -> subprocess.CompletedProcess[str]:
    """Run pytest on a file of marked tests with our conftest beside it."""
    shutil.copy(Path(__file__).with_name("conftest.py"), folder)
    (folder / "test_marked.py").write_text(MARKED)
    (folder / "pytest.ini").write_text("[pytest]\nmarkers = long\n  needs(program)\n")
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *words],
        cwd=folder, capture_output=True, text=True, check=False, timeout=60,
        env=os.environ | {"CI": ci},
    )  # fmt: skip


@pytest.mark.parametrize("workers", [[], ["-n", "2"]], ids=["alone", "by-two"])
def test_the_end_names_each_test_left_out_and_the_program(
    tmp_path: Path, workers: list[str]
) -> None:
    """ "where it may not, it ends by naming each test left out and the program it wanted" """
    done = run(tmp_path, *workers)
    assert done.returncode == 0
    assert "test_marked.py::test_it wanted no-such-program" in done.stdout
    assert "wanted sh" not in done.stdout
    assert "naps: 1, p50 250.0" in done.stdout


def test_with_ci_a_missing_program_is_a_failure(tmp_path: Path) -> None:
    """ "with CI=true a missing program is a failure" """
    done = run(tmp_path, ci="true")
    assert done.returncode == 1
    assert "needs no-such-program" in done.stdout
    assert "1 passed, 1 deselected, 1 error" in done.stdout


def test_long_runs_are_only_for_those_who_ask(tmp_path: Path) -> None:
    assert "1 deselected" in run(tmp_path).stdout
    assert "deselected" not in run(tmp_path, "--long").stdout
