"""Judges in Python environments of their own: what they depend on may clash with ours."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

import pytest


def environment_of(request: pytest.FixtureRequest, requirement: str) -> Path:
    """Return the folder of programs of a requirement (`sslyze==6.3.1`), installed once.

    Where it cannot be had the test is left out by name; with CI=true it fails.
    """
    assert request.config.cache
    home = request.config.cache.mkdir(requirement.replace("==", "-"))
    with (home / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # several workers, one environment
        if not (home / "complete").exists():
            subprocess.run([sys.executable, "-m", "venv", str(home)], check=True, timeout=100)
            pip = (str(home / "bin/pip"), "install", "-q", requirement)
            if subprocess.run(pip, check=False, capture_output=True, timeout=200).returncode:
                leave_out(request, requirement)
            (home / "complete").touch()
    return home / "bin"


def leave_out(request: pytest.FixtureRequest, program: str) -> None:
    """Do as the marker `needs` does, for what is not a program on the PATH."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"needs {program}: not to be had, and with CI=true nothing is left out")
    skip_by_name(request, program)


def skip_by_name(request: pytest.FixtureRequest, program: str) -> NoReturn:
    """Leave a test out, with CI=true too, for what no script of ours can install."""
    request.node.user_properties.append(("wanted program", program))
    pytest.skip(f"needs {program}")
