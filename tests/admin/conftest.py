"""`xchat-admin` itself, with a real server or with none."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.e2e.conftest import own_pki
from tests.e2e.programs import Pki, Server, run
from xchat.chat.admin.table import VERBS

__all__ = ["own_pki"]

CHEAP = (
    "accounts.argon2_memory_kib=8",
    "accounts.argon2_passes=1",
    "accounts.scram_iterations=4096",
    'limits.exempt=["127.0.0.0/8"]',
)


class Hand:
    """The program on one data folder: what it printed, and what it ended with."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.config = data.parent / "admin.toml"
        self.config.write_text(
            "[accounts]\nargon2_memory_kib = 8\nargon2_passes = 1\nscram_iterations = 4096\n"
        )

    def run(self, *words: str, stdin: str = "") -> tuple[int, str, str]:
        """Run it; return its exit code, its output and its errors."""
        options = ("--data", str(self.data), "--config", str(self.config))
        done = run("xchat-admin", *options, *words, stdin=stdin)
        assert "Traceback" not in done.stderr, done.stderr
        return done.returncode, done.stdout, done.stderr

    def json(self, *words: str, stdin: str = "") -> Any:
        """Return the answer of a verb that works."""
        code, out, err = self.run(*words, "--json", stdin=stdin)
        assert code == 0, out + err
        answer = json.loads(out)
        verb = max((name for name in VERBS if " ".join(words).startswith(name)), key=len)
        shape: Any = VERBS[verb].shape
        msgspec.convert(answer, list[shape] if VERBS[verb].lists else shape)
        return answer

    def fails(self, *words: str, stdin: str = "") -> dict[str, Any]:
        """Return how a verb fails; what is said as JSON is what it ends with."""
        code, out, _ = self.run(*words, "--json", stdin=stdin)
        failure: dict[str, Any] = json.loads(out)
        assert failure["exit_code"] == code != 0
        assert failure["error"]
        assert failure["mend"] is None or failure["mend"]
        return failure


@pytest.fixture
def hand(tmp_path: Path) -> Hand:
    return Hand(tmp_path / "data")


@pytest.fixture
def make_server(tmp_path: Path, own_pki: Pki) -> Iterator[Callable[..., Server]]:
    """Make a server on the hand's folder; words are settings."""
    with ExitStack() as stack:

        def make(*settings: str, pki: Pki = own_pki) -> Server:
            server = Server(tmp_path, pki, (*CHEAP, *settings))
            stack.callback(server.close)
            server.start()
            return server

        yield make
