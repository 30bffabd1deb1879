"""Which sockets are ready: real listeners, real signals, real shortage of descriptors."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from xchat.chat.session import Session
from xchat.limits import ACCEPT_PAUSE_SECONDS, ACCEPTS_A_TURN, Limits
from xchat.server.connection import READ, WRITE, Connection
from xchat.server.loop import Loop

MakeConnection = Callable[[], tuple[Connection, socket.socket]]


@pytest.fixture
def listeners() -> Iterator[list[socket.socket]]:
    made = [socket.create_server(("127.0.0.1", 0), backlog=200) for _ in range(2)]
    for listener in made:
        listener.setblocking(False)
    yield made
    for listener in made:
        listener.close()


@pytest.fixture
def loop(listeners: list[socket.socket]) -> Iterator[Loop]:
    loop = Loop(listeners)
    yield loop
    loop.close()


@pytest.fixture
def closing() -> Iterator[contextlib.ExitStack]:
    with contextlib.ExitStack() as stack:
        yield stack


@pytest.fixture
def make_connection(
    server_context: ssl.SSLContext, closing: contextlib.ExitStack
) -> MakeConnection:
    def make() -> tuple[Connection, socket.socket]:
        near, far = map(closing.enter_context, socket.socketpair())
        near.setblocking(False)
        limits = Limits(outbox_soft_bytes=1000)
        return Connection(near, "127.0.0.1", server_context, limits, 0.0), far

    return make


def knock(
    listener: socket.socket, count: int, closing: contextlib.ExitStack
) -> list[socket.socket]:
    address = listener.getsockname()
    return [closing.enter_context(socket.create_connection(address, 10)) for _ in range(count)]


def take(loop: Loop, *, room: int = 1000, now: float = 0.0) -> int:
    """Wait for callers and accept; return how many came in."""
    loop.listen(now, room=room)
    loop.wait(0.5)
    came = list(loop.accept(now, room=room))
    for sock, _ in came:
        sock.close()
    return len(came)


# -- connections ----------------------------------------------------------------------------------


def test_who_is_ready_is_returned_with_what_for(
    loop: Loop, make_connection: MakeConnection
) -> None:
    connection, far = make_connection()
    loop.watch(connection)
    assert loop.wait(0) == []
    far.send(b"x")
    assert loop.wait(1) == [(connection, READ)]


def test_a_wait_ends_in_time_though_nothing_comes(loop: Loop) -> None:
    begun = time.monotonic()
    assert loop.wait(0.05) == []
    assert time.monotonic() - begun < 5


def test_watching_again_costs_nothing_where_nothing_changed(
    loop: Loop, make_connection: MakeConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection, _ = make_connection()
    loop.watch(connection)
    with monkeypatch.context() as patch:
        patch.setattr(loop, "_selector", None)
        loop.watch(connection)
    assert connection.interest == READ


def test_what_is_waited_for_follows_what_is_wanted(
    loop: Loop, make_connection: MakeConnection
) -> None:
    """Pitfall 15: register(events=0) is a ValueError: pausing reads means unregister."""
    connection, far = make_connection()
    connection.session = session = Session("1.1", "127.0.0.1", 0.0)
    for backlog, interest in ((0, READ), (5000, 0), (0, READ), (5000, 0), (5000, 0)):
        session.backlog = backlog
        loop.watch(connection)
        assert connection.interest == interest
    far.send(b"x")
    assert loop.wait(0.05) == []
    session.backlog = 0
    loop.watch(connection)
    assert loop.wait(1) == [(connection, READ)]


def test_the_wish_to_write_is_met(loop: Loop, make_connection: MakeConnection) -> None:
    connection, far = make_connection()
    connection.session = session = Session("1.1", "127.0.0.1", 0.0)
    connection.outbox._ciphertext = b"waits"
    session.backlog = 5000
    loop.watch(connection)
    assert loop.wait(1) == [(connection, WRITE)]
    session.backlog = 0
    far.send(b"x")
    loop.watch(connection)
    assert loop.wait(1) == [(connection, READ | WRITE)]


@pytest.mark.parametrize("writing", [False, True])
def test_a_reset_is_seen_whatever_is_waited_for(
    loop: Loop, make_connection: MakeConnection, *, writing: bool
) -> None:
    """Pitfall 15: HUP and ERR come as the registered event."""
    connection, far = make_connection()
    connection.session = session = Session("1.1", "127.0.0.1", 0.0)
    if writing:
        session.backlog, connection.outbox._ciphertext = 5000, b"waits"
    loop.watch(connection)
    far.close()
    assert loop.wait(1) == [(connection, connection.interest)]


def test_a_descriptor_used_again_is_no_stranger(
    loop: Loop, make_connection: MakeConnection
) -> None:
    """Pitfall 15: close without unregister, and the same number is "already registered"."""
    numbers = set()
    for _ in range(20):
        connection, far = make_connection()
        numbers.add(connection.sock.fileno())
        loop.watch(connection)
        loop.forget(connection)
        loop.forget(connection)
        connection.close()
        far.close()
    assert len(numbers) < 20
    assert loop.wait(0) == []


def test_who_is_forgotten_is_never_returned(loop: Loop, make_connection: MakeConnection) -> None:
    connection, far = make_connection()
    loop.watch(connection)
    far.send(b"x")
    loop.forget(connection)
    assert loop.wait(0.05) == []


# -- accepting ------------------------------------------------------------------------------------


def test_callers_come_in_with_their_address(
    loop: Loop, listeners: list[socket.socket], closing: contextlib.ExitStack
) -> None:
    callers = [*knock(listeners[0], 1, closing), *knock(listeners[1], 1, closing)]
    loop.listen(0, room=10)
    loop.wait(1)
    came = [(closing.enter_context(sock), address) for sock, address in loop.accept(0, room=10)]
    assert [address for _, address in came] == ["127.0.0.1"] * 2
    assert {sock.getpeername() for sock, _ in came} == {sock.getsockname() for sock in callers}


def test_no_more_than_a_turn_s_share_come_in(
    loop: Loop, listeners: list[socket.socket], closing: contextlib.ExitStack
) -> None:
    """Pitfall 16: loop over accept at most ~50 a turn."""
    knock(listeners[0], ACCEPTS_A_TURN + 20, closing)
    knock(listeners[1], ACCEPTS_A_TURN + 20, closing)
    assert take(loop) == ACCEPTS_A_TURN
    assert take(loop) == ACCEPTS_A_TURN
    assert take(loop) == 40


@pytest.mark.parametrize(("room", "come"), [(-3, 0), (0, 0), (2, 2), (10, 10)])
def test_no_more_come_in_than_there_is_room_for(
    loop: Loop, listeners: list[socket.socket], closing: contextlib.ExitStack, room: int, come: int
) -> None:
    knock(listeners[0], 12, closing)
    knock(listeners[1], 12, closing)
    assert take(loop, room=room) == come


def test_without_room_callers_wait_and_wake_nobody(
    loop: Loop, listeners: list[socket.socket], closing: contextlib.ExitStack
) -> None:
    knock(listeners[0], 1, closing)
    loop.listen(0, room=0)
    before = time.process_time()
    assert loop.wait(0.2) == []
    assert time.process_time() - before < 0.15
    assert take(loop, room=1) == 1


def test_room_that_went_between_waiting_and_accepting_lets_nobody_in(
    loop: Loop, listeners: list[socket.socket], closing: contextlib.ExitStack
) -> None:
    knock(listeners[0], 3, closing)
    loop.listen(0, room=10)
    loop.wait(1)
    assert list(loop.accept(0, room=0)) == []


def test_who_hung_up_before_being_accepted_harms_nobody(
    loop: Loop, listeners: list[socket.socket], closing: contextlib.ExitStack
) -> None:
    for sock in knock(listeners[0], 5, closing):
        sock.close()
    knock(listeners[0], 1, closing)
    assert 1 <= take(loop) <= 6


@contextlib.contextmanager
def no_descriptors_left() -> Iterator[None]:
    """Let this process open nothing more."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    highest = max(map(int, os.listdir("/proc/self/fd")))  # noqa: PTH208 - Path.iterdir opens one more
    resource.setrlimit(resource.RLIMIT_NOFILE, (highest + 1, hard))
    filling = []
    try:
        while True:
            try:
                filling.append(os.open("/dev/null", os.O_RDONLY))
            except OSError:
                break
        yield
    finally:
        for descriptor in filling:
            os.close(descriptor)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_out_of_descriptors_the_listeners_rest_and_do_not_spin(
    loop: Loop, listeners: list[socket.socket], closing: contextlib.ExitStack
) -> None:
    """Pitfall 16, P9: all three peers spin here (23–52 % CPU)."""
    knock(listeners[0], 3, closing)
    with no_descriptors_left():
        assert take(loop, now=100) == 0
        paused_until = loop.listen(100, room=1000)
        assert paused_until == 100 + ACCEPT_PAUSE_SECONDS
        before, turns = time.process_time(), 0
        end = time.monotonic() + 0.3
        while time.monotonic() < end:
            loop.wait(0.1)
            loop.listen(100, room=1000)
            turns += 1
        assert turns < 10
        assert time.process_time() - before < 0.2
    assert loop.listen(100 + ACCEPT_PAUSE_SECONDS, room=1000) is None
    assert take(loop, now=100 + ACCEPT_PAUSE_SECONDS) == 3


