"""The servers that XChat is compared with: made to listen on one TLS port of loopback, unthrottled.

`found(folder, pair, ports)` returns what this machine has of them, each with its command.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SYSTEM_PATH = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"))


@dataclass(frozen=True, slots=True)
class Peer:
    """A server to measure: its name in the tables, its command, the files that command reads."""

    name: str
    command: tuple[str, ...]
    port: int


@dataclass(frozen=True, slots=True)
class Pair:
    """A certificate chain and its key, as files."""

    certificate: Path
    key: Path


NGIRCD = """\
[Global]
    Name = ngircd.bench.test
    Info = bench
    Listen = 127.0.0.1
    ServerUID = {user}
    ServerGID = {group}
[Limits]
    MaxConnections = 0
    MaxConnectionsIP = 0
    MaxJoins = 0
    MaxPenaltyTime = 0
    PingTimeout = 600
[Options]
    DNS = no
    Ident = no
    PAM = no
[SSL]
    CertFile = {certificate}
    KeyFile = {key}
    DHFile = {folder}/dh.pem
    Ports = {port}
"""

INSPIRCD = """\
<server name="inspircd.bench.test" description="bench" network="Bench">
<admin name="bench" nick="bench" email="bench@bench.test">
<module name="ssl_gnutls">
<sslprofile name="bench" provider="gnutls" certfile="{certificate}" keyfile="{key}"
  priority="NORMAL:-VERS-TLS-ALL:+VERS-TLS1.3">
<bind address="127.0.0.1" port="{port}" type="clients" sslprofile="bench">
<connect name="all" allow="*" timeout="60" pingfreq="600" hardsendq="100M" softsendq="100M"
  recvq="1M" localmax="100000" globalmax="100000" maxconnwarn="no" fakelag="no"
  commandrate="1000000" threshold="1000000" maxchans="100" resolvehostnames="no" useident="no">
<performance softlimit="100000" somaxconn="1024" quietbursts="yes">
<dns timeout="1">
<pid file="{folder}/inspircd.pid">
<log method="file" type="* -USERINPUT -USEROUTPUT" level="default" target="{folder}/inspircd.log">
"""

# A well-known group (RFC 7919, ffdhe2048), so that ngIRCd need not search for one at its start.
DH_PARAMETERS = """\
-----BEGIN DH PARAMETERS-----
MIIBCAKCAQEA//////////+t+FRYortKmq/cViAnPTzx2LnFg84tNpWp4TZBFGQz
+8yTnc4kmz75fS/jY2MMddj2gbICrsRhetPfHtXV/WVhJDP1H18GbtCFY2VVPe0a
87VXE15/V8k1mE8McODmi3fipona8+/och3xWKE2rec1MKzKT0g6eXq8CrGCsyT7
YdEIqUuyyOP7uWrat2DX9GgdT0Kj3jlN9K5W7edjcrsZCwenyO4KbXCeAvzhzffi
7MA0BM0oNC9hkXL+nOmFg/+OTxIy7vKBg8P+OxtMb61zO7X8vC7CIAXFjvGDfRaD
ssbzSibBsu/6iGtCOGEoXJf//////////wIBAg==
-----END DH PARAMETERS-----
"""


def found(folder: Path, pair: Pair, ports: Iterator[int]) -> list[Peer]:
    """Write the configurations of the peers this machine has into `folder` and return those."""
    return [make(folder, pair, next(ports)) for name, make in MAKERS.items() if which(name)]


def which(program: str) -> str | None:
    """Return where a server is; Debian puts them where only root looks."""
    return shutil.which(program, path=SYSTEM_PATH)


def ngircd(folder: Path, pair: Pair, port: int) -> Peer:
    """Configure ngIRCd (GnuTLS in Debian), without penalties and limits."""
    (folder / "dh.pem").write_text(DH_PARAMETERS)
    config = written(folder / "ngircd.conf", NGIRCD, pair, port)
    return Peer("ngircd", (str(which("ngircd")), "--nodaemon", "--config", str(config)), port)


def inspircd(folder: Path, pair: Pair, port: int) -> Peer:
    """Configure InspIRCd (GnuTLS in Debian), without fake lag and limits."""
    config = written(folder / "inspircd.conf", INSPIRCD, pair, port)
    as_root = ("--runasroot",) if os.geteuid() == 0 else ()
    command = (str(which("inspircd")), "--nofork", "--config", str(config), *as_root)
    return Peer("inspircd", command, port)


def written(path: Path, template: str, pair: Pair, port: int) -> Path:
    """Fill in a configuration for the user who runs this, and return where it is."""
    path.write_text(
        template.format(
            certificate=pair.certificate, key=pair.key, port=port, folder=path.parent,
            user=os.getuid(), group=os.getgid(),
        )
    )  # fmt: skip
    return path


MAKERS = {"inspircd": inspircd, "ngircd": ngircd}
