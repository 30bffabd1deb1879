"""What a connection has yet to be sent, over real sockets with small buffers."""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.server.client import Client, shake_hands
from tests.server.libssl import LibsslClient
from xchat.server.outbox import ENCRYPT_BYTES, Outbox
from xchat.server.tls import TlsPipe

SMALL = 4_608
"""The smallest SO_SNDBUF that Linux gives."""


@dataclass
class Reader:
    """The peer: reads what the socket has, when told to."""

    sock: socket.socket
    tls: Client

    def read(self, bytes_max: int = 1 << 20) -> bytes:
        """Return the plaintext of what has come."""
        with contextlib.suppress(BlockingIOError):
            self.tls.feed(self.sock.recv(bytes_max))
        return b"".join(iter(self.tls.read, b""))


@contextlib.contextmanager
def connected(
    server_context: ssl.SSLContext, client_context: ssl.SSLContext, *, sndbuf: int = SMALL
) -> Iterator[tuple[Outbox, Reader]]:
    near, far = socket.socketpair()
    with near, far:
        near.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, sndbuf)
        near.setblocking(False)
        far.setblocking(False)
        pipe, client = TlsPipe(server_context), Client(client_context)
        shake_hands(pipe, client)
        yield Outbox(near, pipe), Reader(far, client)


@pytest.fixture
def ends(
    server_context: ssl.SSLContext, client_context: ssl.SSLContext
) -> Iterator[tuple[Outbox, Reader]]:
    with connected(server_context, client_context) as both:
        yield both


def drain(outbox: Outbox, reader: Reader) -> bytes:
    """Flush and read in turns until nothing is left."""
    read = b""
    for _ in range(10_000):
        all_sent = outbox.flush()
        read += reader.read()
        if all_sent:
            return read
    raise AssertionError(f"{outbox.size()} bytes do not go out")


def test_nothing_to_say_is_all_said(ends: tuple[Outbox, Reader]) -> None:
    outbox, _ = ends
    assert outbox.flush()
    assert not outbox.is_waiting
    assert outbox.size() == 0


def test_the_lines_of_a_turn_leave_in_one_record(ends: tuple[Outbox, Reader]) -> None:
    outbox, reader = ends
    outbox.fresh += [b"one\r\n", b"two\r\n", b"three\r\n"]
    assert outbox.flush()
    ciphertext = reader.sock.recv(65_536)
    assert int.from_bytes(ciphertext[3:5], "big") + 5 == len(ciphertext)
    reader.tls.feed(ciphertext)
    assert reader.read() == b"one\r\ntwo\r\nthree\r\n"
    assert outbox.fresh == []


def test_the_list_that_others_append_to_is_never_replaced(ends: tuple[Outbox, Reader]) -> None:
    outbox, reader = ends
    fresh = outbox.fresh
    fresh.append(b"x" * 200_000)
    outbox.flush()
    assert outbox.fresh is fresh
    drain(outbox, reader)
    assert outbox.fresh is fresh


def test_what_the_socket_does_not_take_waits(ends: tuple[Outbox, Reader]) -> None:
    outbox, reader = ends
    outbox.fresh.append(b"x" * 100_000)
    assert outbox.flush() is False
    assert 0 < outbox.size() <= 100_000 + 1000
    waited = outbox.is_waiting
    assert drain(outbox, reader) == b"x" * 100_000
    assert (waited, outbox.is_waiting, outbox.size()) == (True, False, 0)


def test_what_a_deaf_reader_is_told_stays_plaintext_that_others_share(
    ends: tuple[Outbox, Reader],
) -> None:
    """ "a slow reader costs plaintext that others share, not ciphertext of its own" """
    outbox, _ = ends
    outbox.fresh.append(b"x" * 100_000)
    outbox.flush()
    line = b"a line that others hear too\r\n"
    for _ in range(50):
        outbox.fresh.append(line)
        assert not outbox.flush()
    assert all(waiting is line for waiting in outbox.fresh)
    assert len(outbox.fresh) == 50


