"""`certs/README.md`: what it says can be typed, and does what it says."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from tests.pki.conftest import run_certs
from tests.pki.test_show import serving
from xchat.pki.disk.folder import Folder
from xchat.pki.facts import names_of, read_chain

README = (Path(__file__).parents[2] / "certs/README.md").read_text()
COMMANDS = re.findall(r"^    xchat-certs (.+?)(?:  +|   … ).*$", README, re.MULTILINE)
PLACE = "chat.lan:8080"


def test_every_command_can_be_typed_in_this_order(tmp_path: Path) -> None:
    assert len(COMMANDS) == README.count("\n    xchat-certs ") > 10
    for command in COMMANDS:
        if PLACE not in command:
            ended = run_certs(*shlex.split(command), cwd=tmp_path)
            assert (ended.code, ended.err) == (0, ""), command


def test_the_command_for_a_name_more_adds_it(tmp_path: Path) -> None:
    """ "`add-name chat.lan`: one name more, the old names stay, clients need nothing new"."""
    (command,) = (each for each in COMMANDS if "add-name" in each)
    run_certs("init", cwd=tmp_path)
    ca = (tmp_path / "certs/ca.pem").read_bytes()
    assert run_certs(*shlex.split(command), cwd=tmp_path).code == 0
    server = Folder(tmp_path / "certs").server
    assert "chat.lan" in names_of(read_chain(server.read_bytes(), server)[0])
    assert (tmp_path / "certs/ca.pem").read_bytes() == ca


def test_what_a_server_shows_can_be_compared_with_what_its_owner_sees(made: Folder) -> None:
    """ "compare its first SHA256 with what `xchat-certs show` prints there for live/server.pem"."""
    with serving(made) as port:
        seen = run_certs("show", f"127.0.0.1:{port}", cwd=made.path.parent).out
    there = run_certs("show", cwd=made.path.parent).out
    _, _, of_server = there.partition("certs/live/server.pem:")
    assert fingerprints(seen)[0] == fingerprints(of_server)[0]
    assert "Compare the first SHA256 with what its owner sees there: xchat-certs show" in seen


def fingerprints(text: str) -> list[list[str]]:
    return [each.split()[:2] for each in text.split("SHA256  ")[1:]]


def test_its_exit_codes_are_those_of_the_help(tmp_path: Path) -> None:
    told = re.findall(r"^\| (\d) \|", README, re.MULTILINE)
    help_ = run_certs("--help", cwd=tmp_path).out.partition("Exit codes:")[2]
    assert told == re.findall(r"\b(\d) [a-z]", help_)
