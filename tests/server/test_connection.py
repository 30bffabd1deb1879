"""One connection, over a real pair of sockets: what it reads, what it waits for, and until when."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
from collections.abc import Iterator

import pytest

from tests.server.client import Client
from xchat.chat.session import Session
from xchat.irc.framing import LineTooLong
from xchat.limits import CIPHERTEXT_BYTES_A_TURN, Limits
from xchat.server.connection import LINGER_SECONDS, READ, WRITE, Connection, Phase
from xchat.server.tls import TlsError

LIMITS = Limits(
    handshake_seconds_max=10, registration_seconds_max=20, ping_seconds=90, ping_seconds_max=150,
    inbox_lines_max=5, outbox_soft_bytes=1000,
)  # fmt: skip


class Ends:
    """A connection of the server's, and the peer's socket and TLS."""

    def __init__(self, server: ssl.SSLContext, client: ssl.SSLContext) -> None:
        near, self.far = socket.socketpair()
        for sock in (near, self.far):
            sock.setblocking(False)
        near.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4_608)
        self.connection = Connection(near, "127.0.0.1", server, LIMITS, 100.0)
        self.tls = Client(client)

    def shake_hands(self) -> None:
        while not (self.tls.handshake() and self.connection.is_established):
            self.far.sendall(self.tls.take())
            assert not self.connection.receive()
            self.connection.outbox.flush()
            with contextlib.suppress(BlockingIOError):
                self.tls.feed(self.far.recv(65_536))

    def open(self) -> Session:
        self.shake_hands()
        session = Session("1.1", "127.0.0.1", 100.0)
        self.connection.open(session)
        return session

    def say(self, plaintext: bytes) -> None:
        self.far.sendall(self.tls.say(plaintext))

    def hear(self) -> bytes:
        with contextlib.suppress(BlockingIOError):
            self.tls.feed(self.far.recv(1 << 20))
        return self.tls.read()


@pytest.fixture
def ends(server_context: ssl.SSLContext, client_context: ssl.SSLContext) -> Iterator[Ends]:
    ends = Ends(server_context, client_context)
    yield ends
    ends.far.close()
    ends.connection.close()


# -- reading --------------------------------------------------------------------------------------


def test_lines_are_read_once_the_handshake_is_done(ends: Ends) -> None:
    ends.open()
    ends.say(b"NICK ana\r\nUSER a 0 * :A\r\nJO")
    assert ends.connection.receive() == [b"NICK ana", b"USER a 0 * :A"]
    ends.say(b"IN #a\r\n")
    assert ends.connection.receive() == [b"JOIN #a"]


def test_a_socket_with_nothing_in_it_gives_nothing(ends: Ends) -> None:
    assert ends.connection.receive() == ()


def test_no_more_than_a_turn_s_share_is_read(ends: Ends) -> None:
    """P5: "fed at most 16 KB of ciphertext a turn"."""
    ends.open()
    lines = [b"PRIVMSG #a :%d %s" % (number, b"x" * 90) for number in range(400)]
    ciphertext = b"".join(ends.tls.say(line + b"\r\n") for line in lines)
    ends.far.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
    ends.far.sendall(ciphertext)
    first = ends.connection.receive()
    assert 0 < sum(map(len, first)) <= CIPHERTEXT_BYTES_A_TURN  # type: ignore[arg-type]
    read = [*first]
    while more := ends.connection.receive():
        read += more
    assert read == lines


def test_a_line_too_long_keeps_its_place(ends: Ends) -> None:
    ends.open()
    ends.say(b"a\r\n" + b"x" * 10_000 + b"\r\nb\r\n")
    first, middle, last = ends.connection.receive()
    assert (first, last) == (b"a", b"b")
    assert isinstance(middle, LineTooLong)


def test_an_end_is_an_eoferror_with_or_without_a_goodbye(ends: Ends) -> None:
    """Pitfall 8: ragged or not, it is the end."""
    ends.open()
    ends.far.close()
    with pytest.raises(EOFError):
        ends.connection.receive()


def test_a_tls_goodbye_is_an_end_though_the_socket_stays(ends: Ends) -> None:
    ends.open()
    with pytest.raises(ssl.SSLWantReadError):
        ends.tls.tls.unwrap()
    ends.far.sendall(ends.tls.take())
    with pytest.raises(EOFError):
        ends.connection.receive()


def test_a_reset_is_an_oserror(server_context: ssl.SSLContext) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        far = socket.create_connection(listener.getsockname())
        near, _ = listener.accept()
    connection = Connection(near, "127.0.0.1", server_context, LIMITS, 100.0)
    far.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    far.close()
    with pytest.raises(ConnectionResetError):
        connection.receive()
    connection.close()


def test_what_is_not_tls_is_an_error(ends: Ends) -> None:
    ends.far.sendall(b"NICK ana\r\n")
    with pytest.raises(TlsError):
        ends.connection.receive()


@pytest.mark.parametrize("phase", [Phase.LEAVING, Phase.LINGERING])
def test_what_comes_after_the_end_is_thrown_away(ends: Ends, phase: Phase) -> None:
    ends.open()
    ends.connection.phase = phase
    ends.far.sendall(b"not even TLS")
    assert ends.connection.receive() == ()
    ends.far.close()
    with pytest.raises(EOFError):
        ends.connection.receive()


# -- waiting --------------------------------------------------------------------------------------


def test_it_wants_to_read_and_to_write_only_while_something_waits(ends: Ends) -> None:
    assert ends.connection.wants() == READ
    session = ends.open()
    assert ends.connection.wants() == READ
    session.outbox.append(b"x" * 100_000)
    assert not ends.connection.outbox.flush()
    assert ends.connection.wants() == READ | WRITE


def test_who_does_not_read_is_not_read_from(ends: Ends) -> None:
    """ "send queue soft 64 KB (stop *reading* from that client)" """
    session = ends.open()
    session.backlog = LIMITS.outbox_soft_bytes - 1
    assert ends.connection.wants() & READ
    session.backlog = LIMITS.outbox_soft_bytes
    assert not ends.connection.wants() & READ


def test_whose_lines_wait_is_not_read_from(ends: Ends) -> None:
    session = ends.open()
    session.inbox = [b"x"] * (LIMITS.inbox_lines_max - 1)
    assert ends.connection.wants() & READ
    session.inbox.append(b"x")
    assert ends.connection.wants() == 0


@pytest.mark.parametrize("phase", [Phase.LEAVING, Phase.LINGERING])
def test_who_is_going_is_read_from_whatever_waits(ends: Ends, phase: Phase) -> None:
    """So that its own goodbye, or a reset, is seen."""
    session = ends.open()
    session.backlog = 1 << 20
    session.inbox = [b"x"] * 100
    ends.connection.phase = phase
    assert ends.connection.wants() & READ


# -- deadlines ------------------------------------------------------------------------------------


def test_a_handshake_has_so_long_in_all_however_it_drips(ends: Ends) -> None:
    """ "handshake 10 s in total (not per read)" """
    ends.tls.handshake()
    for byte in ends.tls.take()[:50]:
        assert ends.connection.deadline() == 110
        ends.far.sendall(bytes([byte]))
        ends.connection.receive()
    assert ends.connection.deadline() == 110


def test_registration_has_so_long(ends: Ends) -> None:
    session = ends.open()
    assert ends.connection.deadline() == 120
    session.heard = 115
    assert ends.connection.deadline() == 120, "words that do not register do not count"


def test_silence_is_counted_from_what_was_heard_last(ends: Ends) -> None:
    session = ends.open()
    session.registered, session.heard = True, 200
    assert ends.connection.deadline() == 290
    ends.connection.pinged = True
    assert ends.connection.deadline() == 350


def test_bytes_that_make_no_line_are_silence(ends: Ends) -> None:
    session = ends.open()
    session.registered = True
    ends.say(b"PRIVM")
    assert list(ends.connection.receive()) == []
    assert ends.connection.deadline() == 190


@pytest.mark.parametrize("phase", [Phase.LEAVING, Phase.LINGERING])
def test_who_is_going_has_a_moment_whatever_it_was(ends: Ends, phase: Phase) -> None:
    session = ends.open()
    session.registered, session.heard = True, 1e6
    ends.connection.since = 300
    ends.connection.phase = phase
    assert ends.connection.deadline() == 300 + LINGER_SECONDS


def test_who_is_to_end_has_a_moment_too(ends: Ends) -> None:
    session = ends.open()
    session.registered, session.ending, ends.connection.since = True, "Quit", 300
    assert ends.connection.deadline() == 300 + LINGER_SECONDS


def test_what_is_closed_has_no_deadline(ends: Ends) -> None:
    ends.connection.close()
    assert ends.connection.deadline() is None


# -- the end --------------------------------------------------------------------------------------


def test_a_goodbye_ends_tls_and_our_half_and_reads_on(ends: Ends) -> None:
    """Pitfall 9: send close_notify best effort, then close with a linger timer."""
    session = ends.open()
    session.outbox.append(b"ERROR :bye\r\n")
    ends.connection.outbox.flush()
    ends.connection.say_goodbye(400)
    assert ends.connection.phase is Phase.LINGERING
    assert ends.connection.deadline() == 400 + LINGER_SECONDS
    assert ends.hear() == b"ERROR :bye\r\n"
    assert ends.tls.tls.read(1) == b"", "close_notify"
    assert ends.far.recv(1) == b"", "the end of our half"
    ends.far.sendall(b"still talking")
    assert ends.connection.receive() == ()


def test_a_goodbye_to_a_peer_that_is_gone_is_an_oserror(ends: Ends) -> None:
    ends.open()
    ends.far.close()
    with pytest.raises(OSError, match=r"\S"):
        ends.connection.say_goodbye(400)


def test_it_tells_version_and_cipher(ends: Ends) -> None:
    assert ends.connection.describe() == ("", "")
    ends.shake_hands()
    assert ends.connection.describe()[0] == "TLSv1.3"
