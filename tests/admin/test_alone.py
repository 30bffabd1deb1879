"""Where no server runs, or another's: what is done on the store itself, and what to do next."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.admin.conftest import Hand
from tests.e2e.programs import Server, run
from xchat.store.folder import open_folder

MakeServer = Callable[..., Server]


@pytest.mark.parametrize("words", [("status",), ("session", "list"), ("broadcast", "x")])
def test_what_needs_a_server_says_how_to_start_it(hand: Hand, words: tuple[str, ...]) -> None:
    hand.json("user", "add", "ana", "--generate")
    failure = hand.fails(*words)
    assert failure["exit_code"] == 5
    assert f"xchat-server --data {hand.data}" in failure["mend"]


def test_only_a_first_account_makes_a_store(hand: Hand) -> None:
    """A folder that was mistyped is told, and stays as it is."""
    for words in (("user", "list"), ("ban", "add", "mask", "x"), ("audit",)):
        failure = hand.fails(*words)
        assert failure["exit_code"] == 5
        assert "--data FOLDER" in failure["mend"]
    assert not hand.data.exists()
    hand.json("user", "add", "ana", "--generate")
    assert hand.data.stat().st_mode & 0o777 == 0o700


def test_what_was_done_alone_is_recorded_too(hand: Hand) -> None:
    hand.json("user", "add", "ana", "--generate")
    hand.json("ban", "add", "address", "192.0.2.0/24", "--for", "2w")
    assert [row["act"] for row in hand.json("audit")] == ["user add", "ban add"]


def test_who_holds_the_folder_and_does_not_answer_is_named(hand: Hand) -> None:
    hand.data.mkdir(mode=0o700)
    lock = open_folder(hand.data)
    failure = hand.fails("user", "add", "ana", "--generate")
    lock.close()
    assert failure["exit_code"] == 5
    assert f"pid {os.getpid()}" in failure["error"]


def test_a_folder_that_others_can_enter_is_refused(hand: Hand) -> None:
    hand.data.mkdir(mode=0o755)
    hand.data.chmod(0o755)
    failure = hand.fails("user", "add", "ana", "--generate")
    assert "others on this machine can enter it" in failure["error"]


def test_a_file_is_no_folder(hand: Hand) -> None:
    hand.data.write_text("")
    failure = hand.fails("user", "add", "ana", "--generate")
    assert "is a file, not a folder" in failure["error"]


# All is read before: nobody may not look into the folder of a Python that is root's.
AS_NOBODY = """
import encodings.idna, importlib, os, pkgutil, xchat.admin
for module in pkgutil.iter_modules(xchat.admin.__path__, "xchat.admin."):
    importlib.import_module(module.name)
from xchat.admin.cli import main
os.setgid(65534)
os.setuid(65534)
main()
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="needs to be root, to become somebody else")
def test_another_user_is_told_whose_it_is(
    hand: Hand, make_server: MakeServer, tmp_path: Path
) -> None:
    make_server()
    for folder in (tmp_path, *tmp_path.parents):
        if folder != Path("/tmp") and Path("/tmp") in folder.parents:
            folder.chmod(0o755)
    done = run(sys.executable, "-c", AS_NOBODY, "--data", hand.data, "status")
    assert done.returncode == 6, done.stderr
    assert "Traceback" not in done.stderr


def test_the_words_of_a_command_line_are_explained(hand: Hand) -> None:
    for words, code in (((), 2), (("--help",), 0), (("user", "cert", "--help"), 0), (("x",), 2)):
        assert hand.run(*words)[0] == code
    _, out, _ = hand.run("ban", "add", "--help")
    assert "With --json" in out
    assert "until" in out


def test_a_password_is_never_taken_from_the_command_line(hand: Hand) -> None:
    """Everyone on this machine can read that."""
    assert hand.run("user", "add", "ana", "--password", "x")[0] == 2
    assert hand.run("user", "add", "ana", "secret")[0] == 2


def test_nothing_that_is_stored_acts_on_a_terminal(hand: Hand) -> None:
    hand.json("user", "add", "ana", "--generate")
    hand.json("user", "suspend", "ana", "--reason", "\x1b]0;x\x07 \u202e\u200b\x9b31m evil")
    for words in (("user", "list"), ("user", "list", "--json"), ("audit",), ("audit", "--json")):
        _, out, _ = hand.run(*words)
        assert "evil" in out
        assert all(char.isprintable() or char == "\n" for char in out)
