"""P8, "No input stops it": whatever bytes arrive, the server answers or hangs up, and goes on."""

from __future__ import annotations

import contextlib
import socket
import struct
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import RecordTiming
from tests.e2e.conftest import UNLIMITED, MakeServer
from tests.e2e.malformed import CASES, Case, Stage
from tests.e2e.programs import Pki, Server
from tests.e2e.raw import GoneError, RawClient
from tests.e2e.records import ALERT, DATA, HANDSHAKE, KEY_UPDATE_BOTH, Sealer, handmade

PONG_SECONDS_MAX = 2.0
"""P8: PONG within 2 s after each."""
ANSWER_SECONDS_MAX = 20.0
KEY_UPDATES = 20_000


@pytest.fixture(scope="module")
def hardy(tmp_path_factory: pytest.TempPathFactory, own_pki: Pki) -> Iterator[Server]:
    """One server for the whole table: it has to survive all of it."""
    server = Server(tmp_path_factory.mktemp("hardy"), own_pki, (UNLIMITED,))
    server.start()
    yield server
    assert server.running.running.poll() is None, server.running.errors
    server.close()


@pytest.fixture(scope="module")
def healthy(hardy: Server) -> Iterator[RawClient]:
    """One client that is there all the time and sees nothing of what goes on."""
    with RawClient.join(hardy.port, hardy.ca, "healthy") as client:
        yield client


@pytest.fixture
def still_well(healthy: RawClient, timing: RecordTiming) -> Callable[[], None]:
    """Ask for a PONG, which has to come in time."""

    def ask() -> None:
        timing("PING beside malformed input", healthy.ping(seconds=PONG_SECONDS_MAX))

    return ask


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_server_goes_on_after(
    case: Case, hardy: Server, still_well: Callable[[], None]
) -> None:
    SENDERS[case.stage](hardy, case.raw)
    still_well()


