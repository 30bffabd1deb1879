"""What a person sees at a real terminal: asked where and who, and never a cursor addressed."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pyte
import pytest
import trustme

from tests.client.impostors import Impostor, saying, server_context
from tests.client.test_hostile import lines
from tests.e2e.programs import Server, located, run

WAIT_SECONDS = 20.0


class Screen:
    """A program on a terminal of its own; `raw` is every byte that it wrote."""

    def __init__(self, *argv: str, cwd: Path) -> None:
        self._ours, theirs = pty.openpty()
        self.raw = b""
        self.process = subprocess.Popen(
            [located(argv[0]), *argv[1:]], stdin=theirs, stdout=theirs, stderr=theirs, cwd=cwd,
            start_new_session=True,
        )  # fmt: skip
        os.close(theirs)

    @property
    def text(self) -> str:
        return self.raw.decode(errors="replace").replace("\r\n", "\n")

    def type(self, line: str) -> None:
        os.write(self._ours, f"{line}\n".encode())

    def wait_for(self, pattern: str) -> None:
        """Read until `pattern` is there."""
        deadline = time.monotonic() + WAIT_SECONDS
        while not re.search(pattern, self.text):
            left = deadline - time.monotonic()
            if left < 0 or not self._read(left):
                raise AssertionError(f"{pattern!r} was not shown:\n{self.text}")

    def end(self) -> int:
        """Read to the end; return the exit code."""
        while self._read(WAIT_SECONDS):
            pass
        return self.process.wait(WAIT_SECONDS)

    def _read(self, seconds: float) -> bool:
        if not select.select([self._ours], [], [], seconds)[0]:
            return False
        try:
            data = os.read(self._ours, 65_536)
        except OSError:  # the other side of a pty is closed
            return False
        self.raw += data
        return bool(data)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(WAIT_SECONDS)
        os.close(self._ours)


@pytest.fixture
def screen(tmp_path: Path, closing: ExitStack) -> Callable[..., Screen]:
    """Open terminals."""

    def make(*argv: str) -> Screen:
        made = Screen("xchat-client", *argv, cwd=tmp_path)
        closing.callback(made.close)
        return made

    return make


def test_asks_where_and_who_and_remembers_it(server: Server, screen: Callable[..., Screen]) -> None:
    """As the first chat did: host, then nickname; the second time it asks nothing."""
    first = screen("--ca", str(server.ca))
    first.wait_for("server .*: $")
    first.type("")
    first.wait_for("(?s)server .*: .*server .*: $")
    first.type(f"localhost:{server.port}")
    first.wait_for(r"nickname \[.*\]: $")
    first.type("ana")
    first.wait_for("you joined #lobby")
    first.type("/exit")
    assert first.end() == 0
    second = screen()
    second.wait_for(f"trusting {server.ca}")
    second.wait_for("connected to .* as ana")
    second.wait_for("you joined #lobby")
    second.type("/exit")
    assert second.end() == 0


def test_asks_for_another_nick_where_one_is_taken(
    server: Server, screen: Callable[..., Screen]
) -> None:
    address = f"ana@localhost:{server.port}"
    one = screen("--ca", str(server.ca), address, "#lobby")
    one.wait_for("you joined #lobby")
    other = screen("--ca", str(server.ca), address, "#lobby")
    other.wait_for("the nickname ana is in use")
    other.wait_for("in use\nanother nickname: $")
    other.type("e k a")
    other.wait_for("cannot be a nickname: A name cannot hold a space\nanother nickname: $")
    other.type("eka")
    other.wait_for("you joined #lobby")
    other.type("/exit")
    assert other.end() == 0


def test_never_addresses_the_cursor(server: Server, screen: Callable[..., Screen]) -> None:
    ana = screen("--ca", str(server.ca), f"ana@localhost:{server.port}", "#lobby")
    ana.wait_for("you joined #lobby")
    run("xchat-client", "send", "--ca", server.ca, f"gio@localhost:{server.port}", "#lobby",
        "\x1b[2J\x1b]52;c;x\x07 \x9b \u202e ა 👨‍👩‍👧")  # fmt: skip
    ana.wait_for("gio: .*👨‍👩‍👧")
    ana.type("/help")
    ana.wait_for("/x")
    ana.type("/exit")
    assert ana.end() == 0
    assert not re.search("[\x00-\x09\x0b\x0c\x0e-\x1f\x7f-\x9f\u202e]", ana.text)
    stage = pyte.Screen(80, 60)
    pyte.Stream(stage).feed(ana.raw.decode())
    assert stage.display[0].startswith("trusting ")


def test_ctrl_c_leaves_politely(server: Server, screen: Callable[..., Screen]) -> None:
    ana = screen("--ca", str(server.ca), f"ana@localhost:{server.port}", "#lobby")
    ana.wait_for("you joined #lobby")
    ana.process.send_signal(signal.SIGINT)
    assert ana.end() == 0
    assert "Traceback" not in ana.text


def test_ctrl_c_while_connecting_ends_at_once(
    screen: Callable[..., Screen], ca: Path, impostor: Callable[..., object]
) -> None:
    mute = impostor(None)
    ana = screen("--ca", str(ca), f"ana@localhost:{mute.port}", "#lobby")  # type: ignore[attr-defined]
    ana.wait_for("trusting")
    ana.process.send_signal(signal.SIGINT)
    assert ana.end() == 130
    assert "Traceback" not in ana.text


def test_says_that_the_server_is_away_and_keeps_what_is_typed(
    server: Server, screen: Callable[..., Screen]
) -> None:
    ana = screen("--ca", str(server.ca), f"ana@localhost:{server.port}", "#lobby")
    ana.wait_for("in #lobby ")
    server.kill()
    ana.wait_for("the connection is gone")
    ana.type("typed while away")
    ana.wait_for("kept here until the connection is back")
    ana.type("/topic")
    ana.wait_for("! there is no connection now")
    ana.type("/nick anna")
    ana.wait_for("you will be anna once the connection is back")
    server.start()
    ana.wait_for("connected again")
    ana.wait_for("ana: typed while away")
    ana.wait_for("you are anna now")
    ana.type("/exit")
    assert ana.end() == 0


def test_a_hostile_server_does_not_reach_the_terminal(
    authority: trustme.CA, ca: Path, impostor: Callable[..., Impostor],
    screen: Callable[..., Screen],
) -> None:  # fmt: skip
    """P18, P19: of what is written, no byte from the network acts; and it goes on."""
    poison = "\x1b[2J\x1b]0;t\x07\x9b31m\u202e\x7f"
    nonsense = [line.replace("ana", f"ana{poison}") for line in lines(7, 3_000)]
    welcome = [":s 001 ana :Hi", ":s 422 ana :-", ":ana!u@h JOIN #lobby", ":s 366 ana #lobby :-"]
    flood = [line for line in nonsense if not line.rpartition(" ")[0].endswith("ERROR")]
    flood = [line for line in flood if "ERROR" not in line and "46" not in line]
    end = f":gio{poison}!u@h PRIVMSG #lobby :the end{poison}"
    context = server_context(authority.issue_cert("localhost"))
    server = impostor(context, saying(*welcome, *flood, end))
    ana = screen("--ca", str(ca), f"ana@localhost:{server.port}", "#lobby")
    ana.wait_for("the end")
    assert not re.search("[\x00-\x09\x0b\x0c\x0e-\x1f\x7f-\x9f\u202e]", ana.text)
    assert "Traceback" not in ana.text


def test_a_ca_that_is_missing_is_said_before_the_nick_is_asked(
    screen: Callable[..., Screen],
) -> None:
    ana = screen()
    ana.wait_for("server .*: $")
    ana.type("localhost")
    assert ana.end() == 3
    assert "certs/ca.pem: No such file" in ana.text
    assert "nickname" not in ana.text
