"""`xchat-certs invite`: the one link, told to whoever gives it."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pyte
import pytest

from tests.admin.conftest import CHEAP
from tests.e2e.programs import Pki, Server
from tests.pki.conftest import Ended, run_certs
from tests.pki.test_qr import picture, read_back
from xchat.pki.disk.folder import Folder
from xchat.pki.invite.invitation import Link, parse_link

COLUMNS, LINES = 80, 24
HOST = ("--host", "10.1.2.3")


def invite(made: Folder, *words: str) -> Ended:
    done = run_certs("invite", *words, "--data", "data", cwd=made.path.parent)
    assert "Traceback" not in done.err, done.err
    return done


def link_in(text: str) -> Link:
    found = re.search(r"^  link +(\S+)$", text, re.MULTILINE)
    assert found is not None, text
    return parse_link(found[1])


def test_it_tells_the_link_and_the_one_command(made: Folder) -> None:
    """Prints the link as text, and what to tell the person: `xchat-client join 'LINK'`."""
    done = invite(made, "alice", *HOST)
    assert done.code == 0
    link = link_in(done.out)
    assert (link.host, link.port) == ("10.1.2.3", 8080)
    *_, last = done.out.splitlines()
    assert last.startswith("Next:  on their machine: xchat-client join 'xchat://")
    assert f"REDEEM {link.token.text} PASSWORD" in done.out
    assert "xchat-admin --data data invite withdraw alice" in done.out
    assert "▀" not in done.out, "only on a terminal"


def test_where_a_server_runs_it_is_asked(made: Folder) -> None:
    """Works while the server runs (admin socket) and when it does not (store)."""
    first = link_in(invite(made, "alice", *HOST).out)
    pki = Pki(made.ca, made.server, made.server_key)
    server = Server(made.path.parent, pki, CHEAP)
    server.start()
    try:
        second = link_in(invite(made, "bob", *HOST).out)
    finally:
        server.close()
    assert second.port == server.port != first.port
    assert second.ca == first.ca


def test_what_it_says_of_uses_and_of_time(made: Folder) -> None:
    done = invite(made, "alice", "--uses", "3", "--expires", "7d")
    assert re.match(r"Made an invite for alice: 3 devices, until \d{4}-\d\d-\d\d", done.out)


def test_another_users_server_is_out_of_reach(made: Folder) -> None:
    (made.path.parent / "data").write_text("")
    done = invite(made, "alice")
    assert (done.code, done.out) == (1, "")
    assert "is a file, not a folder" in done.err


@pytest.mark.needs("zbarimg")
def test_the_code_is_read_from_a_screen_of_80_by_24(made: Folder, tmp_path: Path) -> None:
    """As a QR code: it fits 80x24 with what is said beneath it; read by another program."""
    screen = on_a_screen(made, "invite", "alice", *HOST)
    rows = [row for row in screen.buffer.values() if row[3].bg == "ffffff"]
    lines = ["".join(row[column].data for column in range(COLUMNS)) for row in rows]
    width = sum(rows[0][column].bg == "ffffff" for column in range(COLUMNS))
    seen = read_back(tmp_path, picture([line[:width] for line in lines], dark_terminal=False))
    text = "".join(screen.display).replace(" ", "")
    assert f"xchat-clientjoin'xchat://{parse_link(seen).place}/" in text


def on_a_screen(made: Folder, *words: str) -> pyte.Screen:
    """Run the program on a terminal; return what is left to be seen of it."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
    command = (sys.executable, "-m", "xchat.certs.cli", *words, "--data", "data")
    env = os.environ | {"TERM": "xterm-256color", "LC_ALL": "C.UTF-8"}
    env.pop("NO_COLOR", None)
    process = subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, env=env, cwd=made.path.parent
    )
    os.close(theirs)
    screen = pyte.Screen(COLUMNS, LINES)
    stream = pyte.ByteStream(screen)
    try:
        while data := os.read(ours, 65_536):
            stream.feed(data)
    except OSError:  # a terminal whose other end is closed
        pass
    os.close(ours)
    assert process.wait(30) == 0, screen.display
    return screen
