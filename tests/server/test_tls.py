"""TLS as bytes in, bytes out, against OpenSSL in memory."""

from __future__ import annotations

import contextlib
import ssl
import time
from collections.abc import Callable, Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.server.client import Client, shake_hands
from tests.server.libssl import TLS1_2, LibsslClient
from xchat.limits import (
    CIPHERTEXT_BYTES_A_TURN,
    CIPHERTEXT_PER_PLAINTEXT_MAX,
    SILENT_CIPHERTEXT_BYTES_MAX,
)
from xchat.server.tls import TlsError, TlsPipe

KEY_UPDATE_BYTES = 27
LINE = b"PING here\r\n"


@pytest.fixture
def pipe(server_context: ssl.SSLContext) -> TlsPipe:
    return TlsPipe(server_context)


@pytest.fixture
def client(pipe: TlsPipe, client_context: ssl.SSLContext) -> Client:
    """A client whose handshake with `pipe` is done."""
    client = Client(client_context)
    shake_hands(pipe, client)
    return client


@pytest.fixture
def libssl() -> Iterator[Callable[..., LibsslClient]]:
    made: list[LibsslClient] = []

    def make(**options: int) -> LibsslClient:
        made.append(LibsslClient(**options))
        return made[-1]

    yield make
    for client in made:
        client.close()


# -- coming to an agreement -----------------------------------------------------------------------


def test_words_go_both_ways(pipe: TlsPipe, client: Client) -> None:
    assert pipe.feed(client.say(LINE)) == LINE
    pipe.write(b"PONG\r\n")
    client.feed(pipe.take())
    assert client.read() == b"PONG\r\n"


def test_it_tells_version_and_cipher(pipe: TlsPipe, client: Client) -> None:
    version, cipher = pipe.describe()
    assert version == "TLSv1.3"
    assert cipher.startswith("TLS_")


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.differing_executors])
@given(cuts=st.lists(st.integers(1, 600), min_size=1, max_size=40))
def test_a_handshake_may_come_in_any_pieces(
    cuts: list[int], server_context: ssl.SSLContext, client_context: ssl.SSLContext
) -> None:
    pipe, client = TlsPipe(server_context), Client(client_context)
    client.handshake()
    ciphertext, got = client.take(), b""
    while not pipe.established:
        size = cuts[0]
        cuts = [*cuts[1:], size]
        assert ciphertext, "the server waits for what nobody will send"
        got += pipe.feed(ciphertext[:size])
        ciphertext = ciphertext[size:]
        if taken := pipe.take():
            client.feed(taken)
            assert client.handshake()
            ciphertext += client.say(LINE)
    for place in range(0, len(ciphertext), cuts[0]):
        got += pipe.feed(ciphertext[place : place + cuts[0]])
    assert got == LINE


def test_words_may_come_with_the_end_of_the_handshake(
    pipe: TlsPipe, client_context: ssl.SSLContext
) -> None:
    client = Client(client_context)
    client.handshake()
    assert pipe.feed(client.take()) == b""
    client.feed(pipe.take())
    assert client.handshake()
    assert pipe.feed(client.say(LINE)) == LINE


def test_all_records_that_came_are_read(pipe: TlsPipe, client: Client) -> None:
    """Pitfall 4: recv(≥16384) returns at most one record."""
    many = b"".join(client.say(b"%d\r\n" % number) for number in range(100))
    assert pipe.feed(many) == b"".join(b"%d\r\n" % number for number in range(100))


def test_a_record_of_the_greatest_size_comes_in_two_turns(pipe: TlsPipe, client: Client) -> None:
    ciphertext = client.say(b"x" * 16_384)
    assert len(ciphertext) > CIPHERTEXT_BYTES_A_TURN
    assert pipe.feed(ciphertext[:CIPHERTEXT_BYTES_A_TURN]) == b""
    assert pipe.feed(ciphertext[CIPHERTEXT_BYTES_A_TURN:]) == b"x" * 16_384


# -- what is not TLS, or not ours -----------------------------------------------------------------


@pytest.mark.parametrize(
    "garbage",
    [
        b"NICK ana\r\nUSER ana 0 * :Ana\r\n",
        b"GET / HTTP/1.1\r\nHost: here\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"\0" * 100,
        b"\xff" * 100,
        b"\x16\x03\x01\xff\xff" + b"\0" * 100,
        b"\x80\x2e\x01\x03\x01" + b"\0" * 50,
        b"\x17\x03\x03\x00\x20" + b"x" * 32,
        b"\x15\x03\x03\x00\x02\x02\x28",
    ],
)
def test_what_is_not_tls_is_an_error_in_words(pipe: TlsPipe, garbage: bytes) -> None:
    with pytest.raises(TlsError, match=r"^\S"):
        pipe.feed(garbage)
    assert not pipe.established
    assert b"ERROR" not in pipe.take(), "nothing is said in the clear"


