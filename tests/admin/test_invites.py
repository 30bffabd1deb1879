"""xchat-admin invite: the link, once, where a server runs and where none does."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from collections.abc import Callable

import pytest

from tests.admin.conftest import Hand
from tests.e2e.programs import Pki, Server
from tests.pki.test_qr import picture, read_back
from xchat.pki.invite.invitation import parse_link

MakeServer = Callable[..., Server]


@pytest.fixture
def certified(hand: Hand, own_pki: Pki) -> Hand:
    """A hand that knows the certificates: where no server runs, they are its settings."""
    with hand.config.open("a") as file:
        file.write(f'[tls]\ncert = "{own_pki.certificate}"\nkey = "{own_pki.key}"\n')
    return hand


def test_where_a_server_runs_its_own_port_is_in_the_link(
    hand: Hand, make_server: MakeServer
) -> None:
    server = make_server()
    answer = hand.json(
        "invite", "add", "alice", "--uses", "2", "--expires", "2h", "--host", "localhost"
    )
    link = parse_link(answer["link"])
    assert (link.host, link.port, link.token.text) == ("localhost", server.port, answer["token"])
    (row,) = hand.json("invite", "list")
    assert (row["account"], row["left"], row["invite"]) == ("alice", 2, answer["invite"])
    said = str(server.journal)
    assert "invite add" in said
    assert answer["token"] not in said


def test_where_none_runs_it_is_made_on_the_store(certified: Hand, own_pki: Pki) -> None:
    """Works while the server runs and when it does not; before the first start, too."""
    answer = certified.json("invite", "add", "alice")
    assert parse_link(answer["link"]).port == 8080
    assert [row["account"] for row in certified.json("invite", "list")] == ["alice"]
    certified.json("invite", "withdraw", "alice")
    assert certified.json("invite", "list") == []


def test_what_a_person_is_told(certified: Hand) -> None:
    """The one command `xchat-client join 'LINK'`; a QR code on a terminal only."""
    code, out, _ = certified.run("invite", "alice", "--host", "localhost")
    assert code == 0
    link = re.search(r"^Link +(\S+)$", out, re.MULTILINE)
    assert link is not None
    assert out.splitlines()[-1] == f"Next: on their machine: xchat-client join '{link[1]}'"
    assert "▀" not in out
    _, out, _ = certified.run("invite", "alice", "--qr", "--host", "localhost")
    assert "▀" in out


@pytest.mark.needs("zbarimg")
def test_the_code_on_a_terminal_is_the_link(certified: Hand, tmp_path: object) -> None:
    """As text and as a QR code: another program reads the one as the other."""
    _, out, _ = certified.run("invite", "alice", "--qr", "--host", "localhost")
    link = re.search(r"^Link +(\S+)$", out, re.MULTILINE)
    assert link is not None
    lines = [line for line in out.splitlines() if set(line) <= set("█▀▄ ") and line]
    seen = read_back(certified.data.parent, picture(lines, dark_terminal=True))
    assert parse_link(seen) == parse_link(link[1])


@pytest.mark.parametrize(
    ("term", "words", "shown"),
    [("xterm-256color", (), True), ("xterm-256color", ("--no-qr",), False), ("dumb", (), False)],
)
def test_a_terminal_is_shown_the_code(
    certified: Hand, term: str, words: tuple[str, ...], shown: bool
) -> None:
    """Only on a terminal, unless asked for; black on white whatever its colours."""
    said = on_a_terminal(certified, term, "invite", "alice", *words)
    assert ("▀" in said) is shown
    assert ("\x1b[38;5;16;48;5;231m" in said) is shown


def on_a_terminal(hand: Hand, term: str, *words: str) -> str:
    ours, theirs = pty.openpty()
    options = ("--data", str(hand.data), "--config", str(hand.config))
    command = (sys.executable, "-m", "xchat.admin.cli", *options, *words)
    env = os.environ | {"TERM": term, "LC_ALL": "C.UTF-8"}
    env.pop("NO_COLOR", None)
    process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=env)
    os.close(theirs)
    said = b""
    try:
        while data := os.read(ours, 65_536):
            said += data
    except OSError:  # a terminal whose other end is closed
        pass
    finally:
        os.close(ours)
        assert process.wait(30) == 0, said.decode()
    return said.decode()


def test_a_name_like_a_verb_can_be_invited(certified: Hand) -> None:
    assert certified.json("invite", "add", "list")["account"] == "list"


def test_foreign_certificates_sign_nobody(hand: Hand) -> None:
    """Where there is no issuer key `invite` says so before making a token."""
    failure = hand.fails("invite", "alice")
    assert (failure["code"], failure["exit_code"]) == ("NO_ISSUER", 3)
    assert "xchat-certs init" in failure["mend"]
    assert hand.json("invite", "list") == []


def test_other_refusals_say_what_to_do(certified: Hand) -> None:
    other = certified.fails("invite", "alice", "--host", "other.lan")
    assert other["code"] == "NOT_ITS_NAME"
    assert "xchat-certs add-name" in other["mend"]
    unknown = certified.fails("invite", "withdraw", "bob")
    assert (unknown["code"], unknown["exit_code"]) == ("INVITE_UNKNOWN", 4)
    for words in (("--uses", "0"), ("--uses", "x"), ("--expires", "7")):
        assert certified.run("invite", "alice", *words)[0] == 2
