"""`xchat-admin client-config`: what to paste into another chat client, from the server's settings.

It asks neither server nor store: the certificate and the configuration say all there is to say.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from xchat.admin.clients import CLIENTS, Setup, then
from xchat.config import Config
from xchat.errors import UsageError, XChatError

if TYPE_CHECKING:
    from cryptography import x509

YOU = "YOU"
"""Stands for who is not known yet."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked for; None where the configuration, or the certificate, is to say it."""

    client: str
    account: str | None = None
    cert: Path | None = None
    host: str | None = None
    ca: Path | None = None


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What a client has to be told: `lines` to type, or, where there is a `file`, to put there."""

    client: str
    lines: tuple[str, ...]
    file: str | None
    notes: tuple[str, ...]
    next: str


def tell(config: Config, asked: Asked) -> Told:
    """Return what to tell a client; raises XChatError for files and names that will not do."""
    client, setup = CLIENTS[asked.client], _setup(config, asked)
    return Told(
        client=asked.client,
        lines=tuple(client.lines(setup)),
        file=client.file,
        notes=(*client.notes, *_elsewhere(setup)),
        next=then(client, setup),
    )


def _setup(config: Config, asked: Asked) -> Setup:
    from xchat.pki.disk.registry import check_account

    host, port = _place(config, asked)
    account = check_account(asked.account) if asked.account else None
    if asked.cert:
        account = _account(asked.cert, account)
    elif config.tls.client_certificates == "required":
        raise UsageError(
            "this server lets in only who shows a device's certificate "
            "(tls.client_certificates = required)",
            mend=f"xchat-certs device add {account or YOU} laptop; then name the file: --cert FILE",
        )
    elif config.is_private and account is None:
        account = YOU
    if asked.cert and not CLIENTS[asked.client].shows_certificates:
        raise UsageError(
            f"{asked.cert}: {asked.client} has no way to show a certificate, so it logs in by "
            "password",
            mend=f"xchat-admin client-config {asked.client} --account {account or YOU}",
        )
    return Setup(
        host=host,
        port=port,
        ca=_ca(config, asked),
        nick=account or YOU,
        account=account,
        certificate=asked.cert and asked.cert.absolute(),
        has_password=bool(config.server.password),
    )


def _place(config: Config, asked: Asked) -> tuple[str, int]:
    """Return where to connect to; the name is one that the certificate has."""
    from xchat.pki.facts import covers, names_of
    from xchat.pki.invite.reached import name_to_type
    from xchat.pki.mint.names import parse_name

    cert = Path(config.tls.cert).expanduser()
    names = names_of(_read(cert, "--config FILE.toml, or: xchat-certs init")[0])
    host, port = _host_and_port(asked.host or "", config.listen.port)
    if not port:
        raise UsageError(
            "listen.port is 0: the server takes a free port at every start",
            mend="--host HOST:PORT",
        )
    if not host and CLIENTS[asked.client].matches_addresses:
        host = name_to_type(config.listen.host, [str(name) for name in names])
    elif not CLIENTS[asked.client].matches_addresses:
        host = _by_name(asked, host, [name for name in names if isinstance(name, str)])
    host = str(parse_name(host))
    if not covers(names, host):
        raise UsageError(
            f"{cert} is not for {host}, but for {', '.join(map(str, names))}",
            mend=f"xchat-certs add-name {host}",
        )
    return host, port


def _by_name(asked: Asked, host: str, names: Sequence[str]) -> str:
    """Return the name that a client goes by which looks for no address in a certificate.

    Of several one with a dot: `localhost` and a bare host name lead nowhere from elsewhere.
    """
    from xchat.pki.mint.names import parse_name

    if host and isinstance(parse_name(host), str):
        return host
    if host or not names:
        raise UsageError(
            f"{asked.client} looks for no address in a certificate: it needs the server's name",
            mend=f"--host {next(iter(names))}" if names else "xchat-certs add-name NAME",
        )
    return next((name for name in names if "." in name), names[0])


def _host_and_port(text: str, port: int) -> tuple[str, int]:
    bare, colon, digits = text.rpartition(":")
    if colon and digits.isdecimal() and (":" not in bare or bare.endswith("]")):
        return bare.strip("[]"), int(digits)
    return text.strip("[]"), port


def _ca(config: Config, asked: Asked) -> Path:
    from xchat.pki.disk.folder import folder_of

    folder = folder_of(Path(config.tls.cert).expanduser())
    if asked.ca is None and folder is None:
        raise UsageError(
            f"there is no ca.pem beside {config.tls.cert}: clients need the CA that signed it",
            mend="--ca FILE",
        )
    file = asked.ca or (folder.ca if folder else Path())
    _read(file, "--ca FILE")
    return file.absolute()


def _account(cert: Path, account: str | None) -> str | None:
    """Return whose device a certificate is, after a look at whether it can log anybody in."""
    from cryptography.hazmat.primitives.serialization import Encoding

    from xchat.pki.disk.files import read_file
    from xchat.pki.mint.keys import read_key
    from xchat.pki.mint.owner import account_in

    export = "xchat-certs export pem ACCOUNT DEVICE"
    leaf = _read(cert, export)[0]
    try:
        key = read_key(read_file(cert), cert)
    except XChatError as error:
        raise UsageError(f"{error.what}: certificate and key in one file", mend=export) from error
    if key.public_key() != leaf.public_key():
        raise UsageError(f"{cert} holds another certificate's key", mend=export)
    if leaf.not_valid_after_utc < datetime.now(UTC):
        raise UsageError(f"{cert} expired on {leaf.not_valid_after_utc:%Y-%m-%d}", mend=export)
    whose = account_in(leaf.public_bytes(Encoding.DER))
    if whose and account and whose != account:
        raise UsageError(
            f"{cert} is a device of {whose}, not of {account}", mend=f"--account {whose}"
        )
    return whose or account


def _read(file: Path, mend: str) -> list[x509.Certificate]:
    from xchat.pki.disk.files import read_file
    from xchat.pki.facts import read_chain

    try:
        return read_chain(read_file(file), file)
    except XChatError as error:
        raise UsageError(error.what, mend=mend) from error


def _elsewhere(setup: Setup) -> tuple[str, ...]:
    files: Mapping[Path | None, None] = dict.fromkeys((setup.ca, setup.certificate))
    names = ", ".join(str(file) for file in files if file)
    return (f"On another machine these go there first, and their paths change: {names}",)
