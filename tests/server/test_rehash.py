"""OPER and REHASH with the real program, its file and its sockets."""

from __future__ import annotations

import socket
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import pytest

from tests.server.conftest import Pair
from tests.server.test_cli import PROGRAM, home, options, until_it_listens
from xchat.chat.passwords import hash_password

__all__ = ["home"]

HASH = hash_password("right", memory_kib=8, passes=1)
OPERATOR = f"[operators.root]\npassword_hash = '{HASH}'\n"


@pytest.fixture
def port(home: Path, pair: Pair) -> Iterator[int]:
    """The port of a server whose settings are in `xchat.toml`."""
    (home / "xchat.toml").write_text(OPERATOR)
    words = [str(PROGRAM), *options(pair, "--config", "xchat.toml")]
    with subprocess.Popen(
        words, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield int(list(until_it_listens(process))[-1]["port"])
        finally:
            process.kill()


def answer(lines: IO[str], *commands: str) -> str:
    """Return the first line that has one of these for its command."""
    return next(line.rstrip() for line in lines if line.split()[1] in commands)


def test_an_operator_has_the_file_read_again(home: Path, port: int, pair: Pair) -> None:
    """All of a file counts, or nothing of it; what cannot change while the server runs is named."""
    context = ssl.create_default_context()
    pair.ca.configure_trust(context)
    with (
        socket.create_connection(("127.0.0.1", port), timeout=20) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as sock,
        sock.makefile("rw", encoding="utf-8", newline="\r\n") as lines,
    ):

        def say(line: str) -> None:
            lines.write(f"{line}\n")
            lines.flush()

        say("NICK ana\nUSER ana 0 * :Ana\nOPER root wrong\nOPER root right")
        assert answer(lines, "491").endswith("this is not the password")
        assert answer(lines, "381").endswith(":You are now an IRC operator")
        (home / "xchat.toml").write_text("[server]\nmotd = ")
        say("REHASH")
        assert answer(lines, "382").endswith("xchat.toml Rehashing")
        assert "INVALID_CONFIGURATION: Nothing has changed: xchat.toml" in answer(lines, "400")
        wanted = f"{OPERATOR}[server]\nmotd = 'New here'\n[limits]\ntargets_max = 9\n"
        (home / "xchat.toml").write_text(wanted)
        say("REHASH\nMOTD")
        assert answer(lines, "NOTICE").endswith("with the next start only: limits.targets_max")
        assert answer(lines, "372").endswith(":- New here")
