"""What each chat client has to be told to join: lines to type in it, or a file for it.

The names of options are those of the clients' own manuals: irssi 1.4, WeeChat 4 (and 3, which said
`ssl` for `tls`), catgirl 2, senpai 0.4, Halloy 2026.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

PASSWORD, SERVER_PASSWORD = "YOUR-PASSWORD", "THE-SERVERS-PASSWORD"


@dataclass(frozen=True, kw_only=True)
class Setup:
    """How somebody joins: where, as whom, trusting what, logging in by what.

    `certificate` (its key in the same file) logs in by SASL EXTERNAL; without one an account does
    by SASL PLAIN; with neither nobody is logged in. `has_password`: the server asks for one.
    """

    host: str
    port: int
    ca: Path
    nick: str
    account: str | None = None
    certificate: Path | None = None
    has_password: bool = False

    @property
    def place(self) -> str:
        """Host and port, an IPv6 address in brackets."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


Lines = Callable[[Setup], Iterator[str]]


@dataclass(frozen=True)
class Client:
    """A client: its lines, the file they belong into (typed where there is none), what to know."""

    lines: Lines
    file: str | None
    then: str
    notes: tuple[str, ...] = ()
    shows_certificates: bool = True
    matches_addresses: bool = True


def _irssi(setup: Setup) -> Iterator[str]:
    login = ["-nick", setup.nick]
    if setup.certificate:
        login += ["-sasl_mechanism", "EXTERNAL"]
    elif setup.account:
        login += ["-sasl_mechanism", "PLAIN", "-sasl_username", setup.account]
        login += ["-sasl_password", PASSWORD]
    yield f"/network add {' '.join(login)} xchat"
    tls = f"-tls -tls_verify -tls_cafile {_quoted(setup.ca)}"
    if setup.certificate:
        tls += f" -tls_cert {_quoted(setup.certificate)}"
    password = f" {SERVER_PASSWORD}" if setup.has_password else ""
    yield f"/server add -auto -network xchat {tls} {setup.host} {setup.port}{password}"
    yield "/save"
    yield "/connect xchat"


def _weechat(tls: str) -> Lines:
    """Return the lines of a WeeChat that calls its options `tls` or, before version 4, `ssl`."""

    def lines(setup: Setup) -> Iterator[str]:
        yield f"/set weechat.network.gnutls_ca_user {_quoted(setup.ca)}"
        yield f"/server add xchat {setup.host}/{setup.port} -{tls} -autoconnect"
        settings = {"nicks": setup.nick, f"{tls}_verify": "on"}
        if setup.certificate:
            settings |= {f"{tls}_cert": str(setup.certificate), "sasl_mechanism": "external"}
        elif setup.account:
            settings |= {"sasl_mechanism": "plain", "sasl_username": setup.account}
            settings |= {"sasl_password": PASSWORD}
        if setup.has_password:
            settings |= {"password": SERVER_PASSWORD}
        for name, value in settings.items():
            yield f"/set irc.server.xchat.{name} {_quoted(value)}"
        yield "/save"
        yield "/connect xchat"

    return lines


def _catgirl(setup: Setup) -> Iterator[str]:
    yield f"host = {setup.host}"
    yield f"port = {setup.port}"
    yield f"trust = {setup.ca}"
    yield f"nick = {setup.nick}"
    if setup.certificate:
        yield f"cert = {setup.certificate}"
        yield "sasl-external"
    elif setup.account:
        yield f"sasl-plain = {setup.account}:"
    if setup.has_password:
        yield "pass ="


def _senpai(setup: Setup) -> Iterator[str]:
    yield f"address {_quoted(f'ircs://{setup.place}')}"
    yield f"nickname {_quoted(setup.nick)}"
    if setup.account:
        yield f"username {_quoted(setup.account)}"
        yield f"password {_quoted(PASSWORD)}"


def _halloy(setup: Setup) -> Iterator[str]:
    yield "[servers.xchat]"
    yield f"nickname = {_toml(setup.nick)}"
    yield f"server = {_toml(setup.host)}"
    yield f"port = {setup.port}"
    yield f"root_cert_path = {_toml(setup.ca)}"
    if setup.has_password:
        yield f"password = {_toml(SERVER_PASSWORD)}"
    if setup.certificate:
        yield ""
        yield "[servers.xchat.sasl.external]"
        yield f"cert = {_toml(setup.certificate)}"
    elif setup.account:
        yield ""
        yield "[servers.xchat.sasl.plain]"
        yield f"username = {_toml(setup.account)}"
        yield f"password = {_toml(PASSWORD)}"


_TYPED = "/join #lobby"
_IRSSI_GOES_BY_NAMES = (
    "irssi looks for no address in a certificate: the name has to lead here, from where it runs."
)
_WEECHAT_TRUSTS = "It trusts this CA beside the system's; name several files with : between them."
_CATGIRL_TAKES_ANY_NAME = (
    "With `trust` catgirl does not compare the host's name with the certificate's. It does "
    "without that line, once the system trusts the CA: xchat-certs trust install CA.pem"
)
_SENPAI_TRUSTS_THE_SYSTEM = (
    "senpai has no option for a CA: it trusts what the system trusts. SSL_CERT_FILE names "
    "another file on Linux and the BSDs; anywhere: xchat-certs trust install CA.pem"
)

CLIENTS = {
    "irssi": Client(_irssi, None, _TYPED, (_IRSSI_GOES_BY_NAMES,), matches_addresses=False),
    "weechat": Client(
        _weechat("tls"),
        None,
        _TYPED,
        (_WEECHAT_TRUSTS, "Before version 4: xchat-admin client-config weechat-3"),
    ),
    "weechat-3": Client(_weechat("ssl"), None, _TYPED, (_WEECHAT_TRUSTS,)),
    "catgirl": Client(
        _catgirl,
        "~/.config/catgirl/xchat",
        "catgirl xchat",
        (_CATGIRL_TAKES_ANY_NAME,),
    ),
    "senpai": Client(
        _senpai,
        "~/.config/senpai/senpai.scfg",
        "SSL_CERT_FILE={ca} senpai",
        (_SENPAI_TRUSTS_THE_SYSTEM,),
        shows_certificates=False,
    ),
    "halloy": Client(
        _halloy,
        "~/.config/halloy/config.toml",
        "halloy",
        ("macOS: ~/Library/Application Support/halloy/; Windows: %AppData%\\halloy\\",),
    ),
}


def then(client: Client, setup: Setup) -> str:
    """Return what to type once the client has its lines."""
    return client.then.format(ca=shlex.quote(str(setup.ca)))


def _quoted(value: object) -> str:
    """Return a value as the clients' own command lines take it, quoted if it has to be."""
    text = str(value)
    is_plain = all(char.isalnum() or char in "/._-:[]" for char in text)
    return text if is_plain else '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _toml(value: object) -> str:
    """Return a value as a basic string of TOML, which JSON's strings are too."""
    return json.dumps(str(value), ensure_ascii=False)
