"""`xchat.pki.invite.inviting`: the link of an invite, or why there can be none."""

from __future__ import annotations

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from tests.pki.conftest import make
from xchat.chat.refused import Failed
from xchat.chat.tokens import make_token
from xchat.pki.disk.folder import Folder
from xchat.pki.invite.invitation import parse_link
from xchat.pki.invite.inviting import Reached, make_link

TOKEN = make_token()


def reached(folder: Folder, *addresses: str, port: int = 8080) -> Reached:
    return Reached(folder.server, addresses or ("10.1.2.3",), port)


def test_it_names_the_server_as_others_reach_it_and_its_root(made_once: Folder) -> None:
    """The host is one that the certificate has, the port the server's own, the CA its root."""
    link = make_link(reached(made_once, "10.1.2.3", port=4433), TOKEN, None)
    assert isinstance(link, str)
    parsed = parse_link(link)
    root = x509.load_pem_x509_certificate(made_once.ca.read_bytes())
    assert (parsed.host, parsed.port, parsed.token) == ("10.1.2.3", 4433, TOKEN)
    assert parsed.ca == root.fingerprint(hashes.SHA256())


@pytest.mark.parametrize(("asked", "host"), [("Chat.LAN", "chat.lan"), ("[::1]", "::1")])
def test_it_names_the_host_that_is_asked_for(made_once: Folder, asked: str, host: str) -> None:
    link = make_link(reached(made_once), TOKEN, asked)
    assert isinstance(link, str)
    assert parse_link(link).host == host


@pytest.mark.parametrize("host", ["other.lan", "10.1.2.4", "a b", "*.lan", "chat.lan:8080"])
def test_not_one_that_the_certificate_has_not(made_once: Folder, host: str) -> None:
    """The person would be refused there: the certificate is checked against it."""
    refused = make_link(reached(made_once), TOKEN, host)
    assert isinstance(refused, Failed)
    assert refused.code == "NOT_ITS_NAME"
    assert TOKEN.text not in refused.text


@pytest.mark.parametrize("missing", ["issuer-key.pem", "issuer.pem", "ca.pem", "live"])
def test_without_an_issuer_there_is_none(made: Folder, missing: str) -> None:
    """Foreign certificates: nobody could be given one of ours."""
    (made.path / missing).rename(made.path / "moved")
    refused = make_link(reached(made), TOKEN, None)
    assert isinstance(refused, Failed)
    assert refused.code == "NO_ISSUER"
    assert str(made.path) in refused.text


def test_not_with_a_key_that_is_not_the_issuers(made: Folder) -> None:
    made.issuer_key.write_bytes(made.server_key.read_bytes())
    refused = make_link(reached(made), TOKEN, None)
    assert isinstance(refused, Failed)
    assert refused.text == f"{made.issuer_key} is not the key to {made.issuer}"


def test_not_for_a_certificate_of_another_ca(made: Folder) -> None:
    other = make(made.path.parent / "other", "chat.lan")
    made.ca.write_bytes(other.ca.read_bytes())
    refused = make_link(reached(made), TOKEN, None)
    assert isinstance(refused, Failed)
    assert "is not signed by the CA in" in refused.text


def test_not_where_another_ca_judges_clients(made: Folder) -> None:
    """`tls.client_ca`: a certificate that nobody believes would let nobody in."""
    other = make(made.path.parent / "other", "chat.lan")
    for ca, is_refused in ((other.ca, True), (made.ca, False)):
        server = Reached(made.server, ("10.1.2.3",), 8080, ca)
        assert isinstance(make_link(server, TOKEN, None), Failed) is is_refused


def test_during_a_rotation_it_is_the_root_of_what_is_served(made: Folder) -> None:
    """ca.pem = old + new: whoever joins trusts the one that this chain leads to."""
    other = make(made.path.parent / "other", "chat.lan")
    own = x509.load_pem_x509_certificate(made.ca.read_bytes())
    made.ca.write_bytes(other.ca.read_bytes() + made.ca.read_bytes())
    link = make_link(reached(made), TOKEN, None)
    assert isinstance(link, str)
    assert parse_link(link).ca == own.fingerprint(hashes.SHA256())


def test_a_port_that_is_not_known_yet(made_once: Folder) -> None:
    refused = make_link(reached(made_once, port=0), TOKEN, None)
    assert isinstance(refused, Failed)
    assert refused.code == "NO_PORT"
