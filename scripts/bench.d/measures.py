"""What is measured: each function starts what it needs and returns figures.

Absolute times on a shared machine mean little; what counts under load is the server's CPU per
delivered message as a ratio to the others in the same run. Rounds are interleaved (every shape on
every server, then again) so that a machine whose speed drifts treats all alike; medians count.
"""

from __future__ import annotations

import json
import socket
import ssl
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from peers import Peer
from servers import BIN, CA, WORK, LoadFailedError, Running, everyone, ours, running

# name: what ircload is asked for; long enough that the CPU time is a second or so.
SHAPES = {
    "busy-100": "--clients 100 --senders 10 --messages 1000 --window 1",
    "single-100": "--clients 100 --senders 1 --messages 500 --window 1",
    "burst-100": "--clients 100 --senders 50 --messages 200 --window 8",
    "rooms-1000": "--clients 1000 --rooms 100 --senders 1000 --messages 40 --window 1",
    "hall-1000": "--clients 1000 --senders 20 --messages 30 --window 1",
}
Figures = dict[str, Any]
Results = dict[tuple[str, str], list[Figures]]
ECHOES = 500
STARTS = 7
COMMANDS = ("xchat-certs", "xchat-server", "xchat-client", "xchat-admin")
LOAD_SECONDS_MAX = 120


# -- ircload --------------------------------------------------------------------------------------


def ircload(server: Running, arguments: str, *, core: int | None = None) -> Figures:
    """Run the load generator against a server and return its figures."""
    pin = [] if core is None else ["taskset", "--cpu-list", str(core)]
    argv = [
        *pin, str(WORK / "ircload"), "--port", str(server.port), "--pid", str(server.pid),
        "--ca", str(CA), "--timeout", str(LOAD_SECONDS_MAX), *arguments.split(),
    ]  # fmt: skip
    done = subprocess.run(  # noqa: S603 - our own program and numbers
        argv, capture_output=True, text=True, check=False, timeout=LOAD_SECONDS_MAX + 30
    )
    if done.returncode:
        raise LoadFailedError(f"{server.peer.name}: {done.stderr[-300:] or done.stdout[-300:]}")
    figures: Figures = json.loads(done.stdout)
    return figures


def load(
    shapes: list[str],
    only: list[str],
    rounds: int,
    cores: tuple[int | None, int | None],
    tell: Callable[[str], None],
) -> Results:
    """Run every shape on every server, round after round; keep each run's figures.

    `cores` are the server's and the load's, None where the kernel chooses.
    """
    results: Results = defaultdict(list)
    peers = [peer for peer in everyone() if not only or peer.name in only]
    server_core, load_core = cores
    for number in range(rounds):
        for shape in shapes:
            for peer in peers:
                tell(f"round {number + 1} of {rounds}: {shape} on {peer.name}")
                fresh = ours() if peer.name == "xchat" else peer
                try:
                    with running(fresh, core=server_core) as server:
                        figures = ircload(server, SHAPES[shape], core=load_core)
                except LoadFailedError as failed:
                    print(f"\nround {number + 1}, {shape}: {failed}", file=sys.stderr)
                else:
                    results[shape, peer.name].append(figures)
    return results


def median(results: Results, shape: str, server: str, key: str) -> float | None:
    """Return the median of one figure over the rounds, None where it was not measured."""
    values = [figures[key] for figures in results.get((shape, server), [])]
    return statistics.median(values) if values else None


def idle(clients: int, seconds: float) -> Figures:
    """Let so many clients connect to XChat and stay; see who is left, and what each costs."""
    with running(ours()) as server:
        return ircload(server, f"--clients {clients} --idle {seconds}")


# -- one client ------------------------------------------------------------------------------------


@contextmanager
def logged_in(peer: Peer, nick: str = "probe", caps: str = "") -> Iterator[ssl.SSLSocket]:
    """Log in to a server that may not have started yet; verified TLS, as soon as it accepts."""
    context = ssl.create_default_context(cafile=str(CA))
    with connected(peer) as bare, context.wrap_socket(bare, server_hostname="localhost") as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        request = f"CAP REQ :{caps}\r\n" if caps else ""
        end = "CAP END\r\n" if caps else ""
        sock.sendall(f"{request}NICK {nick}\r\nUSER {nick} 0 * :{nick}\r\n{end}".encode())
        read_until(sock, b" 001 ")
        yield sock


def connected(peer: Peer) -> socket.socket:
    """Return a connection, tried for until there is one."""
    deadline = time.monotonic() + 20
    while True:
        try:
            return socket.create_connection(("127.0.0.1", peer.port), timeout=20)
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.001)


def read_until(sock: ssl.SSLSocket, wanted: bytes) -> None:
    """Read until `wanted` has come; raises OSError where it does not within 20 s."""
    received = b""
    while wanted not in received:
        data = sock.recv(65_536)
        if not data:
            raise ConnectionResetError(f"the server hung up: {received[-200:]!r}")
        received = (received + data)[-100_000:]


def start() -> list[float]:
    """Return the seconds from starting the process to the first accepted login, of each try."""
    return sorted(one_start() for _ in range(STARTS))


def one_start() -> float:
    """Start a server on an empty folder and log in as soon as it lets us."""
    peer = ours()
    begin = time.monotonic()
    process = subprocess.Popen(  # noqa: S603 - our own command
        peer.command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        with logged_in(peer):
            return time.monotonic() - begin
    finally:
        process.terminate()
        process.wait(10)


def echo() -> list[float]:
    """Return the seconds from a message sent to its echo, on an idle server, sorted."""
    peer, taken = ours(), []
    with running(peer), logged_in(peer, caps="echo-message") as sock:
        sock.sendall(b"JOIN #echo\r\n")
        read_until(sock, b" 366 ")
        for number in range(ECHOES):
            begin = time.monotonic()
            sock.sendall(f"PRIVMSG #echo :message {number}.\r\n".encode())
            read_until(sock, f":message {number}.\r\n".encode())
            taken.append(time.monotonic() - begin)
    return sorted(taken)


def commands() -> dict[str, float]:
    """Return the median wall time of each command's --help and --version, and Python's own."""
    lines = {
        "python -c ''": [sys.executable, "-c", ""],
        **{
            f"{command} {option}": [str(BIN / command), option]
            for command in COMMANDS
            for option in ("--help", "--version")
        },
    }
    return {name: statistics.median(wall_times(argv)) for name, argv in lines.items()}


def wall_times(argv: list[str]) -> Iterator[float]:
    """Yield the seconds that a command takes, seven times."""
    for _ in range(7):
        begin = time.monotonic()
        subprocess.run(argv, check=True, capture_output=True)  # noqa: S603 - our own commands
        yield time.monotonic() - begin