def send_bare(server: Server, raw: bytes) -> None:
    """Send bytes to the port and hang up at once, then the same and hang up when answered."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=ANSWER_SECONDS_MAX) as sock:
        send_while_it_listens(sock, raw)
    with socket.create_connection(("127.0.0.1", server.port), timeout=ANSWER_SECONDS_MAX) as sock:
        send_while_it_listens(sock, raw)
        drained(sock)


def send_while_it_listens(sock: socket.socket, raw: bytes) -> None:
    with contextlib.suppress(OSError):  # to hang up in the middle is an answer
        sock.sendall(raw)


def drained(sock: socket.socket) -> bytes:
    """Say no more, and return what comes until the server hangs up, which it must."""
    received = b""
    with contextlib.suppress(OSError):  # it may be gone already
        sock.shutdown(socket.SHUT_WR)
    with contextlib.suppress(ConnectionError):  # a reset is a hang-up
        while data := sock.recv(65_536):
            received += data
    return received


def send_new(server: Server, raw: bytes) -> None:
    with RawClient.connect(server.port, server.ca) as client:
        send_lines(client, raw)


def send_as_user(server: Server, raw: bytes) -> None:
    caps = "echo-message message-tags labeled-response batch"
    with RawClient.join(server.port, server.ca, "user", "#lobby", caps=caps) as client:
        send_lines(client, raw)


def send_lines(client: RawClient, raw: bytes) -> None:
    """Send and wait until the server has handled it: it answers a PING after it, or hangs up."""
    with contextlib.suppress(GoneError):  # to hang up is an answer
        client.send_bytes(raw + b"\r\nPING :handled-it\r\n")
        client.wait(r"handled-it", seconds=ANSWER_SECONDS_MAX)
    assert not any("\r" in line or "\0" in line for line in client.seen)


SENDERS: dict[Stage, Callable[[Server, bytes], None]] = {
    Stage.BARE: send_bare,
    Stage.NEW: send_new,
    Stage.USER: send_as_user,
}


def reset(server: Server) -> None:
    """A client that vanishes with a reset in the middle of a line."""
    with RawClient.join(server.port, server.ca, "vanishes", "#lobby") as client:
        client.send_bytes(b"PRIVMSG #lobby :half a li")
        client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def half_closed(server: Server) -> None:
    """A client that closes its half and goes on listening."""
    with RawClient.join(server.port, server.ca, "halves", "#lobby") as client:
        client.send("PRIVMSG #lobby :the last of me")
        client.sock.shutdown(socket.SHUT_WR)
        client.read_to_the_end(seconds=ANSWER_SECONDS_MAX)


def byte_by_byte(server: Server) -> None:
    """A client that sends one byte to a TLS record."""
    with RawClient.connect(server.port, server.ca) as client:
        for byte in b"NICK drip\r\nUSER drip 0 * :drip\r\nPING :dripped\r\n":
            client.send_bytes(bytes([byte]))
        client.wait("dripped")


def gone_after_hello(server: Server) -> None:
    """A hundred clients that hang up in the middle of the handshake."""
    for case in CASES:
        if case.name.startswith("bare-hello"):
            for _ in range(4):
                with socket.create_connection(("127.0.0.1", server.port)) as sock:
                    send_while_it_listens(sock, case.raw)


MANNERS = (reset, half_closed, byte_by_byte, gone_after_hello)


@pytest.mark.parametrize("manner", MANNERS, ids=lambda manner: manner.__name__)
def test_the_server_goes_on_after_a_client(
    manner: Callable[[Server], None], hardy: Server, still_well: Callable[[], None]
) -> None:
    manner(hardy)
    still_well()


RECORDS: dict[str, Callable[[Sealer], bytes]] = {
    "empty-data": lambda seal: seal.seal(DATA, b"") * 1,
    "empty-data-flood": lambda seal: b"".join(seal.seal(DATA, b"") for _ in range(5000)),
    "only-padding": lambda seal: seal.seal(0, b"", padding=1000),
    "of-no-kind": lambda seal: seal.seal(99, b"x"),
    "of-bad-mac": lambda seal: seal.seal(DATA, b"NICK x\r\n")[:-1] + b"\0",
    "of-plain-text": lambda seal: b"\x17\x03\x03\x00\x20" + b"x" * 32,
    "too-long": lambda seal: b"\x17\x03\x03\xff\xff" + b"x" * 65_535,
    "data-too-long": lambda seal: seal.seal(DATA, b"x" * 17_000),
    "alert-warning": lambda seal: seal.seal(ALERT, b"\x01\x5a"),
    "alert-fatal": lambda seal: seal.seal(ALERT, b"\x02\x28"),
    "close-then-data": lambda seal: seal.seal(ALERT, b"\x01\0") + seal.seal(DATA, b"NICK x\r\n"),
    "hello-again": lambda seal: seal.seal(HANDSHAKE, b"\x01\x00\x00\x04abcd"),
    "certificate-unasked": lambda seal: seal.seal(HANDSHAKE, b"\x0b\x00\x00\x04\0\0\0\0"),
    "ticket-from-client": lambda seal: seal.seal(HANDSHAKE, b"\x04\x00\x00\x04\0\0\0\0"),
    "key-update-of-2": lambda seal: seal.seal(HANDSHAKE, b"\x18\x00\x00\x01\x02"),
    "key-update-cut": lambda seal: seal.seal(HANDSHAKE, b"\x18\x00\x00"),
    "key-update-then-silence": lambda seal: seal.update(),
    "key-update-and-back": lambda seal: seal.update(KEY_UPDATE_BOTH),
}


@pytest.mark.parametrize("name", RECORDS)
def test_the_server_goes_on_after_a_record(
    name: str, hardy: Server, tmp_path: Path, still_well: Callable[[], None]
) -> None:
    sock, sealer = handmade(hardy.port, hardy.ca, tmp_path)
    with sock:
        send_while_it_listens(sock, RECORDS[name](sealer))
        send_while_it_listens(sock, sealer.seal(DATA, b"QUIT\r\n"))
        drained(sock)
    still_well()


@pytest.mark.parametrize(
    "message", [b"\x18\0\0\1\0", KEY_UPDATE_BOTH], ids=["one-way", "both-ways"]
)
def test_a_flood_of_key_updates_delays_nobody_and_is_cut_off(
    message: bytes, hardy: Server, healthy: RawClient, tmp_path: Path, timing: RecordTiming
) -> None:
    """P10: "key updates bounded"; a peer is dropped after 64 KB of them without a word."""
    sock, sealer = handmade(hardy.port, hardy.ca, tmp_path)
    flood = b"".join(sealer.update(message) for _ in range(KEY_UPDATES))
    with sock:
        sock.setblocking(False)
        sent, deadline = 0, time.monotonic() + ANSWER_SECONDS_MAX
        while sent < len(flood) and time.monotonic() < deadline:
            try:
                with contextlib.suppress(BlockingIOError):  # it reads no further for now
                    sent += sock.send(flood[sent : sent + 16_384])
            except ConnectionError:
                break
            timing("PING beside key updates", healthy.ping(seconds=PONG_SECONDS_MAX))
        sock.settimeout(ANSWER_SECONDS_MAX)
        drained(sock)


def test_what_is_not_tls_is_hung_up_on_with_limits_on(make_server: MakeServer) -> None:
    """The limits of the default: a flood of bad handshakes is refused, and the healthy go on."""
    server = make_server()
    with RawClient.join(server.port, server.ca, "healthy") as healthy:
        for case in CASES:
            if case.stage is Stage.BARE:
                with socket.create_connection(("127.0.0.1", server.port)) as sock:
                    send_while_it_listens(sock, case.raw)
        assert healthy.ping(seconds=PONG_SECONDS_MAX) < PONG_SECONDS_MAX
