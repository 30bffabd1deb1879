"""Who comes to enrol is told apart by the first record, whatever pieces it comes in."""

from __future__ import annotations

import contextlib
import socket
import ssl

import pytest
import trustme
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.server.client import Client
from tests.server.conftest import Pair
from xchat.limits import Limits
from xchat.pki.invite.enrolment import ALPN
from xchat.server.connection import Connection
from xchat.server.hello import BadHello, Hello, read_hello
from xchat.server.tls import TlsError, TlsPipe

X25519 = 0x001D


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, trustme.CA]:
    """Another certificate, for those who enrol."""
    ca, path = trustme.CA(), tmp_path_factory.mktemp("other") / "pair.pem"
    ca.issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    context.set_alpn_protocols([ALPN])
    return context, ca


def client_for(ca: trustme.CA, *protocols: str) -> Client:
    context = ssl.create_default_context()
    ca.configure_trust(context)
    if protocols:
        context.set_alpn_protocols(list(protocols))
    return Client(context)


def finish(pipe: TlsPipe, client: Client, first: bytes, cut: int) -> None:
    """Shake hands, the client's first flight in pieces of `cut` bytes."""
    for place in range(0, len(first), cut):
        assert pipe.feed(first[place : place + cut]) == b""
    while not (client.handshake() and pipe.established):
        client.feed(pipe.take())
        client.handshake()
        pipe.feed(client.take())


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.differing_executors])
@given(cut=st.integers(1, 700))
def test_who_asks_for_it_is_served_by_the_other_context(
    cut: int, server_context: ssl.SSLContext, other: tuple[ssl.SSLContext, trustme.CA]
) -> None:
    context, ca = other
    pipe, client = TlsPipe(server_context, context), client_for(ca, ALPN)
    client.handshake()
    finish(pipe, client, client.take(), cut)
    assert pipe.enrols
    assert client.tls.selected_alpn_protocol() == ALPN
    pipe.write(b"welcome\n")
    client.feed(pipe.take())
    assert client.read() == b"welcome\n"


@pytest.mark.parametrize("protocols", [(), ("irc",), ("http/1.1", "h2"), ("xchat-enroll/2",)])
def test_everybody_else_is_served_as_ever(
    protocols: tuple[str, ...],
    server_context: ssl.SSLContext,
    pair: Pair,
    other: tuple[ssl.SSLContext, trustme.CA],
) -> None:
    pipe, client = TlsPipe(server_context, other[0]), client_for(pair.ca, *protocols)
    client.handshake()
    finish(pipe, client, client.take(), 10_000)
    assert not pipe.enrols


def test_a_connection_writes_by_the_context_that_was_chosen(
    server_context: ssl.SSLContext, other: tuple[ssl.SSLContext, trustme.CA]
) -> None:
    context, ca = other
    near, far = socket.socketpair()
    with near, far:
        near.setblocking(False)
        connection = Connection(near, "127.0.0.1", server_context, Limits(), 0.0, enrolment=context)
        client = client_for(ca, ALPN)
        while not (client.handshake() and connection.is_established):
            far.sendall(client.take())
            connection.receive()
            connection.outbox.flush()
            client.feed(far.recv(65_536))
        assert connection.enrols
        connection.outbox.fresh.append(b"hello\n")
        assert connection.outbox.flush()
        client.feed(far.recv(65_536))
        assert client.read() == b"hello\n"


@pytest.mark.parametrize(
    "first", [b"GET / HTTP/1.1\r\n", b"\x17\x03\x03", b"\x16\x03\x01\xff\xff", b"NICK x\r\n"]
)
def test_what_is_no_handshake_waits_for_nothing(
    first: bytes, server_context: ssl.SSLContext, other: tuple[ssl.SSLContext, trustme.CA]
) -> None:
    assert read_hello(first) == Hello()
    with pytest.raises(TlsError):
        TlsPipe(server_context, other[0]).feed(first + bytes(300))


# -- what a ClientHello says ----------------------------------------------------------------------


def hello_of(*protocols: str) -> bytes:
    """Return the first record of a client of Python's."""
    client = client_for(trustme.CA(), *protocols)
    client.handshake()
    return client.take()


HELLO = hello_of("irc")


def test_a_first_record_is_waited_for() -> None:
    first = hello_of("irc", ALPN)
    assert all(read_hello(first[:size]) is None for size in range(len(first)))
    hello = read_hello(first + b"what follows it")
    assert hello is not None
    assert hello.protocols == (b"irc", ALPN.encode())
    assert X25519 in hello.groups
    assert hello.shares
    assert not hello.is_costly


@given(cut=st.integers(0, 600), value=st.integers(0, 255))
@settings(max_examples=300, suppress_health_check=[HealthCheck.differing_executors])
def test_a_spoiled_first_record_is_read_or_refused(cut: int, value: int) -> None:
    """Nothing else comes of it, whichever byte is another."""
    first = bytearray(HELLO)
    first[cut % len(first)] = value
    with contextlib.suppress(BadHello):
        assert isinstance(read_hello(bytes(first)), Hello | None)


def test_a_client_hello_in_several_records_is_refused(server_context: ssl.SSLContext) -> None:
    """RFC 8446, 5.1 allows it; nobody does it but to hide something."""
    body = HELLO[5:]
    pieces = (body[:100], body[100:])
    split = b"".join(HELLO[:3] + len(each).to_bytes(2, "big") + each for each in pieces)
    with pytest.raises(TlsError, match="in several records"):
        TlsPipe(server_context).feed(split)


def test_another_message_first_is_refused(server_context: ssl.SSLContext) -> None:
    with pytest.raises(TlsError, match="no ClientHello"):
        TlsPipe(server_context).feed(b"\x16\x03\x03\x00\x04\x14\x00\x00\x00")


@pytest.mark.parametrize(
    ("groups", "shares", "is_costly"),
    [
        ({X25519, 0x0104}, {X25519}, False),
        ({X25519, 0x0104}, {0x0104}, True),
        ({X25519, 0x0104}, {X25519, 0x0104}, True),
        ({X25519}, set(), False),
        ({0x0100, 0x0104}, set(), True),
        (set(), set(), False),
        ({0x11EC, X25519}, {0x11EC}, False),
    ],
)
def test_a_finite_field_is_costly_where_it_would_be_taken(
    groups: set[int], shares: set[int], is_costly: bool
) -> None:
    assert Hello((), frozenset(groups), frozenset(shares)).is_costly is is_costly
