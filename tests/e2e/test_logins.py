"""irssi, WeeChat and catgirl log in to an account: by password, and by a certificate."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.chatters import CHATTERS, Chatter, Visit, weechat_tls_option
from tests.e2e.conftest import MakeServer, MakeTerminal
from tests.e2e.programs import Server
from tests.e2e.raw import RawClient
from tests.e2e.tmux import Terminal
from tests.server.client_certificates import Device, mint

PASSWORD = "sesame-1"
CHEAP = (
    "accounts.argon2_memory_kib=8",
    "accounts.argon2_passes=1",
    "accounts.scram_iterations=4096",
)
LogIn = Callable[[Terminal, Visit, Path | None], None]


def irssi(terminal: Terminal, visit: Visit, certificate: Path | None) -> None:
    terminal.run(["irssi", f"--home={terminal.folder}", f"--nick={visit.nick}"])
    terminal.wait(r"\[\(status\)\]")
    how = f"-sasl_mechanism PLAIN -sasl_username {visit.nick} -sasl_password {PASSWORD}"
    shown = f"-tls_cert {certificate}" if certificate else ""
    terminal.type(
        f"/network add {'-sasl_mechanism EXTERNAL' if certificate else how} lan",
        f"/server add -network lan -tls -tls_verify -tls_cafile {visit.ca} {shown} "
        f"{visit.host} {visit.port}",
        "/connect lan",
    )


def weechat(terminal: Terminal, visit: Visit, certificate: Path | None) -> None:
    terminal.run(["weechat-curses", "--dir", str(terminal.folder)])
    terminal.wait("Plugins loaded")
    tls = weechat_tls_option()
    by_password = (
        "/set irc.server.lan.sasl_mechanism scram-sha-256",
        f"/set irc.server.lan.sasl_username {visit.nick}",
        f"/set irc.server.lan.sasl_password {PASSWORD}",
    )
    by_certificate = (
        "/set irc.server.lan.sasl_mechanism external",
        f"/set irc.server.lan.{tls[1:]}_cert {certificate}",
    )
    terminal.type(
        "/set weechat.network.gnutls_ca_system off",
        f"/set weechat.network.gnutls_ca_user {visit.ca}",
        "/set irc.look.server_buffer independent",
        f"/server add lan {visit.host}/{visit.port} {tls}",
        f"/set irc.server.lan.nicks {visit.nick}",
        *(by_certificate if certificate else by_password),
        "/connect lan",
    )


def catgirl(terminal: Terminal, visit: Visit, certificate: Path | None) -> None:
    how = ["-e", "-c", str(certificate)] if certificate else ["-a", f"{visit.nick}:{PASSWORD}"]
    terminal.run([
        "catgirl", "-h", visit.host, "-p", str(visit.port), "-t", str(visit.ca),
        "-n", visit.nick, "-u", visit.nick, *how,
    ])  # fmt: skip


LOG_IN: dict[str, LogIn] = {"irssi": irssi, "weechat-curses": weechat, "catgirl": catgirl}
each_chatter = pytest.mark.parametrize(
    "chatter",
    [
        pytest.param(chatter, id=chatter.program, marks=pytest.mark.needs(chatter.program, "tmux"))
        for chatter in CHATTERS
    ],
)


@pytest.fixture
def device() -> Device:
    """A certificate with its key that nobody of ours has issued."""
    return mint(uris=())


@pytest.fixture
def server(make_server: MakeServer, device: Device) -> Server:
    """A server where nino has an account, to which that certificate logs in."""
    server = make_server(*CHEAP)
    with RawClient.join(server.port, server.ca, "nino") as nino:
        nino.send(f"NS REGISTER {PASSWORD}", f"NS CERT ADD {device.fingerprint}")
        nino.wait("logs in to your account now")
    return server


@pytest.fixture(params=["password", "certificate"])
def shown(request: pytest.FixtureRequest, device: Device, tmp_path: Path) -> Path | None:
    """The file of the certificate, for whom logs in by that."""
    return device.write(tmp_path) if request.param == "certificate" else None


@each_chatter
def test_it_logs_in(
    chatter: Chatter, server: Server, shown: Path | None, make_terminal: MakeTerminal
) -> None:
    with RawClient.join(server.port, server.ca, "gio", "#lobby", caps="extended-join") as gio:
        terminal = make_terminal()
        visit = Visit(server.port, server.ca, "nino")
        LOG_IN[chatter.program](terminal, visit, shown)
        terminal.wait(chatter.connected)
        terminal.type("/join #lobby")
        gio.wait(r"^:nino!\S+ JOIN #lobby nino ")
