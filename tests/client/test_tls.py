"""TLS as bytes: verified before anything is written, whole however it is cut."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest
import trustme

from tests.client.impostors import server_context
from xchat.client.tls import Tls, certificates_in, make_context


class Pair:
    """A client's Tls and a server's TLS object, joined in memory."""

    def __init__(self, server: ssl.SSLContext, ca: Path, name: str = "localhost") -> None:
        self.client = Tls(make_context(ca), name)
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.server = server.wrap_bio(self.incoming, self.outgoing, server_side=True)

    def shake(self) -> None:
        """Take the handshake to its end."""
        self.client.start()
        self.incoming.write(self.client.take())
        with pytest.raises(ssl.SSLWantReadError):
            self.server.do_handshake()
        self.client.feed(self.outgoing.read())
        self.incoming.write(self.client.take())
        self.server.do_handshake()

    def from_server(self, data: bytes) -> bytes:
        """Return ciphertext of the server's."""
        self.server.write(data)
        return self.outgoing.read()


@pytest.fixture
def context(authority: trustme.CA) -> ssl.SSLContext:
    """Return a server's context for localhost."""
    return server_context(authority.issue_cert("localhost"))


def test_the_context_trusts_one_file_strictly(ca: Path) -> None:
    made = make_context(ca)
    assert made.minimum_version is ssl.TLSVersion.TLSv1_3
    assert made.verify_mode is ssl.CERT_REQUIRED
    assert made.check_hostname
    assert not made.hostname_checks_common_name
    assert made.verify_flags & ssl.VerifyFlags.VERIFY_X509_STRICT
    assert not made.verify_flags & ssl.VerifyFlags.VERIFY_X509_PARTIAL_CHAIN
    assert made.cert_store_stats()["x509_ca"] == 1


def test_nothing_is_written_before_the_server_is_verified(
    context: ssl.SSLContext, ca: Path
) -> None:
    pair = Pair(context, ca)
    with pytest.raises(AssertionError):
        pair.client.write(b"PASS secret\r\n")


def test_speaks_alpn_irc(context: ssl.SSLContext, ca: Path) -> None:
    context.set_alpn_protocols(["http/1.1", "irc"])
    pair = Pair(context, ca)
    pair.client.start()
    pair.incoming.write(pair.client.take())
    with pytest.raises(ssl.SSLWantReadError):
        pair.server.do_handshake()
    assert pair.server.selected_alpn_protocol() == "irc"


def test_a_wrong_name_is_an_error_and_verifies_nothing(context: ssl.SSLContext, ca: Path) -> None:
    pair = Pair(context, ca, "elsewhere")
    pair.client.start()
    pair.incoming.write(pair.client.take())
    with pytest.raises(ssl.SSLWantReadError):
        pair.server.do_handshake()
    with pytest.raises(ssl.SSLCertVerificationError):
        pair.client.feed(pair.outgoing.read())
    assert not pair.client.verified


@pytest.mark.parametrize("size", [1, 7, 5_000])
def test_bytes_come_out_whole_however_they_are_cut(
    context: ssl.SSLContext, ca: Path, size: int
) -> None:
    pair = Pair(context, ca)
    pair.shake()
    assert pair.client.verified
    data = bytes(range(256)) * 200
    ciphertext = pair.from_server(data)
    pieces = (ciphertext[at : at + size] for at in range(0, len(ciphertext), size))
    assert b"".join(map(pair.client.feed, pieces)) == data
    assert not pair.client.ended


def test_the_end_is_noticed_with_and_without_a_goodbye(context: ssl.SSLContext, ca: Path) -> None:
    polite, cut = Pair(context, ca), Pair(context, ca)
    for pair in (polite, cut):
        pair.shake()
    with pytest.raises(ssl.SSLWantReadError):
        polite.server.unwrap()
    polite.client.feed(polite.outgoing.read())
    cut.client.feed(b"")
    assert polite.client.ended
    assert cut.client.ended


@pytest.mark.parametrize("first", ["old", "new"])
def test_a_file_of_two_roots_is_trusted_whole(
    context: ssl.SSLContext, ca: Path, tmp_path: Path, first: str
) -> None:
    """While a root is rotated, `ca.pem` = old + new."""
    pems = [ca.read_bytes(), trustme.CA().cert_pem.bytes()]
    both = tmp_path / "ca.pem"
    both.write_bytes(b"".join(pems if first == "old" else reversed(pems)))
    Pair(context, both).shake()
    assert len(certificates_in(both)) == 2


@pytest.mark.parametrize("junk", ["", "junk", "-----BEGIN CERTIFICATE-----\n-----END CERTIFICA"])
def test_no_certificate_is_none(tmp_path: Path, junk: str) -> None:
    (tmp_path / "ca.pem").write_text(junk)
    assert certificates_in(tmp_path / "ca.pem") == []
    assert certificates_in(tmp_path / "none.pem") == []