def test_the_size_is_what_waits_however_often_it_is_asked(ends: tuple[Outbox, Reader]) -> None:
    outbox, reader = ends
    outbox.fresh.append(b"x" * 50_000)
    outbox.flush()
    held = outbox.size()
    for number in range(1, 100):
        outbox.fresh.append(b"y" * 10)
        outbox.flush()
        assert outbox.size() == held + 10 * number
        assert outbox.size() == held + 10 * number
    drain(outbox, reader)
    assert outbox.size() == 0
    outbox.fresh.append(b"z" * 50_000)
    outbox.flush()
    assert held - 100 < outbox.size() <= held + 100


@pytest.mark.parametrize(
    "size",
    [1, 16_383, 16_384, 16_385, *(ENCRYPT_BYTES + more for more in (-1, 0, 1)), 5 * ENCRYPT_BYTES],
)
def test_all_arrives_at_the_edges_of_records_and_portions(
    ends: tuple[Outbox, Reader], size: int
) -> None:
    outbox, reader = ends
    data = bytes(range(251)) * (size // 251 + 1)
    outbox.fresh.append(data[:size])
    assert drain(outbox, reader) == data[:size]


def test_no_more_is_encrypted_than_a_portion(ends: tuple[Outbox, Reader]) -> None:
    outbox, _ = ends
    outbox.fresh.append(b"x" * (3 * ENCRYPT_BYTES))
    outbox.flush()
    assert len(outbox._rest) == 2 * ENCRYPT_BYTES
    assert len(outbox._ciphertext) <= ENCRYPT_BYTES + 5 * 22


def test_a_long_way_goes_in_one_flush_where_the_socket_takes_it(
    server_context: ssl.SSLContext, client_context: ssl.SSLContext
) -> None:
    with connected(server_context, client_context, sndbuf=1 << 22) as (outbox, reader):
        outbox.fresh.append(b"x" * (3 * ENCRYPT_BYTES))
        first = outbox.flush()
        assert drain(outbox, reader) == b"x" * (3 * ENCRYPT_BYTES)
        assert first or len(outbox.fresh) == 0


def test_a_very_long_way_costs_no_more_than_its_length(ends: tuple[Outbox, Reader]) -> None:
    """Neither a call within a call for each portion, nor a copy of all that is left."""
    outbox, _ = ends
    data, sent = b"x" * (640 * ENCRYPT_BYTES), 0

    def take_all(ciphertext: bytes) -> int:
        nonlocal sent
        sent += len(ciphertext)
        return len(ciphertext)

    outbox._send = take_all  # type: ignore[assignment]
    outbox.fresh.append(data)
    assert outbox.flush()
    assert sent > len(data)
    assert outbox.size() == 0
    assert isinstance(outbox._rest, bytes), "nothing holds on to what has gone"


def test_what_a_slow_reader_has_yet_to_get_is_not_copied_again_and_again(
    ends: tuple[Outbox, Reader],
) -> None:
    outbox, reader = ends
    data = b"x" * (20 * ENCRYPT_BYTES)
    outbox.fresh.append(data)
    read = waited = 0
    while not outbox.flush():
        if outbox._rest:
            assert isinstance(outbox._rest, memoryview)
            assert outbox._rest.obj is data
            waited += 1
        read += len(reader.read())
    assert waited > 10
    assert read + len(reader.read()) == len(data)
    outbox.fresh.append(b"more")
    assert drain(outbox, reader) == b"more"


def test_a_burst_leaves_no_great_buffer_behind(
    server_context: ssl.SSLContext, client_context: ssl.SSLContext
) -> None:
    """A memory BIO never shrinks: 64 KB a member after one burst would be 64 MB for a thousand."""

    class Counting:
        """Stands for what is underneath, and notes how much was in it at most."""

        def __init__(self, pipe: TlsPipe) -> None:
            self.most = 0
            self.pipe = pipe

        def write(self, data: bytes | memoryview) -> int:
            written = self.pipe.write(data)
            self.most = max(self.most, self.pipe.pending)
            return written

    near, far = socket.socketpair()
    with near, far:
        near.setblocking(False)
        pipe, client = TlsPipe(server_context), Client(client_context)
        shake_hands(pipe, client)
        counting = Counting(pipe)
        outbox = Outbox(near, pipe)
        outbox._write = counting.write
        outbox.fresh.append(b"x" * 300_000)
        drain(outbox, Reader(far, client))
    assert 16_384 < counting.most < 16_384 + 100


@settings(max_examples=40, deadline=None)
@given(
    steps=st.lists(
        st.one_of(
            st.tuples(st.just("say"), st.integers(1, 3_000)),
            st.tuples(st.just("say"), st.integers(10_000, 100_000)),
            st.tuples(st.just("flush"), st.just(0)),
            st.tuples(st.just("read"), st.integers(1, 20_000)),
        ),
        max_size=30,
    )
)
def test_every_byte_arrives_once_and_in_order_whatever_the_socket_takes(
    steps: list[tuple[str, int]], server_context: ssl.SSLContext, client_context: ssl.SSLContext
) -> None:
    """Pitfall 3: never drop, reorder or replace the head of the queue."""
    said = heard = b""
    with connected(server_context, client_context) as (outbox, reader):
        for number, (act, size) in enumerate(steps):
            if act == "say":
                data = (b"%d:" % number * (size // 2 + 1))[:size]
                outbox.fresh.append(data)
                said += data
            elif act == "flush":
                outbox.flush()
            else:
                heard += reader.read(size)
        heard += drain(outbox, reader)
    assert heard == said


def test_a_handshake_is_sent_too(server_context: ssl.SSLContext) -> None:
    near, far = socket.socketpair()
    with near, far:
        pipe, client = TlsPipe(server_context), Client(ssl.create_default_context())
        client.handshake()
        pipe.feed(client.take())
        assert Outbox(near, pipe).flush()
        assert far.recv(65_536)[:1] == b"\x16"


def test_what_tls_answers_to_a_deaf_peer_is_counted(server_context: ssl.SSLContext) -> None:
    """P6: who asks for key updates and never reads has the bound that everyone has."""
    near, far = socket.socketpair()
    with near, far:
        near.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SMALL)
        near.setblocking(False)
        pipe, client = TlsPipe(server_context), LibsslClient()
        shake_hands(pipe, client)
        outbox = Outbox(near, pipe)
        outbox.fresh.append(b"x" * 20_000)
        assert not outbox.flush()
        before = outbox.size()
        for _ in range(100):
            client.update_keys(ask_for_theirs=True)
        pipe.feed(client.take())
        assert not outbox.flush()
        assert outbox.size() >= before + 27
        client.close()


@pytest.mark.parametrize("tell", [b"x", b"x" * 100_000])
def test_a_peer_that_is_gone_is_an_oserror(ends: tuple[Outbox, Reader], tell: bytes) -> None:
    """Pitfall 8: treat every OSError as "gone", do not look at the reason."""
    outbox, reader = ends
    reader.sock.close()
    outbox.fresh.append(tell)
    with pytest.raises(OSError, match=r"\S"):
        outbox.flush()


def test_after_the_end_of_tls_saying_more_is_an_oserror(
    server_context: ssl.SSLContext, client_context: ssl.SSLContext
) -> None:
    near, far = socket.socketpair()
    with near, far:
        pipe, client = TlsPipe(server_context), Client(client_context)
        shake_hands(pipe, client)
        pipe.end()
        outbox = Outbox(near, pipe)
        outbox.fresh.append(b"x")
        with pytest.raises(OSError, match=r"\S"):
            outbox.flush()
