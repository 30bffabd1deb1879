"""irssi, WeeChat and catgirl log in: by password, by a device's certificate, by a self-made one."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.e2e.chatters import CHATTERS, Chatter, Login, Visit
from tests.e2e.conftest import UNLIMITED, MakeServer, MakeTerminal
from tests.e2e.programs import Pki, Server, until
from tests.e2e.raw import RawClient
from tests.server.client_certificates import mint, read_authority

CHEAP = (
    "accounts.argon2_memory_kib=8",
    "accounts.argon2_passes=1",
    "accounts.scram_iterations=4096",
)
PASSWORD = "sesame-open"
MECHANISMS = {
    "irssi": ("PLAIN", "EXTERNAL"),
    "weechat-curses": ("PLAIN", "SCRAM-SHA-256", "EXTERNAL"),
    "catgirl": ("PLAIN", "EXTERNAL"),
}
PROOFS = {"PLAIN": "password", "SCRAM-SHA-256": "scram", "EXTERNAL": "certificate"}

each_way_in = pytest.mark.parametrize(
    ("chatter", "mechanism"),
    [
        pytest.param(
            chatter,
            mechanism,
            id=f"{chatter.program}-{mechanism}",
            marks=pytest.mark.needs(chatter.program, "tmux"),
        )
        for chatter in CHATTERS
        for mechanism in MECHANISMS[chatter.program]
    ],
)
each_chatter = pytest.mark.parametrize(
    "chatter",
    [
        pytest.param(chatter, id=chatter.program, marks=pytest.mark.needs(chatter.program, "tmux"))
        for chatter in CHATTERS
    ],
)


@pytest.fixture
def server(make_server: MakeServer) -> Server:
    return make_server(UNLIMITED, *CHEAP)


@pytest.fixture
def nino(server: Server) -> Iterator[RawClient]:
    """Somebody who has just registered the account `nino`, and is here."""
    caps = "draft/account-registration extended-join echo-message"
    with closing(RawClient.join(server.port, server.ca, "nino", caps=caps)) as client:
        client.send(f"REGISTER nino * {PASSWORD}")
        client.wait("REGISTER SUCCESS nino")
        yield client


def device_of(pki: Pki, account: str, folder: Path) -> Path:
    """Return a certificate of a device as our CA makes it: its key and the issuer in one file."""
    issuer = pki.ca.parent / "issuer.pem"
    authority = read_authority(issuer.read_bytes(), issuer.with_name("issuer-key.pem").read_bytes())
    return mint(account, issuer=authority).write(folder, authority.certificate)


def login_of(mechanism: str, pki: Pki, folder: Path) -> Login:
    if mechanism == "EXTERNAL":
        return Login(mechanism, certificate=device_of(pki, "nino", folder))
    return Login(mechanism, "nino", PASSWORD)


@each_way_in
def test_it_logs_in(  # noqa: PLR0917 - fixtures
    chatter: Chatter,
    mechanism: str,
    nino: RawClient,
    make_terminal: MakeTerminal,
    server: Server,
    tmp_path: Path,
) -> None:
    nino.send("JOIN #lobby")
    nino.wait(" 366 ")
    terminal = make_terminal()
    login = login_of(mechanism, server.pki, tmp_path)
    chatter.return_to(terminal, Visit(server.port, server.ca, "nino", login=login))
    terminal.type("the same nick, another device")
    nino.wait("^:nino!.* PRIVMSG #lobby :the same nick, another device")
    joined = [event for event in server.journal if event["event"] == "joined"]
    assert [event["login"] for event in joined] == ["none", PROOFS[mechanism]]
    assert PASSWORD not in server.running.errors


@each_chatter
def test_a_self_made_certificate_is_pinned_and_logs_in(
    chatter: Chatter,
    server: Server,
    nino: RawClient,
    make_terminal: MakeTerminal,
    tmp_path: Path,
) -> None:
    """As on other servers: connect with it, say who you are once, and `/ns CERT ADD`."""
    own = self_made(tmp_path)
    terminal = make_terminal()
    first = Login("PLAIN", "nino", PASSWORD, own)
    chatter.enter(terminal, Visit(server.port, server.ca, "nino", login=first))
    terminal.type("/msg NickServ CERT ADD")
    until(lambda: is_pinned(nino) or None, "the certificate is pinned", seconds=10)
    terminal.type("/quit")
    again = make_terminal()
    by_it = Login("EXTERNAL", certificate=own)
    chatter.return_to(again, Visit(server.port, server.ca, "nino", login=by_it))
    joined = [event for event in server.journal if event["event"] == "joined"]
    assert [event["login"] for event in joined] == ["none", "password", "certificate"]


@each_chatter
def test_a_certificate_that_nobody_pinned_lets_in_and_logs_nobody_in(
    chatter: Chatter, server: Server, make_terminal: MakeTerminal, tmp_path: Path
) -> None:
    terminal = make_terminal()
    shown = Login("PLAIN", "nino", "wrong", self_made(tmp_path))
    chatter.connect(terminal, Visit(server.port, server.ca, "nino", login=shown))
    terminal.wait("(?i)authentication failed")


def is_pinned(owner: RawClient) -> bool:
    """Say whether a certificate logs in to an account, as NickServ tells its owner."""
    owner.send("PRIVMSG NickServ :CERT LIST")
    return re.search("[0-9a-f]{64}", owner.wait("^:NickServ!.* NOTICE .*")[0]) is not None


def self_made(folder: Path) -> Path:
    """Make a certificate as people are told to make one."""
    file = folder / "own.pem"
    subprocess.run(
        [
            "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "365",
            "-subj", "/CN=nino", "-keyout", file, "-out", file,
        ],
        check=True, capture_output=True,
    )  # fmt: skip
    return file
