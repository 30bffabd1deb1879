"""First contact (pki.md, rules 1 and 2): who may be believed, and what is sent before."""

from __future__ import annotations

import ssl
from collections.abc import Callable

import pytest

from tests.client.conftest import MakeRecorder
from tests.client.enrollers import DAY, House, Recorder, showing
from tests.client.impostors import hang_up, saying
from tests.client.test_trust import IMPOSTORS, Successor, der, honest
from xchat.client.contact import Found, connect, find_root, trusting_only
from xchat.client.exits import Exit, Fault
from xchat.client.peer import Peer
from xchat.pki.mint.authority import Holder, mint_root
from xchat.pki.mint.names import LOCAL


def meet(house: House, server: Recorder, host: str = "localhost") -> ssl.SSLSocket:
    """Do what a link asks for, up to the first word."""
    peer = Peer(host, server.port)
    return connect(peer, trusting_only(peer, find_root(peer, house.sha256)), None)


def refused(house: House, server: Recorder, host: str = "localhost") -> Fault:
    with pytest.raises(Fault) as caught:
        meet(house, server, host)
    assert server.heard == b""
    return caught.value


def test_the_root_is_found_and_then_trusted(house: House, recorder: MakeRecorder) -> None:
    """ "Take every certificate of the chain ... Find the one whose SHA-256 equals the link's" """
    with meet(house, recorder(house.honest())) as connection:
        assert connection.version() == "TLSv1.3"
        assert connection.selected_alpn_protocol() == "xchat-enroll/1"


def test_nothing_is_said_and_nothing_shown_before(house: House, recorder: MakeRecorder) -> None:
    """ "Connect with CERT_NONE, TLS 1.3, no client certificate loaded, nothing sent" """
    server = recorder(house.honest())
    peer = Peer("localhost", server.port)
    found = find_root(peer, house.sha256)
    context = trusting_only(peer, found)
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    assert context.verify_flags & ssl.VerifyFlags.VERIFY_X509_STRICT
    assert not context.verify_flags & ssl.VerifyFlags.VERIFY_X509_PARTIAL_CHAIN
    assert not context.hostname_checks_common_name
    assert context.get_ca_certs(binary_form=True) == [found.root]
    with connect(peer, context, None):
        pass
    assert (server.visits, server.heard) == (2, b"")


def test_who_does_not_show_the_cas_certificate_is_named(
    house: House, recorder: MakeRecorder
) -> None:
    """ "None: stop, say who answered. Hang up." """
    other = House()
    fault = refused(house, recorder(other.honest()))
    assert fault.end is Exit.UNKNOWN_CA
    assert "does not show the CA in the link\n  it says it is:  localhost, signed by “XChat" in (
        fault.what
    )
    assert "token was not sent" in str(fault.mend)


def test_the_real_ca_shown_by_another_proves_nothing(house: House, recorder: MakeRecorder) -> None:
    """ "own leaf + real CA shown": the hash is right, the chain is not."""
    self_made = mint_root(house.now, bounds=LOCAL)
    for leaf in (House().server(), self_made):
        server = recorder(showing(leaf, house.issuer.certificate, house.root.certificate))
        fault = refused(house, server)
        assert fault.end in (Exit.UNKNOWN_CA, Exit.BAD_CERTIFICATE)
        assert server.visits >= 2


def test_a_stolen_devices_certificate_is_no_servers(house: House, recorder: MakeRecorder) -> None:
    server = recorder(
        showing(house.stolen_device(), house.issuer.certificate, house.root.certificate)
    )
    fault = refused(house, server)
    assert fault.end is Exit.BAD_CERTIFICATE
    assert "purpose" in fault.what


def test_an_expired_servers_certificate(house: House, recorder: MakeRecorder) -> None:
    leaf = house.server(made=95 * DAY)
    server = recorder(showing(leaf, house.issuer.certificate, house.root.certificate))
    assert refused(house, server).end is Exit.EXPIRED


def test_the_certificate_of_another_host(house: House, recorder: MakeRecorder) -> None:
    leaf = house.server("other.lan")
    server = recorder(showing(leaf, house.issuer.certificate, house.root.certificate))
    fault = refused(house, server)
    assert fault.end is Exit.WRONG_NAME
    assert "offered:    other.lan" in fault.what
    assert refused(house, recorder(house.honest()), "127.0.0.1").end is Exit.WRONG_NAME


def test_another_who_answers_the_second_time(house: House, recorder: MakeRecorder) -> None:
    """ "a swap between connection 1 and 2" """
    honest = house.honest()
    thief = showing(House().server(), house.issuer.certificate, house.root.certificate)
    fault = refused(house, recorder(honest, thief))
    assert fault.end is Exit.UNKNOWN_CA


def test_a_verified_server_that_does_not_know_the_protocol_hears_nothing(
    house: House, recorder: MakeRecorder
) -> None:
    """It would take what we say for IRC."""
    leaf = house.server()
    also = (house.issuer.certificate, house.root.certificate)
    fault = refused(house, recorder(showing(leaf, *also, alpn=["irc"])))
    assert fault.end is Exit.REFUSED
    assert "takes no links" in fault.what


def test_an_old_server_says_of_itself_that_it_is_one(house: House, recorder: MakeRecorder) -> None:
    leaf = house.server()
    fault = refused(house, recorder(showing(leaf, house.issuer.certificate, alpn=["irc"])))
    assert fault.end is Exit.UNKNOWN_CA
    assert "it takes no links" in fault.what


def test_tls_before_13_is_not_spoken(house: House, recorder: MakeRecorder) -> None:
    old = house.honest()
    old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_2
    assert refused(house, recorder(old)).end is Exit.TLS_TOO_OLD


@pytest.mark.parametrize("make_it", IMPOSTORS, ids=lambda each: each.__name__)
def test_a_root_that_the_links_does_not_vouch_for_is_not_believed(
    house: House, recorder: MakeRecorder, make_it: Callable[[Holder], Successor]
) -> None:
    """The link's own root is shown, and beside it another that only looks as if it followed."""
    it = make_it(house.root)
    server = recorder(showing(it.server, *it.shown[1:], house.root.certificate))
    assert "is not from the CA in the link" in str(refused(house, server))


def test_a_root_that_the_links_vouches_for_is_believed(
    house: House, recorder: MakeRecorder
) -> None:
    """The link was made before the root was replaced."""
    it = honest(house.root)
    server = recorder(showing(it.server, *it.shown[1:], house.root.certificate))
    with meet(house, server) as connection:
        assert connection.getpeercert(binary_form=True) == der(it.server.certificate)


@pytest.mark.parametrize("talk", [hang_up, saying("HTTP/1.1 400 Bad Request")])
def test_what_does_not_speak_tls(house: House, impostor: MakeRecorder, talk: object) -> None:
    server = impostor(None, talk)
    with pytest.raises(Fault) as caught:
        find_root(Peer("localhost", server.port), house.sha256)
    assert caught.value.end is Exit.NOT_TLS


def test_a_link_whose_ca_is_no_certificate_at_all(house: House) -> None:
    with pytest.raises(Fault) as caught:
        trusting_only(Peer("localhost", 1), Found(b"no DER"))
    assert caught.value.end is Exit.UNKNOWN_CA
