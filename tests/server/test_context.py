"""The server's side of TLS, by real handshakes in memory."""

from __future__ import annotations

import ssl
import subprocess
from pathlib import Path

import pytest

from tests.server.conftest import Pair
from xchat.config import load
from xchat.errors import ConfigError
from xchat.server.context import make_context


def context_of(pair: Pair, *sets: str) -> ssl.SSLContext:
    return make_context(load(None, [*pair.settings, *sets]).tls)


def client_of(pair: Pair) -> ssl.SSLContext:
    context = ssl.create_default_context()
    pair.ca.configure_trust(context)
    return context


def handshake(server: ssl.SSLContext, client: ssl.SSLContext) -> tuple[ssl.SSLObject, int]:
    """Return the client's side of a finished handshake, and the bytes the server sent after it."""
    up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
    ours = client.wrap_bio(down, up, server_hostname="localhost")
    theirs = server.wrap_bio(up, down, server_side=True)
    waiting = [ours, theirs]
    for _ in range(10):
        for side in list(waiting):
            try:
                side.do_handshake()
                waiting.remove(side)
            except ssl.SSLWantReadError:
                continue
    assert not waiting
    return ours, down.pending


def test_it_speaks_tls_1_3_and_verifies(pair: Pair) -> None:
    ours, _ = handshake(context_of(pair), client_of(pair))
    assert ours.version() == "TLSv1.3"


def test_an_older_client_is_refused(pair: Pair) -> None:
    client = client_of(pair)
    client.maximum_version = ssl.TLSVersion.TLSv1_2
    with pytest.raises(ssl.SSLError, match="UNSUPPORTED_PROTOCOL"):
        handshake(context_of(pair), client)


def test_tls_1_2_when_asked_for_has_forward_secrecy_and_aead_only(pair: Pair) -> None:
    server, client = context_of(pair, 'tls.min_version="1.2"'), client_of(pair)
    client.maximum_version = ssl.TLSVersion.TLSv1_2
    ours, _ = handshake(server, client)
    assert ours.version() == "TLSv1.2"
    for cipher in server.get_ciphers():
        assert cipher["aead"], cipher["name"]
        if cipher["protocol"] != "TLSv1.3":
            assert cipher["name"].startswith("ECDHE-"), cipher["name"]


def test_there_is_nothing_to_resume_and_nothing_is_kept_for_it(pair: Pair) -> None:
    server, client = context_of(pair), client_of(pair)
    ours, after = handshake(server, client)
    assert after == 0
    assert server.session_stats()["number"] == 0
    assert not (ours.session and ours.session.has_ticket)


def test_neither_renegotiation_nor_compression_nor_early_data(pair: Pair) -> None:
    server = context_of(pair)
    for option in (ssl.OP_NO_RENEGOTIATION, ssl.OP_NO_COMPRESSION, ssl.OP_NO_TICKET):
        assert server.options & option
    assert handshake(server, client_of(pair))[0].compression() is None


@pytest.mark.parametrize(
    ("offered", "chosen"), [([], None), (["irc"], "irc"), (["h2", "irc"], "irc"), (["h2"], None)]
)
def test_alpn_is_irc_and_those_without_are_served_too(
    pair: Pair, offered: list[str], chosen: str | None
) -> None:
    client = client_of(pair)
    if offered:
        client.set_alpn_protocols(offered)
    assert handshake(context_of(pair), client)[0].selected_alpn_protocol() == chosen


def test_clients_are_asked_for_a_certificate_and_need_none(pair: Pair) -> None:
    """What becomes of one that is shown: test_client_certificates.py."""
    assert context_of(pair).verify_mode == ssl.CERT_OPTIONAL
    assert context_of(pair, 'tls.client_certificates="none"').verify_mode == ssl.CERT_NONE


@pytest.mark.needs("openssl")
def test_a_locked_key_is_refused_and_nobody_is_asked(pair: Pair, tmp_path: Path) -> None:
    locked = tmp_path / "locked.pem"
    subprocess.run(
        ["openssl", "pkey", "-in", pair.key, "-aes256", "-passout", "pass:x", "-out", locked],
        check=True,
    )
    with pytest.raises(ConfigError, match="the key is locked") as caught:
        context_of(Pair(pair.ca, pair.cert, locked))
    assert caught.value.what.startswith(f"{locked}: ")


def test_a_file_that_is_not_there_is_named(pair: Pair, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        context_of(Pair(pair.ca, pair.cert, tmp_path / "none.pem"))
    assert caught.value.what.startswith(f"{tmp_path / 'none.pem'}: ")
    assert caught.value.mend == "xchat-certs init"


@pytest.mark.parametrize("content", ["", "not PEM", "another key"])
def test_files_that_tls_cannot_use_are_named(pair: Pair, tmp_path: Path, content: str) -> None:
    key = tmp_path / "key.pem"
    key.write_text(content)
    if content == "another key":
        pair.ca.issue_cert("localhost").private_key_pem.write_to_path(key)
    with pytest.raises(ConfigError, match="TLS cannot use it") as caught:
        context_of(Pair(pair.ca, pair.cert, key))
    assert str(pair.cert) in caught.value.what
    assert str(key) in caught.value.what
