"""A connection of TLS 1.2 has a memory of its own, and else is as every other (handshakes)."""

from __future__ import annotations

import ssl

import pytest

from tests.server.client import Client, shake_hands
from tests.server.conftest import Pair
from xchat.config import load
from xchat.server.context import make_context
from xchat.server.tls import TlsError, TlsPipe


def old_client(pair: Pair, ciphers: str = "") -> ssl.SSLContext:
    trust = ssl.create_default_context(cafile=str(pair.cert.parent / "ca.pem"))
    trust.maximum_version = ssl.TLSVersion.TLSv1_2
    if ciphers:
        trust.set_ciphers(ciphers)
    return trust


def test_it_agrees_on_what_the_common_context_allows(
    pair: Pair, server_context_12: ssl.SSLContext
) -> None:
    trust = old_client(pair)
    trust.set_alpn_protocols(["other", "irc"])
    pipe, client = TlsPipe(server_context_12), Client(trust)
    shake_hands(pipe, client)
    assert pipe.describe()[0] == "TLSv1.2"
    assert client.tls.selected_alpn_protocol() == "irc"
    weak = Client(old_client(pair, "ECDHE-ECDSA-AES128-SHA:ECDHE-RSA-AES128-SHA:AES128-SHA"))
    with pytest.raises(TlsError, match="NO_SHARED_CIPHER"):
        shake_hands(TlsPipe(server_context_12), weak)


def test_where_tls_13_is_the_oldest_it_is_refused_as_before(
    pair: Pair, server_context: ssl.SSLContext
) -> None:
    with pytest.raises(TlsError, match="UNSUPPORTED_PROTOCOL"):
        shake_hands(TlsPipe(server_context), Client(old_client(pair)))


def test_nothing_is_remembered_of_a_hundred_connections(pair: Pair) -> None:
    """What OpenSSL would keep of each is 20,480 sessions, with the certificates shown."""
    server = make_context(load(None, [*pair.settings, 'tls.min_version="1.2"']).tls)
    trust, pipes = old_client(pair), []
    for _ in range(100):
        pipe, client = TlsPipe(server), Client(trust)
        shake_hands(pipe, client)
        pipe.end()
        pipes.append(pipe)
    assert server.session_stats()["number"] == 0
