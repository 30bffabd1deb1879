"""irssi, WeeChat and catgirl in real terminals: they join and talk, and refuse whom they should.

"irssi, WeeChat and catgirl talk through the server with only `ca.pem` trusted."
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.e2e.chatters import CHATTERS, Chatter, Visit
from tests.e2e.conftest import MakeClient, MakeProgram, MakeServer, MakeTerminal, trustme_pki
from tests.e2e.programs import Pki, Server, run

PARAMS = [
    pytest.param(chatter, id=chatter.program, marks=pytest.mark.needs(chatter.program, "tmux"))
    for chatter in CHATTERS
]
each_chatter = pytest.mark.parametrize("chatter", PARAMS)
each_that_checks_names = pytest.mark.parametrize(
    "chatter",
    [param for param, chatter in zip(PARAMS, CHATTERS, strict=True) if chatter.wrong_name],
)


@each_chatter
def test_it_joins_and_talks(
    chatter: Chatter,
    pki: Pki,
    make_server: MakeServer,
    make_terminal: MakeTerminal,
    make_program: MakeProgram,
) -> None:
    server = make_server(pki=pki)
    ours = make_program(
        "xchat-client", "--ca", str(pki.ca), f"anna@localhost:{server.port}", "#lobby"
    )
    terminal = make_terminal()
    chatter.enter(terminal, Visit(server.port, pki.ca, "nino"))
    ours.wait_for("nino")
    terminal.type("გამარჯობა 👋 from a terminal")
    ours.wait_for("nino.*გამარჯობა 👋 from a terminal")
    ours.type("hello from our own client: ჩვენ")
    terminal.wait("anna.*hello from our own client: ჩვენ")
    ours.type("/quit")
    assert ours.wait() == 0
    terminal.wait(r"anna.*(?i:quit|leaves|left)")


@pytest.mark.needs("irssi", "weechat-curses", "catgirl", "tmux")
def test_all_of_them_talk_to_each_other(
    server: Server, join: MakeClient, make_terminal: MakeTerminal
) -> None:
    witness = join("witness", "#lobby")
    terminals = {chatter.program.split("-")[0]: make_terminal() for chatter in CHATTERS}
    for chatter, (nick, terminal) in zip(CHATTERS, terminals.items(), strict=True):
        chatter.enter(terminal, Visit(server.port, server.ca, nick))
    for speaker, terminal in terminals.items():
        terminal.type(f"{speaker} says გამარჯობა 👋")
        witness.wait(rf"^:{speaker}!\S+ PRIVMSG #lobby :?{speaker} says გამარჯობა 👋$")
        for listener in terminals.values():
            listener.wait(f"{speaker} says გამარჯობა")
    witness.send("TOPIC #lobby :three clients, one room")
    for terminal in terminals.values():
        terminal.wait("three clients, one room")


@each_chatter
def test_it_refuses_a_server_of_another_ca(
    chatter: Chatter, server: Server, other_pki: Pki, make_terminal: MakeTerminal
) -> None:
    terminal = make_terminal()
    chatter.connect(terminal, Visit(server.port, other_pki.ca, "nino"))
    terminal.wait(chatter.refused)
    assert not re.search(chatter.connected, terminal.screen())
    assert not any(event["event"] == "joined" for event in server.journal)


@each_that_checks_names
def test_it_refuses_a_certificate_for_another_name(
    chatter: Chatter, make_server: MakeServer, make_terminal: MakeTerminal, tmp_path: Path
) -> None:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    pki = trustme_pki(folder, "chat.example.com")
    terminal = make_terminal()
    chatter.connect(terminal, Visit(make_server(pki=pki).port, pki.ca, "nino"))
    terminal.wait(chatter.wrong_name)
    assert not re.search(chatter.connected, terminal.screen())


@pytest.mark.needs("gnutls-cli")
def test_gnutls_accepts_what_init_made(server: Server) -> None:
    done = run(
        "gnutls-cli", f"--x509cafile={server.ca}", "--priority=NORMAL:-VERS-ALL:+VERS-TLS1.3",
        f"--port={server.port}", "localhost", stdin="QUIT\r\n",
    )  # fmt: skip
    assert "certificate is trusted" in done.stdout, done.stdout + done.stderr


@pytest.mark.needs("openssl")
def test_openssl_accepts_what_init_made(server: Server) -> None:
    done = run(
        "openssl", "s_client", "-connect", f"127.0.0.1:{server.port}", "-servername", "localhost",
        "-CAfile", server.ca, "-x509_strict", "-verify_return_error", "-verify_hostname",
        "localhost", "-brief", stdin="QUIT\r\n",
    )  # fmt: skip
    assert "Verification: OK" in done.stderr + done.stdout, done.stderr
