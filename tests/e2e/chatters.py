"""Other people's clients: how each is told to trust one CA only, and what it shows.

The commands are those that a person would type. catgirl's `-t` takes the CA but no longer checks
the name of the host (its manual says so); irssi needs `-tls_verify` said, or it would take anyone.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.e2e.tmux import Terminal


@dataclass(frozen=True, slots=True)
class Login:
    """What logs in to an account; EXTERNAL wants the certificate (PEM, its key in it)."""

    mechanism: str
    account: str = ""
    password: str = ""
    certificate: Path | None = None


NOBODY = Login("NONE")


@dataclass(frozen=True, slots=True)
class Visit:
    """Where to go, as whom, trusting what."""

    port: int
    ca: Path
    nick: str
    channel: str = "#lobby"
    host: str = "localhost"
    login: Login = NOBODY


@dataclass(frozen=True, slots=True)
class Chatter:
    """A client in a terminal: what to type, and what its screen says then."""

    program: str
    connect: Callable[[Terminal, Visit], None]
    connected: str
    """On the screen once it is logged in."""
    joined: str
    """On the screen once it is in #lobby."""
    refused: str
    """On the screen where the certificate comes from another CA."""
    show: str
    """What to type to see a channel that it is in."""
    show_refusals: str = ""
    """What to type to see the server's refusals; empty where they are in the channel."""
    wrong_name: str = ""
    """On the screen where the certificate is for another host; empty where it does not look."""

    def enter(self, terminal: Terminal, visit: Visit) -> None:
        """Connect, join the channel, and wait until the client shows that it is there."""
        self.connect(terminal, visit)
        terminal.wait(self.connected)
        terminal.type(f"/join {visit.channel}")
        terminal.wait(self.joined)

    def return_to(self, terminal: Terminal, visit: Visit) -> None:
        """Connect as a user who is in the channel already, and wait until it is on the screen."""
        self.connect(terminal, visit)
        terminal.wait(f"{self.connected}|{self.joined}")
        terminal.type(f"{self.show} {visit.channel}")
        terminal.wait(self.joined)


def irssi(terminal: Terminal, visit: Visit) -> None:
    terminal.run(["irssi", f"--home={terminal.folder}", f"--nick={visit.nick}"])
    terminal.wait(r"\[\(status\)\]")
    login = visit.login
    options = f"-tls -tls_verify -tls_cafile {visit.ca}"
    if login.certificate is not None:
        options += f" -tls_cert {login.certificate}"
    if login != NOBODY:
        who = f" -sasl_username {login.account} -sasl_password {login.password or 'none'}"
        terminal.type(f"/network add -sasl_mechanism {login.mechanism}{who} xchat")
        options += " -network xchat"
    terminal.type(f"/connect {options} {visit.host} {visit.port}")


def weechat(terminal: Terminal, visit: Visit) -> None:
    at_once = "/set weechat.look.paste_max_lines -1"
    terminal.run(["weechat-curses", "--dir", str(terminal.folder), "-r", at_once])
    terminal.wait("Plugins loaded")
    terminal.type(
        "/set weechat.network.gnutls_ca_system off",
        f"/set weechat.network.gnutls_ca_user {visit.ca}",
        "/set irc.look.server_buffer independent",
        f"/server add xchat {visit.host}/{visit.port} {weechat_tls_option()}",
        f"/set irc.server.xchat.nicks {visit.nick}",
        *weechat_login(visit.login),
        "/connect xchat",
    )


def weechat_login(login: Login) -> list[str]:
    options = {
        "sasl_mechanism": login.mechanism.lower() if login != NOBODY else "",
        "sasl_username": login.account,
        "sasl_password": login.password,
        f"{weechat_tls_option()[1:]}_cert": str(login.certificate or ""),
    }
    return [f"/set irc.server.xchat.{key} {value}" for key, value in options.items() if value]


@cache
def weechat_tls_option() -> str:
    """Return what turns TLS on: version 4 renamed the option."""
    said = subprocess.run(["weechat-curses", "-v"], capture_output=True, text=True, check=True)
    return "-ssl" if int(said.stdout.split(".")[0]) < 4 else "-tls"


def catgirl(terminal: Terminal, visit: Visit) -> None:
    login: list[str] = []
    if visit.login.certificate is not None:
        login = ["-c", str(visit.login.certificate)]
    if visit.login.mechanism == "EXTERNAL":
        login += ["-e"]
    elif visit.login != NOBODY:
        login += ["-a", f"{visit.login.account}:{visit.login.password}"]
    terminal.run([
        "catgirl", "-h", visit.host, "-p", str(visit.port), "-t", str(visit.ca),
        "-n", visit.nick, "-u", visit.nick, *login,
    ])  # fmt: skip


CHATTERS = (
    Chatter(
        "irssi",
        irssi,
        connected=r"-!- Welcome to",
        joined=r"Irssi: #lobby: Total of \d+",
        refused=r"(?i)could not verify TLS servers? certificate: .*(issuer|self.signed)",
        show="/window goto",
        wrong_name=r"(?i)match hostname",
    ),
    Chatter(
        "weechat-curses",
        weechat,
        connected=r"-- \| Welcome to",
        joined=r"Channel #lobby: \d+ nick",
        refused=r"(?i)peer's certificate is NOT trusted",
        show="/buffer",
        wrong_name=r"(?i)hostname in the\s+certificate does NOT match",
    ),
    Chatter(
        "catgirl",
        catgirl,
        connected="You arrive",
        joined=r"arrives in #lobby",
        refused=r"(?i)certificate verification failed",
        show="/window",
        show_refusals="/window 0",
    ),
)