@given(garbage=st.binary(min_size=1, max_size=300))
@settings(max_examples=100, deadline=None)
def test_no_bytes_come_to_anything_but_waiting_or_an_error(
    garbage: bytes, server_context: ssl.SSLContext
) -> None:
    pipe = TlsPipe(server_context)
    with contextlib.suppress(TlsError, EOFError):
        assert pipe.feed(garbage) == b""
    assert not pipe.established


@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_a_byte_changed_on_the_way_is_an_error(
    data: st.DataObject, server_context: ssl.SSLContext, client_context: ssl.SSLContext
) -> None:
    pipe, client = TlsPipe(server_context), Client(client_context)
    shake_hands(pipe, client)
    ciphertext = bytearray(client.say(LINE))
    place = data.draw(st.integers(5, len(ciphertext) - 1))
    ciphertext[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises(TlsError):
        pipe.feed(bytes(ciphertext))


def test_who_does_not_trust_us_is_an_error_that_says_so(pipe: TlsPipe) -> None:
    client = Client(ssl.create_default_context())
    client.handshake()
    pipe.feed(client.take())
    client.feed(pipe.take())
    with pytest.raises(ssl.SSLCertVerificationError):
        client.handshake()
    with pytest.raises(TlsError, match="UNKNOWN_CA"):
        pipe.feed(client.take())


def test_tls_1_2_is_refused_and_the_peer_told_why(
    pipe: TlsPipe,
) -> None:
    """P10. The refusal is an alert: whoever waits to be sent must send it."""
    context = ssl.create_default_context()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    client = Client(context)
    client.handshake()
    with pytest.raises(TlsError, match="UNSUPPORTED_PROTOCOL"):
        pipe.feed(client.take())
    assert pipe.pending
    client.feed(pipe.take())
    with pytest.raises(ssl.SSLError, match="PROTOCOL_VERSION"):
        client.handshake()


def test_tls_1_2_is_spoken_when_asked_for(
    server_context_12: ssl.SSLContext, libssl: Callable[..., LibsslClient]
) -> None:
    pipe, client = TlsPipe(server_context_12), libssl(version_max=TLS1_2)
    shake_hands(pipe, client)
    assert pipe.describe()[0] == "TLSv1.2"
    client.write(LINE)
    assert pipe.feed(client.take()) == LINE


def test_who_renegotiates_gets_nowhere(
    server_context_12: ssl.SSLContext, libssl: Callable[..., LibsslClient]
) -> None:
    """Pitfall 13, P10: no renegotiation."""
    pipe, client = TlsPipe(server_context_12), libssl(version_max=TLS1_2)
    shake_hands(pipe, client)
    client.renegotiate()
    asked = client.take()
    assert asked
    try:
        assert pipe.feed(asked) == b""
    except TlsError:
        return
    answer = pipe.take()
    assert len(answer) < 100, "an alert, and no ServerHello with a certificate"
    client.feed(answer)
    assert not client.handshake()


def test_no_ticket_follows_the_handshake(pipe: TlsPipe, client: Client) -> None:
    assert pipe.feed(client.say(LINE)) == LINE
    assert pipe.pending == 0
    assert client.tls.session is None or not client.tls.session.has_ticket


# -- what is silent -------------------------------------------------------------------------------


def key_updates(client: LibsslClient, count: int, *, ask: bool, word: bytes = b"") -> bytes:
    """Return so many KeyUpdates, a word after each hundred."""
    for number in range(count):
        client.update_keys(ask_for_theirs=ask)
        if word and number % 100 == 0:
            client.write(word)
    return client.take()


def feed_turns(pipe: TlsPipe, ciphertext: bytes) -> tuple[int, float]:
    """Feed as a connection does; return what went in before it was too much, and the worst turn."""
    worst, size = 0.0, CIPHERTEXT_BYTES_A_TURN
    for place in range(0, len(ciphertext), size):
        begun = time.monotonic()
        try:
            pipe.feed(ciphertext[place : place + size])
        except TlsError:
            return place + size, max(worst, time.monotonic() - begun)
        worst = max(worst, time.monotonic() - begun)
    return len(ciphertext), worst


@pytest.mark.parametrize("ask", [False, True])
def test_a_flood_of_key_updates_is_cut_off(
    pipe: TlsPipe, libssl: Callable[..., LibsslClient], *, ask: bool
) -> None:
    """Pitfall 1: "one SSLSocket.recv took 89–1039 ms for ~130 000 updates … drop a client that
    sends 64 KB of ciphertext without a byte of plaintext"; no turn of it may take long."""
    client = libssl()
    shake_hands(pipe, client)
    flood = key_updates(client, 5000, ask=ask)
    assert len(flood) > SILENT_CIPHERTEXT_BYTES_MAX + CIPHERTEXT_BYTES_A_TURN
    taken, worst = feed_turns(pipe, flood)
    assert taken <= SILENT_CIPHERTEXT_BYTES_MAX + CIPHERTEXT_BYTES_A_TURN
    assert worst < 1.0, "a turn of it takes 25 ms; here a machine may be ten times as busy"


def test_a_word_now_and_then_does_not_excuse_a_flood(
    pipe: TlsPipe, libssl: Callable[..., LibsslClient]
) -> None:
    client = libssl()
    shake_hands(pipe, client)
    taken, _ = feed_turns(pipe, key_updates(client, 5000, ask=True, word=LINE))
    assert taken < 5000 * KEY_UPDATE_BYTES


def test_a_key_update_in_time_is_no_flood(
    pipe: TlsPipe, libssl: Callable[..., LibsslClient]
) -> None:
    client = libssl()
    shake_hands(pipe, client)
    for _ in range(50):
        client.update_keys(ask_for_theirs=True)
        client.write(LINE)
        assert pipe.feed(client.take()) == LINE
        pipe.write(LINE)
        client.feed(pipe.take())
        assert client.read() == LINE


def test_who_types_a_byte_a_record_is_no_flood(pipe: TlsPipe, client: Client) -> None:
    sent = 0
    for _ in range(2 * SILENT_CIPHERTEXT_BYTES_MAX // 23):
        ciphertext = client.say(b"x")
        assert len(ciphertext) < CIPHERTEXT_PER_PLAINTEXT_MAX
        sent += len(ciphertext)
        assert pipe.feed(ciphertext) == b"x"
    assert sent > SILENT_CIPHERTEXT_BYTES_MAX


def test_what_tls_answers_by_itself_is_known(
    pipe: TlsPipe, libssl: Callable[..., LibsslClient]
) -> None:
    """Pitfall 2: a peer that asks for key updates and does not read. Its answers count."""
    client = libssl()
    shake_hands(pipe, client)
    assert pipe.pending == 0
    pipe.feed(key_updates(client, 100, ask=True))
    assert pipe.pending >= KEY_UPDATE_BYTES
    assert len(pipe.take()) >= KEY_UPDATE_BYTES
    assert pipe.pending == 0


# -- the end --------------------------------------------------------------------------------------


def test_close_notify_is_an_end(pipe: TlsPipe, client: Client) -> None:
    with pytest.raises(ssl.SSLWantReadError):
        client.tls.unwrap()
    with pytest.raises(EOFError):
        pipe.feed(client.take())


def test_words_that_come_with_close_notify_are_heard_before_the_end(
    pipe: TlsPipe, client: Client
) -> None:
    client.write(b"QUIT\r\n")
    with pytest.raises(ssl.SSLWantReadError):
        client.tls.unwrap()
    assert pipe.feed(client.take()) == b"QUIT\r\n"
    with pytest.raises(EOFError):
        pipe.feed(b"")


def test_our_goodbye_is_one_to_the_peer(pipe: TlsPipe, client: Client) -> None:
    """Pitfall 9: unwrap() waits for the peer; this does not."""
    pipe.write(b"ERROR :bye\r\n")
    pipe.end()
    client.feed(pipe.take())
    assert client.read() == b"ERROR :bye\r\n"
    assert client.tls.read(1) == b"", "the end, where nothing would be SSLWantReadError"


def test_after_the_goodbye_nothing_can_be_said(pipe: TlsPipe, client: Client) -> None:
    pipe.end()
    with pytest.raises(OSError, match=r".*"):
        pipe.write(b"one thing more\r\n")


def test_a_goodbye_may_be_said_at_any_time(pipe: TlsPipe, client_context: ssl.SSLContext) -> None:
    pipe.end()
    client = Client(client_context)
    client.handshake()
    pipe.feed(client.take())
    pipe.end()
    client.feed(pipe.take())
    assert client.handshake()
    pipe.feed(client.take())
    pipe.end()
    pipe.end()
