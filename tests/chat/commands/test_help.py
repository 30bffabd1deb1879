"""HELP and HELPOP (modern.ircdocs.horse, HELP message); the table, HELP and the handlers agree."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.chat.pair import Server
from xchat.chat.commands.table import COMMANDS
from xchat.chat.modes import USER_MODES

HERE = Path(__file__).parent


@pytest.mark.parametrize("command", ["HELP", "HELPOP"])
def test_the_list_of_commands(server: Server, command: str) -> None:
    """Reply with a single RPL_HELPSTART message, then arbitrarily many RPL_HELPTXT messages, then a
    single RPL_ENDOFHELP. The first RPL_HELPTXT message SHOULD be empty.
    """
    start, empty, *texts, end = server.client("alice").ask(command)
    assert start.startswith("704 alice * :")
    assert empty == "705 alice * :"
    assert end == "706 alice * :End of /HELP"
    words = " ".join(text.removeprefix("705 alice * ").lstrip(":") for text in texts).split()
    assert words == sorted(COMMANDS)


def test_modes_tells_what_each_is(server: Server) -> None:
    """RPL_HELPTXT (705): "<client> <subject> :<line of help text>"; each mode of RPL_MYINFO."""
    alice = server.client("alice")
    told = [line.removeprefix("705 alice MODES ").lstrip(":") for line in alice.ask("HELP modes")]
    letters = {line[1] for line in told if line.startswith("+")}
    assert letters == set("CEIMRUabehiklmnoqstuv") | set(USER_MODES)
    of_a_user = told[told.index("Of a user, by MODE <your nick>:") :]
    assert f"+i         {USER_MODES['i']}" in of_a_user


def test_an_unknown_subject(server: Server) -> None:
    """ERR_HELPNOTFOUND (524): "<client> <subject> :No help available on this topic"."""
    alice = server.client("alice")
    assert alice.ask("HELP nosuch") == ["524 alice NOSUCH :No help available on this topic"]
    assert alice.ask("HELP :unknown subject") == ["524 alice * :No help available on this topic"]


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_each_command_has_its_help(server: Server, name: str) -> None:
    command = COMMANDS[name]
    assert command.name == name
    start, _, about, end = server.client("alice").read(f"HELP {name.lower()}")
    assert (start.command, about.command, end.command) == ("704", "705", "706")
    assert start.params[1:] == (name, f"{name} {command.usage}".strip())
    assert about.params[1:] == (name, command.about)
    assert command.about.endswith(".")


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_each_handler_says_which_command_it_is(name: str) -> None:
    """CAP hands on to its subcommands, HELPOP is HELP by its older name."""
    said = COMMANDS[name].handler.__doc__ or ""
    assert re.match(rf"{name}\b", said) or name in ("CAP", "HELPOP", "NS", "CS"), said


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_a_command_with_too_little_says_so(server: Server, name: str) -> None:
    """ERR_NEEDMOREPARAMS (461): "<client> <command> :Not enough parameters", and needs no more than
    its help shows as required.
    """
    command = COMMANDS[name]
    required = re.findall(r"<[^>]*>|LS \||0 \*", re.sub(r"\[[^\]]*\]|\{[^}]*\}", "", command.usage))
    if command.params_min:
        few = " ".join(["x"] * (command.params_min - 1))
        assert server.client("alice").ask(f"{name} {few}")[-1].startswith("46")
    assert bool(required) >= bool(command.params_min)


def test_each_command_is_sent_by_a_test() -> None:
    tests = "".join(path.read_text() for path in HERE.parent.glob("c*/test_*.py"))
    missing = [name for name in COMMANDS if not re.search(rf"[\"(' ]{name}\b", tests)]
    assert missing == []


def test_unknown_commands(server: Server) -> None:
    """ERR_UNKNOWNCOMMAND (421): "<client> <command> :Unknown command"."""
    alice = server.client("alice")
    assert alice.ask("nosuch a b") == ["421 alice NOSUCH :Unknown command"]
    assert alice.ask(f"{'X' * 100}") == [f"421 alice {'X' * 32} :Unknown command"]
