"""Who comes to enrol is told apart by the first record, whatever pieces it comes in."""

from __future__ import annotations

import socket
import ssl

import pytest
import trustme
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.server.client import Client
from tests.server.conftest import Pair
from xchat.limits import Limits
from xchat.pki.enrolment import ALPN
from xchat.server.connection import Connection
from xchat.server.hello import wants_to_enrol
from xchat.server.tls import TlsError, TlsPipe


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
    assert wants_to_enrol(first) is False
    with pytest.raises(TlsError):
        TlsPipe(server_context, other[0]).feed(first + bytes(300))


def test_a_first_record_is_waited_for_and_bounded() -> None:
    header = b"\x16\x03\x01\x40\x00"
    assert wants_to_enrol(b"") is None
    assert wants_to_enrol(header) is None
    assert wants_to_enrol(header + bytes(0x3FFF)) is None
    assert wants_to_enrol(header + bytes(0x4000)) is False
    name = bytes([len(ALPN)]) + ALPN.encode()
    assert wants_to_enrol(header + name + bytes(0x4000 - len(name))) is True
    beyond = header + bytes(0x4000) + name
    assert wants_to_enrol(beyond) is False, "what follows the record is not part of it"


def test_the_first_record_of_ours_is_one() -> None:
    """A ClientHello of Python's fits a record, however many protocols it asks for."""
    client = client_for(trustme.CA(), "irc", ALPN)
    client.handshake()
    assert wants_to_enrol(client.take()) is True