# -- signals --------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_wakes_the_loop_and_sets_a_flag(loop: Loop, number: signal.Signals) -> None:
    """Pitfall 17: the handler sets a flag and wakes, nothing else."""
    with loop.signals():
        threading.Timer(0.05, os.kill, (os.getpid(), number)).start()
        begun = time.monotonic()
        while not loop.is_stopping and time.monotonic() - begun < 10:
            assert loop.wait(10) == []
        assert loop.is_stopping
        assert time.monotonic() - begun < 5


def test_a_signal_just_before_the_wait_is_not_slept_through(loop: Loop) -> None:
    with loop.signals():
        signal.raise_signal(signal.SIGTERM)
        assert loop.is_stopping
        begun = time.monotonic()
        loop.wait(10)
        assert time.monotonic() - begun < 5


def test_a_burst_of_signals_is_swallowed(loop: Loop) -> None:
    with loop.signals():
        for _ in range(10_000):
            signal.raise_signal(signal.SIGTERM)
        for _ in range(20):
            loop.wait(0)
        begun = time.monotonic()
        loop.wait(0.2)
        assert time.monotonic() - begun > 0.15, "nothing of it is left to wake for"


def test_signals_are_as_they_were_afterwards(loop: Loop) -> None:
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    with loop.signals():
        assert signal.getsignal(signal.SIGTERM) != before[0]
    assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == before
    assert signal.set_wakeup_fd(-1) == -1


def test_work_may_end_after_the_loop(listeners: list[socket.socket]) -> None:
    """It was a traceback on standard error: what runs beside the loop is not waited for."""
    loop = Loop(listeners)
    loop.close()
    loop.wake()
