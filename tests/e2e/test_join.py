"""One link brings a person in: the programs as they are, on two machines where we may make them."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import MakeTerminal
from tests.e2e.machines import Machine, one_machine, two_machines
from tests.e2e.programs import Program, located, run, until

OWN_REFUSED, REFUSED = 16, 26


class Chat:
    """A server on one machine, and the machine of who is to come in."""

    def __init__(self, machines: list[Machine], port: int) -> None:
        self.server, self.laptop = machines
        self.port = port
        made = self.server.run("xchat-certs", "init")
        assert made.returncode == 0, made.stderr
        self.running = self.serve()

    @property
    def place(self) -> str:
        return f"{self.server.address}:{self.port}"

    def serve(self, *prefix: str) -> Program:
        """Start the server; return it when it listens."""
        words = (*prefix, located("xchat-server"), "--port", str(self.port))
        program = self.server.start(*words)
        listening = r'"event": "listening", "host": "::", "port": (\d+)'
        found = until(lambda: re.search(listening, program.errors), "the server listens")
        self.port = int(found[1])
        return program

    def stop(self) -> None:
        """End the server, and what it was started with."""
        self.running.running.terminate()
        self.running.wait(seconds=20)

    def ask(self, *words: str) -> list[dict[str, Any]]:
        """Return what the operator is told."""
        told = self.server.run("xchat-admin", *words, "--json")
        rows: list[dict[str, Any]] = json.loads(told.stdout)
        return rows

    def invite(self, name: str = "anna", *words: str) -> str:
        """Return a link."""
        where = () if self.server.prefix else ("--host", "localhost")
        done = self.server.run("xchat-admin", "invite", "add", name, *where, *words)
        assert done.returncode == 0, done.stderr
        found = re.search(r"xchat://\S+", done.stdout)
        assert found, done.stdout
        return found[0]


@pytest.fixture(params=["one machine", "two machines"])
def chat(request: pytest.FixtureRequest, tmp_path: Path, closing: ExitStack) -> Iterator[Chat]:
    """A server that runs, and a laptop that has heard nothing of it."""
    if request.param == "one machine":
        yield Chat(one_machine(tmp_path, closing), 0)
        return
    with ExitStack() as stack:
        try:
            machines = stack.enter_context(two_machines(tmp_path, closing))
        except (PermissionError, FileNotFoundError) as error:
            pytest.skip(f"no network of our own may be made here: {error}")
        yield Chat(machines, 8080)
        closing.close()  # what runs in the networks, before they go


def test_a_laptop_is_talking_by_one_link_and_then_alone(chat: Chat) -> None:
    """ "makes a key that never leaves the device, redeems the token once, stores certificate and
    profile, and is talking; from then on `xchat-client` alone is enough" """
    link = chat.invite()
    assert link.startswith(f"xchat://{chat.place}/?ca=")
    anna = chat.laptop.start("xchat-client", "join", link)
    anna.wait_for("you joined #lobby")
    assert f"{chat.place} is the server that the link means" in anna.output
    assert "You are now logged in as anna" in anna.output
    anna.type("hello from the laptop")
    anna.wait_for("anna: hello from the laptop")
    assert [row["name"] for row in chat.ask("user", "list")] == ["anna"]
    here = chat.ask("session", "list")
    assert [(row["nick"], row["account"]) for row in here if row["nick"]] == [("anna", "anna")]
    anna.type("/exit")
    assert anna.wait() == 0, anna.errors
    again = chat.laptop.run("xchat-client", stdin="and again\n")
    assert again.returncode == 0, again.stderr
    assert re.search(r"anna: hello from the laptop\n(?s:.*)anna: and again\n", again.stdout)
    sent = chat.laptop.run("xchat-client", "send", chat.place, "#lobby", "by a script")
    assert sent.returncode == 0, sent.stderr
    nobody_keeps_what_is_not_theirs(chat, link)


def nobody_keeps_what_is_not_theirs(chat: Chat, link: str) -> None:
    token = link.partition("&t=")[2].encode()
    assert not any(token in data for data in chat.laptop.files())
    assert not any(token in data for data in chat.server.files() if b"xchat://" not in data)
    (device,) = (chat.laptop.home / ".config/xchat/servers").glob("*/device.pem")
    key = re.findall(rb"PRIVATE KEY-----\n(.+)\n", device.read_bytes())[0]
    assert any(key in data for data in chat.laptop.files())
    assert not any(key in data for data in chat.server.files())


def test_a_link_works_once_and_for_who_used_it_again(chat: Chat) -> None:
    link = chat.invite()
    first = chat.laptop.run("xchat-client", "join", link, stdin="hi\n")
    assert first.returncode == 0, first.stderr
    again = chat.laptop.run("xchat-client", "join", link, stdin="hi again\n")
    assert (again.returncode, "by this link already" in again.stdout) == (0, True)
    thief = chat.server.run("xchat-client", "join", link)
    assert thief.returncode == REFUSED
    assert "The invite was used already" in thief.stderr
    assert "xchat-certs invite NAME" in thief.stderr


