"""What `xchat-admin client-config` prints, pasted into the real irssi, WeeChat and catgirl.

"irssi, WeeChat (GnuTLS), catgirl connect with ca.pem and with a device PEM; wrong CA refused."
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from tests.e2e.chatters import CHATTERS, Chatter, weechat_tls_option
from tests.e2e.conftest import UNLIMITED, MakeServer, MakeTerminal
from tests.e2e.programs import Pki, Server, run
from tests.e2e.raw import RawClient
from tests.e2e.test_logins import CHEAP, PASSWORD
from tests.e2e.tmux import Terminal
from xchat.pki.device.enrol import enrol
from xchat.pki.disk.folder import Folder
from xchat.pki.mint.keys import key_pem, make_key

each_chatter = pytest.mark.parametrize(
    "chatter",
    [
        pytest.param(chatter, id=chatter.program, marks=pytest.mark.needs(chatter.program, "tmux"))
        for chatter in CHATTERS
    ],
)


@dataclass(frozen=True)
class Paste:
    """Asks our command for lines, and gives them to a client as a person would."""

    server: Server
    terminal: Terminal

    def lines(self, chatter: Chatter, *words: str) -> list[str]:
        name = chatter.program.partition("-")[0]
        if name == "weechat" and weechat_tls_option() == "-ssl":
            name = "weechat-3"
        tls = ("--set", f'tls.cert="{self.server.pki.certificate}"')
        where = ("--host", f"localhost:{self.server.port}")
        done = run("xchat-admin", *tls, "client-config", name, *where, *words)
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()

    def into(self, chatter: Chatter, *words: str, password: str = "") -> None:
        lines = [each.replace("YOUR-PASSWORD", password) for each in self.lines(chatter, *words)]
        PASTED[chatter.program](self.terminal, lines)
        if password and chatter.program == "catgirl":
            self.terminal.wait("(?i)password")
            self.terminal.type(password)


def typed_into_irssi(terminal: Terminal, lines: list[str]) -> None:
    terminal.run(["irssi", f"--home={terminal.folder}"])
    terminal.wait(r"\[\(status\)\]")
    terminal.type(*lines)


def typed_into_weechat(terminal: Terminal, lines: list[str]) -> None:
    at_once = "/set weechat.look.paste_max_lines -1"
    terminal.run(["weechat-curses", "--dir", str(terminal.folder), "-r", at_once])
    terminal.wait("Plugins loaded")
    terminal.type("/set irc.look.server_buffer independent", *lines)


def written_for_catgirl(terminal: Terminal, lines: list[str]) -> None:
    folder = terminal.folder / ".config/catgirl"
    folder.mkdir(parents=True)
    (folder / "xchat").write_text("\n".join(lines) + "\n")
    terminal.run(["catgirl", "xchat"])


PASTED = {
    "irssi": typed_into_irssi,
    "weechat-curses": typed_into_weechat,
    "catgirl": written_for_catgirl,
}


@pytest.fixture
def server(make_server: MakeServer, tmp_path: Path) -> Server:
    """A server whose CA is its own: who has a device by a CA is nobody's to register there."""
    certs = tmp_path / "certs"
    done = run("xchat-certs", "init", "--dir", certs)
    assert done.returncode == 0, done.stderr
    live = certs / "live"
    pki = Pki(certs / "ca.pem", live / "server.pem", live / "server-key.pem")
    return make_server(UNLIMITED, *CHEAP, pki=pki)


@pytest.fixture
def nino(server: Server) -> Iterator[RawClient]:
    """Somebody in #lobby who has the account `nino`."""
    caps = "draft/account-registration echo-message"
    with closing(RawClient.join(server.port, server.ca, "nino", caps=caps)) as client:
        client.send(f"REGISTER nino * {PASSWORD}")
        client.wait("REGISTER SUCCESS nino")
        client.send("JOIN #lobby")
        client.wait(" 366 ")
        yield client


@pytest.fixture
def paste(server: Server, make_terminal: MakeTerminal) -> Paste:
    return Paste(server, make_terminal())


def exported(pki: Pki, folder: Path) -> Path:
    """Return what `xchat-certs export pem` makes of a laptop of nino's, where paths have spaces."""
    key, now = make_key(), datetime.now(UTC)
    request = x509.CertificateSigningRequestBuilder(x509.Name([])).sign(key, hashes.SHA256())
    certs = Folder(pki.ca.parent)
    device = enrol(certs, "nino", "laptop", request, now, key_pem=key_pem(key)).device.device
    home = folder / "nino's own folder"
    home.mkdir()
    file = home / "laptop.pem"
    words = ("export", "pem", "nino", device, "--dir", certs.path, "--out", file)
    done = run("xchat-certs", *words)
    assert done.returncode == 0, done.stderr
    return file


def talk(chatter: Chatter, paste: Paste, nino: RawClient) -> None:
    """See that nino's own words arrive: who is logged in as nino is in #lobby already."""
    paste.terminal.wait(f"{chatter.connected}|{chatter.joined}")
    paste.terminal.type("/join #lobby", f"{chatter.show} #lobby")
    paste.terminal.wait(chatter.joined)
    paste.terminal.type("pasted and talking")
    nino.wait("^:nino!.* PRIVMSG #lobby :pasted and talking")


def logins(server: Server) -> list[str]:
    return [event["login"] for event in server.journal if event["event"] == "joined"]


@each_chatter
def test_it_logs_in_by_a_devices_certificate(
    chatter: Chatter, nino: RawClient, paste: Paste, tmp_path: Path
) -> None:
    paste.into(chatter, "--cert", str(exported(paste.server.pki, tmp_path)))
    talk(chatter, paste, nino)
    assert logins(paste.server) == ["none", "certificate"]


@each_chatter
def test_it_logs_in_by_password(chatter: Chatter, nino: RawClient, paste: Paste) -> None:
    paste.into(chatter, "--account", "nino", password=PASSWORD)
    talk(chatter, paste, nino)
    assert logins(paste.server) == ["none", "password"]


@each_chatter
def test_told_of_another_ca_it_refuses(
    chatter: Chatter, paste: Paste, other_pki: Pki, tmp_path: Path
) -> None:
    file = exported(paste.server.pki, tmp_path)
    paste.into(chatter, "--cert", str(file), "--ca", str(other_pki.ca))
    paste.terminal.wait(chatter.refused)
    assert not re.search(chatter.connected, paste.terminal.screen())
    assert logins(paste.server) == []
