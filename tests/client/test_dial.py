"""Every address of a name is tried, and the first to answer is taken."""

from __future__ import annotations

import selectors
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from xchat.client import dial as dial_module
from xchat.client.dial import Dial
from xchat.client.exits import Exit, Fault
from xchat.client.peer import Peer

Found = tuple[int, int, int, str, tuple[object, ...]]


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """Return a socket that listens on IPv4 loopback."""
    with socket.create_server(("127.0.0.1", 0)) as made:
        yield made


def refusing(host: str = "127.0.0.1") -> Found:
    """Return an address where nothing listens."""
    with socket.create_server((host, 0)) as gone:
        return address(host, gone.getsockname()[1])


def address(host: str, port: int) -> Found:
    """Return an address as the resolver does."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return (family, socket.SOCK_STREAM, 6, "", (host, port))


def resolve_to(monkeypatch: pytest.MonkeyPatch, *found: Found) -> None:
    """Let every name have these addresses."""
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: list(found))


def run(dial: Dial) -> socket.socket:
    """Advance a dial as the link does; return the connection."""
    try:
        while True:
            connected = dial.advance(time.monotonic())
            if connected is not None:
                return connected
            with selectors.DefaultSelector() as selector:
                for sock in dial.readable:
                    selector.register(sock, selectors.EVENT_READ)
                for sock in dial.writable:
                    selector.register(sock, selectors.EVENT_WRITE)
                selector.select(max(0, dial.deadline() - time.monotonic()))
    finally:
        dial.close()


def test_connects_to_the_only_address(listener: socket.socket) -> None:
    port = listener.getsockname()[1]
    with run(Dial(Peer("127.0.0.1", port), time.monotonic())) as connected:
        assert connected.getpeername() == ("127.0.0.1", port)


def test_tries_each_address_until_one_answers(
    listener: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """IPv6 that is refused does not keep IPv4 from being used."""
    there = address("127.0.0.1", listener.getsockname()[1])
    resolve_to(monkeypatch, address("::1", there[4][1]), refusing(), refusing(), there)  # type: ignore[arg-type]
    start = time.monotonic()
    with run(Dial(Peer("many.lan"), start)) as connected:
        assert connected.getpeername() == there[4]
    assert time.monotonic() - start < 2


def test_a_silent_address_does_not_hold_up_the_next(
    listener: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        silent = full.getsockname()
        crowd = [socket.socket() for _ in range(4)]
        for sock in crowd:
            sock.setblocking(False)
            sock.connect_ex(silent)
        there = address("127.0.0.1", listener.getsockname()[1])
        resolve_to(monkeypatch, address(*silent), there)
        start = time.monotonic()
        with run(Dial(Peer("slow.lan"), start)) as connected:
            assert connected.getpeername() == there[4]
        assert time.monotonic() - start < 5
        for sock in crowd:
            sock.close()


def test_all_refused_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    resolve_to(monkeypatch, refusing(), refusing())
    with pytest.raises(Fault) as caught:
        run(Dial(Peer("gone.lan"), time.monotonic()))
    assert caught.value.end is Exit.NOBODY_THERE
    assert caught.value.transient


def test_no_answer_at_all_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dial_module, "DIAL_SECONDS_MAX", 0.2)
    answer = threading.Event()

    def look_up(*_: object, **__: object) -> list[Found]:
        answer.wait(20)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    with pytest.raises(Fault) as caught:
        run(Dial(Peer("mute.lan"), time.monotonic()))
    answer.set()
    assert caught.value.end is Exit.TIMED_OUT