def test_a_device_is_called_as_its_host_or_as_it_is_told(chat: Chat) -> None:
    named = chat.laptop.run("xchat-client", "join", chat.invite("bea"), "--device", "tablet")
    assert "this device is bea's “tablet” there" in named.stdout, named.stderr
    if chat.laptop.prefix:
        joined = chat.laptop.run("xchat-client", "join", chat.invite())
        assert "this device is anna's “laptop” there" in joined.stdout
    refused = chat.laptop.run("xchat-client", "join", chat.invite("zoe"), "--device", "a/b")
    assert refused.returncode == REFUSED
    assert "--device NAME" in refused.stderr


def test_each_link_is_another_person_on_the_same_laptop(chat: Chat) -> None:
    for name in ("anna", "ნინო"):
        done = chat.laptop.run("xchat-client", "join", chat.invite(name), stdin=f"I am {name}\n")
        assert f" {name}: I am {name}" in done.stdout, done.stderr
    alone = chat.laptop.run("xchat-client", stdin="\n")
    assert "connected to XChat as ნინო" in alone.stdout
    anna = chat.laptop.run("xchat-client", f"anna@{chat.place}", stdin="\n")
    assert "You are now logged in as anna" in anna.stdout


@pytest.mark.parametrize("chat", ["one machine"], indirect=True)
def test_a_device_that_was_revoked_is_told_so_and_what_to_do(chat: Chat) -> None:
    """Open, it is parted with; alone, it is refused; a new link brings it in again."""
    chat.laptop.run("xchat-client", "join", chat.invite(), "--device", "laptop")
    anna = chat.laptop.start("xchat-client")
    anna.wait_for("you joined #lobby")
    revoked = chat.server.run("xchat-certs", "device", "revoke", "anna", "laptop")
    assert revoked.returncode == 0, revoked.stderr
    assert anna.wait(seconds=20) == OWN_REFUSED, anna.output + anna.errors
    again = chat.laptop.run("xchat-client", stdin="hello?\n")
    assert again.returncode == OWN_REFUSED, again.stdout
    for said in (anna.errors, again.stderr):
        assert "refused our own certificate: it was revoked" in said
        assert "xchat-client join 'LINK'" in said
    back = chat.laptop.run("xchat-client", "join", chat.invite(), stdin="here again\n")
    assert " anna: here again\n" in back.stdout, back.stderr


@pytest.mark.needs("tmux")
@pytest.mark.parametrize("chat", ["one machine"], indirect=True)
def test_a_link_may_be_typed_where_an_address_is_asked_for(
    chat: Chat, make_terminal: MakeTerminal
) -> None:
    """Who has a link and has heard of `xchat-client` needs to know no more."""
    terminal = make_terminal()
    terminal.run([located("xchat-client")], chat.laptop.environment)
    terminal.wait("or your link")
    terminal.type(chat.invite())
    terminal.wait("you joined #lobby")


@pytest.mark.needs("faketime")
@pytest.mark.parametrize("chat", ["one machine"], indirect=True)
def test_the_days_of_a_device(chat: Chat) -> None:
    """Bar 14: "faketime to day 59, 61, 89, 91 ... client say the right thing"

    Of two copies of a laptop one is used on day 61 and one is not.
    """
    chat.laptop.run("xchat-client", "join", chat.invite(), stdin="day 0\n")
    unused = one_more(chat.laptop)
    said = {}
    for day in (59, 61, 89, 91):
        chat.stop()
        clock = in_days(day)
        chat.server.run(*clock, located("xchat-certs"), "renew")
        chat.running = chat.serve(*clock)
        said[day] = chat.laptop.run(*clock, located("xchat-client"), stdin=f"day {day}\n")
        assert f" anna: day {day}\n" in said[day].stdout, said[day].stderr
    told = {day: "this device's certificate was renewed" in said[day].stdout for day in said}
    assert told == {59: False, 61: True, 89: False, 91: False}
    late = unused.run(*clock, located("xchat-client"), stdin="too late\n")
    assert late.returncode == OWN_REFUSED
    assert "! this device's certificate ended on 20" in late.stdout
    assert "refused our own certificate: it has expired\n" in late.stderr
    assert "a new link (xchat-certs invite NAME)" in late.stderr


def in_days(days: int) -> tuple[str, ...]:
    """Return what runs a program so many days later; in its place, so that it can be ended."""
    told = run("faketime", "-f", f"+{days}d", "env").stdout
    return ("env", *re.findall("^(?:LD_PRELOAD|FAKETIME)=.*$", told, re.MULTILINE))


def one_more(machine: Machine) -> Machine:
    """Return a copy of a machine as it is now."""
    home = machine.home.with_name("copy")
    shutil.copytree(machine.home, home)
    for file in (home / ".config").rglob("client.toml"):
        file.write_text(file.read_text().replace(str(machine.home), str(home)))
    return Machine("copy", home, machine.closing)
