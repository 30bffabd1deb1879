"""What is checked and prepared before the server serves: each refusal in words.

In this order, so that nothing is made, and no port opened, before what can be
refused by looking was looked at: certificate, data folder, ports.
"""

from __future__ import annotations

import resource
import shlex
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from xchat.config import Config, data_folder
from xchat.journal import Journal
from xchat.limits import DESCRIPTORS_KEPT
from xchat.pki.disk.folder import CA, Folder, folder_of
from xchat.pki.invite.reached import name_to_type
from xchat.server.access import admits, who_may_join
from xchat.server.certificates import Served, make_served
from xchat.server.listeners import open_listeners, show_address
from xchat.server.renewal import renew_what_is_due, would_renew
from xchat.store.folder import describe_folder, open_folder

__all__ = [
    "Start",
    "admits",
    "check",
    "describe_invite",
    "describe_join",
    "prepare",
    "who_may_join",
]


@dataclass(frozen=True, slots=True)
class Start:
    """What a server starts with."""

    served: Served
    listeners: tuple[socket.socket, ...]
    data_folder: Path

    @property
    def addresses(self) -> list[str]:
        """Where it listens, without the port."""
        return [listener.getsockname()[0] for listener in self.listeners]

    @property
    def port(self) -> int:
        """The port of all its listeners."""
        port: int = self.listeners[0].getsockname()[1]
        return port


@contextmanager
def prepare(config: Config, journal: Journal) -> Iterator[Start]:
    """Prepare all a server needs; give the folder and the ports back at the end.

    Raises XChatError for the first thing that does not fit.
    """
    with ExitStack() as held:
        _renew(config, journal)
        served = _make_served(config, journal)
        _warn_of_policy(config, journal)
        lock = open_folder(data_folder(config))
        held.callback(lock.close)
        listeners = open_listeners(config.listen, journal)
        for listener in listeners:
            held.callback(listener.close)
        _raise_descriptor_limit(config, journal)
        yield Start(served, tuple(listeners), lock.folder)


def check(config: Config, journal: Journal) -> list[str]:
    """Do what `prepare` does without making, locking or listening; return what would be.

    Raises XChatError as `prepare` does.
    """
    certificate = _describe_certificate(config, journal)
    _warn_of_policy(config, journal)
    folder = describe_folder(data_folder(config))
    listen = config.listen
    addresses = ", ".join(show_address((host, listen.port)) for host in listen.host)
    return [
        "The configuration can be used.",
        f"Certificate: {certificate}",
        f"Data: {folder}",
        f"Would listen on {addresses}",
        f"Who may join: {who_may_join(config, listen.host)}",
    ]


def describe_invite(config: Config) -> str | None:
    """Return the command that makes a link for the next person; None where nobody signs for it."""
    folder = folder_of(Path(config.tls.cert))
    if folder is None or not folder.issuer_key.exists() or not _believes(config, folder):
        return None
    where = ("--data", config.store.data) if config.store.data else ()
    return folder.command("invite", "NAME", *where)


def _believes(config: Config, folder: Folder) -> bool:
    """Say whether devices that this folder's CA signs log in here."""
    own = config.tls.client_ca in (None, str(folder.ca))
    return own and config.tls.client_certificates != "none"


def describe_join(config: Config, start: Start) -> str | None:
    """Return the command with which whoever has the CA joins; None where that takes a device."""
    if _are_devices(config):
        return None
    host = name_to_type(start.addresses, start.served.pair.names)
    words = ["xchat-client", "--ca", _ca_file(Path(config.tls.cert))]
    if config.server.password:
        words += ["--password-file", "FILE"]
    if config.access.policy == "accounts":
        words += ["--account", "YOU"]
    return shlex.join([*words, f"YOU@{show_address((host, start.port))}", "#lobby"])


def _are_devices(config: Config) -> bool:
    """Say whether whoever joins needs a certificate from our CA."""
    required = config.tls.client_certificates == "required"
    return required or config.access.policy == "devices"


def _describe_certificate(config: Config, journal: Journal) -> str:
    """Say what would be served; one that has worn out is no obstacle where a start renews it."""
    if would_renew(config.tls, datetime.now(UTC)):
        return f"{config.tls.cert} is due, and renewed when the server starts"
    pair = _make_served(config, journal).pair
    return f"{pair.cert} until {pair.not_after:%Y-%m-%d}, for {', '.join(pair.names)}"


def _renew(config: Config, journal: Journal) -> None:
    """Renew a certificate of ours that is due; whether what lies there then can serve, is asked."""
    for sha256 in renew_what_is_due(config.tls, datetime.now(UTC)).renewed:
        journal.info("the certificate was renewed", sha256=sha256)


def _make_served(config: Config, journal: Journal) -> Served:
    """Refuse a certificate or key that must not serve; record what is merely doubtful."""
    served = make_served(config.tls, now=datetime.now(UTC))
    for warning in served.pair.warnings:
        journal.warning(warning)
    return served


def _warn_of_policy(config: Config, journal: Journal) -> None:
    """Say so where the policy lets nobody in, or a setting counts for nothing."""
    if config.tls.client_certificates != "none":
        return
    mend = "--set 'tls.client_certificates=\"optional\"'"
    if config.access.policy == "devices":
        journal.warning("nobody can log in: no device is asked for its certificate", mend=mend)
    for name in ("client_ca", "client_crl"):
        if getattr(config.tls, name) is not None:
            words = f"tls.{name} counts for nothing: no client is asked for its certificate"
            journal.warning(words, mend=mend)


def _raise_descriptor_limit(config: Config, journal: Journal) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        soft = hard
    except (OSError, ValueError):  # macOS refuses its own hard limit
        journal.debug("the descriptor limit stays", limit=soft)
    wanted = config.limits.users_max + DESCRIPTORS_KEPT
    if soft != resource.RLIM_INFINITY and soft < wanted:
        journal.warning(
            "descriptors are fewer than users", limit=soft, wanted=wanted, mend="ulimit -n"
        )


def _ca_file(cert: Path) -> str:
    """Return the CA's file by where `xchat-certs init` puts it, seen from the certificate."""
    folder = folder_of(cert)
    return str(folder.ca) if folder else CA
