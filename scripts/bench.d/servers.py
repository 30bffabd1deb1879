"""A server under measurement: started, waited for, stopped; ours, the floor's and the peers'."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from peers import Pair, Peer, found

ROOT = Path(__file__).resolve().parent.parent.parent
BIN = Path(sys.executable).parent
WORK = ROOT / ".bench"
CERTS = WORK / "certs"
CA = CERTS / "ca.pem"

START_SECONDS_MAX = 30.0
STOP_SECONDS_MAX = 10.0
LOOK_EVERY_SECONDS = 0.002
SETTLE_SECONDS = 0.5
"""What peers do in the background once they accept (ngIRCd makes its keys) is not measured."""

# What limits connections, lifted as the peers' limits are; history, commits and TLS as always.
OURS = (
    'limits.exempt=["127.0.0.0/8"]',
    "limits.unregistered_max=10000",
    "limits.users_max=100000",
)


class LoadFailedError(Exception):
    """A server did not start, or did not deliver all that was expected: why."""


@dataclass(frozen=True, slots=True)
class Running:
    """A server that accepts connections."""

    peer: Peer
    pid: int

    @property
    def port(self) -> int:
        """Where it listens on 127.0.0.1."""
        return self.peer.port


def prepare() -> None:
    """Build the C programs and make the certificates, where that is still to be done."""
    WORK.mkdir(exist_ok=True)
    for program in ("ircload", "limit"):
        build(program)
    if not CA.exists():
        certs = [str(BIN / "xchat-certs"), "init", "--dir", str(CERTS)]
        subprocess.run(certs, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - our own command


def build(program: str) -> None:
    """Compile one of the C programs, if its source is newer."""
    source, target = Path(__file__).with_name(f"{program}.c"), WORK / program
    if target.exists() and target.stat().st_mtime > source.stat().st_mtime:
        return
    compiler = shutil.which("cc")
    if compiler is None:
        raise SystemExit("bench: no C compiler\n  on Debian: apt install gcc libssl-dev")
    argv = [compiler, "-O2", "-o", str(target), str(source), "-lssl", "-lcrypto"]
    if subprocess.run(argv, check=False).returncode:  # noqa: S603 - our own source
        raise SystemExit(f"bench: {source.name} does not compile\n  apt install gcc libssl-dev")


def free_ports() -> Iterator[int]:
    """Yield ports of loopback that nobody listens on."""
    while True:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port: int = probe.getsockname()[1]
        yield port


def pair() -> Pair:
    """Return the certificate that all servers show."""
    return Pair(CERTS / "live" / "server.pem", CERTS / "live" / "server-key.pem")


def ours(*settings: str) -> Peer:
    """Return XChat's server with an empty data folder."""
    port, data = next(free_ports()), WORK / "data"
    shutil.rmtree(data, ignore_errors=True)
    words = [word for setting in (*OURS, *settings) for word in ("--set", setting)]
    return Peer("xchat", (
        str(BIN / "xchat-server"), "--cert", str(pair().certificate), "--key", str(pair().key),
        "--host", "127.0.0.1", "--port", str(port), "--data", str(data), *words,
    ), port)  # fmt: skip


def floor() -> Peer:
    """Return the C program that does nothing but TLS."""
    port = next(free_ports())
    argv = (str(WORK / "limit"), str(port), str(pair().certificate), str(pair().key))
    return Peer("floor", argv, port)


def everyone() -> list[Peer]:
    """Return XChat, the floor, and the peers that this machine has."""
    return [ours(), floor(), *found(WORK, readable_pair(), free_ports())]


def readable_pair() -> Pair:
    """Return copies for peers that give up root before they read their key."""
    copies = Pair(WORK / "peers.pem", WORK / "peers-key.pem")
    for source, copy in ((pair().certificate, copies.certificate), (pair().key, copies.key)):
        shutil.copyfile(source, copy)
        copy.chmod(0o600)
    return copies


@contextmanager
def running(peer: Peer, *, settle: bool = True, core: int | None = None) -> Iterator[Running]:
    """Run a server for the length of the block; it accepts when the block begins."""
    log = (WORK / f"{peer.name}.log").open("wb")
    pin = () if core is None else ("taskset", "--cpu-list", str(core))
    process = subprocess.Popen(  # noqa: S603 - commands made above
        [*pin, *peer.command], stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=WORK
    )
    try:
        wait_until_it_accepts(peer, process)
        if settle:
            time.sleep(SETTLE_SECONDS)
        yield Running(peer, process.pid)
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        log.close()


def wait_until_it_accepts(peer: Peer, process: subprocess.Popen[bytes]) -> None:
    """Return once the port takes a connection; raises LoadFailedError where it never does."""
    deadline = time.monotonic() + START_SECONDS_MAX
    while process.poll() is None and time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", peer.port), timeout=1).close()
        except OSError:
            time.sleep(LOOK_EVERY_SECONDS)
        else:
            return
    raise LoadFailedError(f"{peer.name} did not start: see {WORK}/{peer.name}.log")
