"""What becomes of a certificate that a client shows: real handshakes in memory."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.chat.accounts import CHEAP, plain_message
from tests.server.client import Client, shake_hands
from tests.server.client_certificates import CLIENT, DAY, SERVER, Device, mint, read_authority
from tests.server.conftest import Pair
from tests.server.house import House
from xchat.chat import passwords
from xchat.chat.events import AccountRegistered
from xchat.config import Config, load
from xchat.errors import ConfigError
from xchat.pki.init import init
from xchat.pki.mint.authority import mint_issuer, mint_root
from xchat.pki.mint.owner import account_in, uri_of
from xchat.pki.wish import Wish
from xchat.server import judges
from xchat.server.context import make_context
from xchat.server.self_made import trust_self_made
from xchat.server.tls import TlsError, TlsPipe

VERSIONS = pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
PAIR_FILES = (("cert", ""), ("key", "-key"))
NEWEST = ssl.TLSVersion.TLSv1_3


@pytest.fixture(scope="module")
def authority(pair: Pair) -> Device:
    return read_authority(pair.ca.cert_pem.bytes(), pair.ca.private_key_pem.bytes())


def context_of(pair: Pair, *sets: str) -> ssl.SSLContext:
    return make_context(load(None, [*pair.settings, 'tls.min_version="1.2"', *sets]).tls)


@pytest.fixture(scope="module")
def asking(pair: Pair) -> ssl.SSLContext:
    """A server's context as it is without a word in the settings: the CA lies beside its pair."""
    return context_of(pair)


def connect(
    server: ssl.SSLContext,
    pair: Pair,
    shows: Path | None,
    version: ssl.TLSVersion = NEWEST,
) -> tuple[TlsPipe, Client]:
    """Shake hands to the end; raise TlsError where the server refuses."""
    trust = ssl.create_default_context(cafile=str(pair.cert.parent / "ca.pem"))
    trust.maximum_version = version
    if shows is not None:
        trust.load_cert_chain(shows)
    pipe, client = TlsPipe(server), Client(trust)
    for _ in range(4):
        client.handshake()
        try:
            pipe.feed(client.take())
        except TlsError:
            client.feed(pipe.take())
            raise
        client.feed(pipe.take())
    assert pipe.established
    assert pipe.feed(client.say(b"PING a\r\n")) == b"PING a\r\n"
    pipe.write(b"PONG a\r\n")
    client.feed(pipe.take())
    assert client.read() == b"PONG a\r\n"
    return pipe, client


# -- what is shown --------------------------------------------------------------------------------


@VERSIONS
def test_who_shows_none_is_as_welcome(
    pair: Pair, asking: ssl.SSLContext, version: ssl.TLSVersion
) -> None:
    assert connect(asking, pair, None, version)[0].presented is None


@VERSIONS
def test_a_device_of_our_ca_is_believed(
    pair: Pair,
    asking: ssl.SSLContext,
    authority: Device,
    tmp_path: Path,
    version: ssl.TLSVersion,
) -> None:
    device = mint("ნინო", issuer=authority)
    presented = connect(asking, pair, device.write(tmp_path), version)[0].presented
    assert presented is not None
    assert presented.fingerprint == device.fingerprint
    assert (presented.is_vouched, presented.account) == (True, "ნინო")


@VERSIONS
@pytest.mark.parametrize("is_ca", [False, True])
def test_a_self_made_one_is_a_fingerprint_and_no_name(
    pair: Pair,
    asking: ssl.SSLContext,
    tmp_path: Path,
    version: ssl.TLSVersion,
    *,
    is_ca: bool,
) -> None:
    device = mint("nino", is_ca=is_ca)
    presented = connect(asking, pair, device.write(tmp_path), version)[0].presented
    assert presented is not None
    assert presented.fingerprint == device.fingerprint
    assert (presented.is_vouched, presented.account) == (False, "")


def test_without_a_ca_of_ours_the_self_made_are_heard_all_the_same(
    pair: Pair, tmp_path: Path
) -> None:
    alone = tmp_path / "alone"
    alone.mkdir()
    cert = alone / "cert.pem"
    cert.write_bytes(pair.cert.read_bytes())
    server = context_of(Pair(pair.ca, cert, pair.key))
    device = mint()
    presented = connect(server, pair, device.write(tmp_path))[0].presented
    assert presented is not None
    assert presented.fingerprint == device.fingerprint


def test_nobody_is_asked_where_the_settings_say_so(pair: Pair, tmp_path: Path) -> None:
    server = context_of(pair, 'tls.client_certificates="none"')
    assert server.verify_mode == ssl.CERT_NONE
    assert connect(server, pair, mint().write(tmp_path))[0].presented is None


@pytest.mark.parametrize("sends_issuer", [False, True])
def test_a_device_of_our_issuer_need_not_bring_the_issuer_along(
    tmp_path: Path, *, sends_issuer: bool
) -> None:
    """irssi and WeeChat send one certificate, whatever their file holds."""
    folder = tmp_path / "certs"
    init(folder, Wish(names=("localhost",), detects=False), datetime.now(UTC))
    issuer = folder / "issuer.pem"
    authority = read_authority(issuer.read_bytes(), issuer.with_name("issuer-key.pem").read_bytes())
    chain = (authority.certificate,) if sends_issuer else ()
    shows = mint("nino", issuer=authority).write(tmp_path, *chain)
    ours = trustme.CA()
    cert, key = folder / "live" / "server.pem", folder / "live" / "server-key.pem"
    own = Pair(ours, cert, key)
    trust = ssl.create_default_context(cafile=str(folder / "ca.pem"))
    trust.load_cert_chain(shows)
    pipe, client = TlsPipe(context_of(own)), Client(trust)
    shake_hands(pipe, client)
    assert pipe.presented is not None
    assert pipe.presented.account == "nino"
    assert len(client.tls._sslobj.get_unverified_chain()) == 2  # type: ignore[attr-defined]


# -- where a certificate is required --------------------------------------------------------------

REQUIRED = 'tls.client_certificates="required"'


@VERSIONS
def test_where_it_is_required_a_device_of_our_ca_comes_in(
    pair: Pair, authority: Device, tmp_path: Path, version: ssl.TLSVersion
) -> None:
    device = mint("nino", issuer=authority).write(tmp_path)
    presented = connect(context_of(pair, REQUIRED), pair, device, version)[0].presented
    assert presented is not None
    assert presented.account == "nino"


@VERSIONS
@pytest.mark.parametrize("shows", ["nothing", "self-made", "self-made CA", "other CA", "expired"])
@pytest.mark.parametrize("has_hook", [True, False])
def test_where_it_is_required_everybody_else_is_refused_before_a_byte_of_irc(  # noqa: PLR0917
    pair: Pair,
    authority: Device,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    version: ssl.TLSVersion,
    shows: str,
    has_hook: bool,
) -> None:
    """Issue 4: "`required` refuses everybody else before a byte of IRC"."""
    if not has_hook:
        monkeypatch.setattr(judges, "HOOK", "_no_such_hook")
    other = trustme.CA()
    shown = {
        "nothing": None,
        "self-made": mint("nino"),
        "self-made CA": mint("nino", is_ca=True),
        "other CA": mint(
            issuer=read_authority(other.cert_pem.bytes(), other.private_key_pem.bytes())
        ),
        "expired": mint(issuer=authority, ends=-DAY),
    }[shows]
    trust = ssl.create_default_context(cafile=str(pair.cert.parent / "ca.pem"))
    trust.maximum_version = version
    if shown is not None:
        trust.load_cert_chain(shown.write(tmp_path))
    pipe, client = TlsPipe(context_of(pair, REQUIRED)), Client(trust)
    with pytest.raises(TlsError):
        shake_hands(pipe, client)
    assert (pipe.established, pipe.presented) == (False, None)
    client.feed(pipe.take())
    with pytest.raises(ssl.SSLError, match="ALERT"):
        client.handshake() and client.read()


def test_where_it_is_required_and_no_ca_is_known_the_server_does_not_start(
    pair: Pair, tmp_path: Path
) -> None:
    cert = tmp_path / "cert.pem"
    cert.write_bytes(pair.cert.read_bytes())
    with pytest.raises(ConfigError, match="lets only devices of a CA in") as caught:
        context_of(Pair(pair.ca, cert, pair.key), REQUIRED)
    assert "tls.client_ca" in str(caught.value.mend)


# -- who is refused -------------------------------------------------------------------------------


@VERSIONS
def test_one_of_another_ca_is_refused_with_an_alert(
    pair: Pair, asking: ssl.SSLContext, tmp_path: Path, version: ssl.TLSVersion
) -> None:
    other = trustme.CA()
    stranger = mint(issuer=read_authority(other.cert_pem.bytes(), other.private_key_pem.bytes()))
    with pytest.raises(TlsError, match="the client's certificate: unable to get local issuer"):
        connect(asking, pair, stranger.write(tmp_path), version)


def test_what_a_refused_client_hears_is_why(
    pair: Pair, asking: ssl.SSLContext, authority: Device, tmp_path: Path
) -> None:
    trust = ssl.create_default_context(cafile=str(pair.cert.parent / "ca.pem"))
    trust.load_cert_chain(mint(issuer=authority, ends=-DAY).write(tmp_path))
    pipe, client = TlsPipe(asking), Client(trust)
    client.handshake()
    pipe.feed(client.take())
    client.feed(pipe.take())
    assert client.handshake()
    with pytest.raises(TlsError, match="the client's certificate: certificate has expired"):
        pipe.feed(client.take())
    client.feed(pipe.take())
    with pytest.raises(ssl.SSLError, match="ALERT_CERTIFICATE_EXPIRED"):
        client.read()


@pytest.mark.parametrize("uses", [(SERVER,)])
def test_one_that_is_not_for_clients_is_refused(
    pair: Pair,
    asking: ssl.SSLContext,
    authority: Device,
    tmp_path: Path,
    uses: tuple[x509.ObjectIdentifier, ...],
) -> None:
    device = mint(issuer=authority, uses=uses)
    with pytest.raises(TlsError, match="the client's certificate: unsuitable certificate purpose"):
        connect(asking, pair, device.write(tmp_path))


def test_a_self_made_one_that_expired_is_refused(
    pair: Pair, asking: ssl.SSLContext, tmp_path: Path
) -> None:
    with pytest.raises(TlsError, match="certificate has expired"):
        connect(asking, pair, mint(ends=-DAY).write(tmp_path))


def test_a_self_made_ca_vouches_for_nobody(
    pair: Pair, asking: ssl.SSLContext, tmp_path: Path
) -> None:
    """Whoever gets a CA of their own through the handshake signs no device of anybody's with it."""
    mallory = mint("mallory", is_ca=True)
    victim = mint("nino", issuer=mallory)
    connect(asking, pair, mallory.write(tmp_path))
    for chain in ((), (mallory.certificate,)):
        with pytest.raises(TlsError, match="the client's certificate: "):
            connect(asking, pair, victim.write(tmp_path, *chain))


def test_the_name_of_our_ca_on_a_self_made_one_makes_no_device(
    pair: Pair, asking: ssl.SSLContext, authority: Device, tmp_path: Path
) -> None:
    """Nor does a chain that begins with a self-made one and goes on with ours."""
    forged = mint("nino", is_ca=True)
    shown = forged.write(tmp_path, authority.certificate)
    presented = connect(asking, pair, shown)[0].presented
    assert presented is not None
    assert presented.account == ""


def test_one_connection_changes_nothing_for_the_next(
    pair: Pair, asking: ssl.SSLContext, authority: Device, tmp_path: Path
) -> None:
    trusted = asking.cert_store_stats()
    for device in (mint(), mint(issuer=authority), mint(is_ca=True)):
        connect(asking, pair, device.write(tmp_path))
    assert asking.cert_store_stats() == trusted


def test_when_the_handshake_is_done_no_record_is_looked_at(
    pair: Pair, asking: ssl.SSLContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[int] = []
    look = judges._look

    def listen(asked: Any, connection: ssl.SSLObject, way: str, version: int, *rest: Any) -> None:
        heard.append(version)
        look(asked, connection, way, version, *rest)

    monkeypatch.setattr(judges, "_look", listen)
    server = context_of(pair)
    for shows in (None, mint().write(tmp_path)):
        pipe, client = connect(server, pair, shows)
        assert heard
        heard.clear()
        pipe.write(b"x" * 100)
        client.feed(pipe.take())
        pipe.feed(client.say(b"y" * 100))
        assert not heard


def test_where_python_has_no_hook_self_made_ones_are_refused_like_strangers(
    pair: Pair, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(judges, "HOOK", "_no_such_hook")
    with pytest.raises(TlsError, match="the client's certificate: self-signed certificate"):
        connect(context_of(pair), pair, mint().write(tmp_path))


@given(st.binary(max_size=400), st.sampled_from([*ssl.TLSVersion]))
def test_whatever_a_client_sends_for_a_certificate_is_none_or_one(
    message: bytes, version: ssl.TLSVersion
) -> None:
    assert judges.verdict([trust_self_made], judges.leaf_of(message, version)) is None


SELF_MADE = mint().certificate.public_bytes(Encoding.DER)


class Connection:
    """Takes the context that a hook gives it."""

    context: ssl.SSLContext


@pytest.mark.filterwarnings("ignore:Parsed a serial number")
@settings(max_examples=300, deadline=None)
@example(12, 1, 0)
@given(st.integers(0, len(SELF_MADE) - 1), st.integers(0, 255), st.integers(0, 3))
def test_a_spoilt_certificate_is_at_worst_an_error_of_tls(place: int, byte: int, more: int) -> None:
    der = SELF_MADE[:place] + bytes([byte]) + SELF_MADE[place + 1 :] + b"0" * more
    message = b"\x0b\0\0\0" + b"\0\0\0" + len(der).to_bytes(3, "big") + der
    told = ("read", ssl.TLSVersion.TLSv1_2, 22, judges.CERTIFICATE, message)
    try:
        judges._look([trust_self_made], Connection(), *told)  # type: ignore[arg-type]
    except ssl.SSLError as error:
        assert error.reason  # noqa: PT017 - this or nothing


# -- nobody comes back without showing a certificate ----------------------------------------------


@VERSIONS
def test_no_session_is_resumed(
    pair: Pair, asking: ssl.SSLContext, tmp_path: Path, version: ssl.TLSVersion
) -> None:
    """pki.md, bar 12: "resumed handshake refused"; what it shows would be believed unjudged.

    (TLS 1.3: no ticket is given. TLS 1.2: an id is given, and nobody knows it again.)
    """
    shows = mint("nino").write(tmp_path)
    _, first = connect(asking, pair, shows, version)
    session = first.tls.session
    assert session is not None
    assert not session.has_ticket
    assert bool(session.id) is (version is ssl.TLSVersion.TLSv1_2)
    again = Client(first.tls.context, session)
    pipe = TlsPipe(asking)
    shake_hands(pipe, again)
    assert not again.tls.session_reused
    assert pipe.presented is not None
    assert (pipe.presented.is_vouched, pipe.presented.account) == (False, "")
    assert asking.session_stats()["number"] == 0


def test_who_resumes_all_the_same_is_refused(
    pair: Pair, asking: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("xchat.server.tls.forgetful", lambda context: context)
    _, first = connect(asking, pair, None, ssl.TLSVersion.TLSv1_2)
    pipe = TlsPipe(asking)
    with pytest.raises(TlsError, match="it resumes a session"):
        shake_hands(pipe, Client(first.tls.context, first.tls.session))
    assert (pipe.established, pipe.presented) == (False, None)


# -- what we send ---------------------------------------------------------------------------------


def chain_sent(server: ssl.SSLContext, pair: Pair) -> int:
    _, client = connect(server, pair, None, ssl.TLSVersion.TLSv1_2)
    return len(client.tls._sslobj.get_unverified_chain())  # type: ignore[attr-defined]


def test_openssl_adds_our_root_to_a_chain_of_one_only(pair: Pair) -> None:
    """pki.md, fact 10: "OpenSSL adds the root to the chain it sends by itself (1 → 2)"."""
    none = 'tls.client_certificates="none"'
    assert pair.cert.read_text().count("BEGIN") == 1
    assert [chain_sent(context_of(pair), pair), chain_sent(context_of(pair, none), pair)] == [2, 1]


# -- what the rules and the journal are told ------------------------------------------------------


def test_a_session_knows_the_certificate_of_its_connection(
    make_house: Callable[..., House], authority: Device, tmp_path: Path
) -> None:
    house = make_house()
    own, device, bare = mint("anna"), mint("nino", issuer=authority), None
    shown: list[tuple[str, str]] = []
    for one in (own, device, bare):
        trust = ssl.create_default_context(cadata=_pem(authority))
        if one is not None:
            trust.load_cert_chain(one.write(tmp_path))
        house.trust = trust
        house.encrypt()
        house.until(lambda: len(house.hub.sessions) == len(shown) + 1, "a session")
        session = list(house.hub.sessions.values())[-1]
        shown.append((session.certificate, session.certified))
    assert shown == [(own.fingerprint, ""), (device.fingerprint, "nino"), ("", "")]


def test_the_journal_says_how_somebody_has_logged_in_and_no_secret(
    make_house: Callable[..., House], authority: Device, tmp_path: Path
) -> None:
    house = make_house(config=Config(accounts=CHEAP))
    made = passwords.make("sesame", passwords.cost_of(CHEAP))
    account = AccountRegistered(name="nino", password=made.password, scram=made.scram)
    house.hub.ledger.append_own("", account)
    house.trust = ssl.create_default_context(cadata=_pem(authority))
    house.trust.load_cert_chain(mint("nino", issuer=authority).write(tmp_path))
    for steps in ((), ("PLAIN", plain_message("nino", "sesame")), ("EXTERNAL", "+")):
        guest = house.encrypt()
        guest.say("CAP REQ :sasl", *(f"AUTHENTICATE {step}" for step in steps))
        guest.log_in("nino" if steps else "anna")
        house.until(lambda: not steps or guest.said(" 903 "), "the login")  # noqa: B023
        guest.say("CAP END")
        house.until(lambda: guest.said(" 422 "), "the welcome")  # noqa: B023
    joined = house.recorded("joined")
    assert [entry["login"] for entry in joined] == ["none", "password", "certificate"]
    assert "sesame" not in str(house.journal)


def test_a_refused_certificate_is_in_the_journal_once_and_harms_nobody(
    make_house: Callable[..., House], authority: Device, tmp_path: Path
) -> None:
    house = make_house()
    anna = house.join("anna")
    house.trust = ssl.create_default_context(cadata=_pem(authority))
    house.trust.load_cert_chain(mint(issuer=authority, ends=-DAY).write(tmp_path))
    guests = [house.connect() for _ in range(3)]
    for guest in guests:
        guest.tls.handshake()
    house.until(lambda: all(guest.end for guest in guests), "all are refused")
    assert {guest.end for guest in guests} == {"SSLV3_ALERT_CERTIFICATE_EXPIRED"}
    why = "the client's certificate: certificate has expired"
    assert len(house.recorded("abuse", kind="bad TLS", why=why)) == 1
    house.ping(anna)


def _pem(device: Device) -> str:
    return device.certificate.public_bytes(Encoding.PEM).decode()


# -- whom a certificate names ---------------------------------------------------------------------


@given(st.text(min_size=1, max_size=30))
def test_any_name_goes_through_a_certificate(name: str) -> None:
    try:
        uri = uri_of("5f2c", name)
    except UnicodeEncodeError:  # half a surrogate is no name
        return
    assert uri.isascii()
    assert account_in(_der(mint("x", uris=(uri,)))) == name


@pytest.mark.parametrize(
    "uris",
    [
        (),
        ("https://5f2c.xchat.invalid/user/",),
        ("https://5f2c.xchat.invalid/user/%ff",),
        ("https://5f2c.xchat.invalid/user/nino?x",),
        ("https://5f2c.xchat.invalid/nino",),
        ("https://5f2c.example.com/user/nino",),
        ("http://5f2c.xchat.invalid/user/nino",),
        ("https://[5f2c.xchat.invalid/user/nino",),
        (uri_of("5f2c", "nino"), uri_of("5f2c", "anna")),
    ],
)
def test_what_names_no_account_or_two_names_none(uris: tuple[str, ...]) -> None:
    assert account_in(_der(mint(uris=uris))) == ""


@pytest.mark.parametrize("uses", [(), (SERVER,), (CLIENT, SERVER)])
def test_only_a_certificate_for_clients_alone_is_a_device(
    uses: tuple[x509.ObjectIdentifier, ...],
) -> None:
    assert account_in(_der(mint(uses=uses))) == ""
    assert account_in(b"no certificate") == ""


def _der(device: Device) -> bytes:
    return device.certificate.public_bytes(Encoding.DER)


# -- the settings ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "why"),
    [(None, "there is no such file"), ("x", "holds no certificate"), ("leaf", "is no CA's")],
)
def test_a_client_ca_that_is_none_is_refused_in_words(
    pair: Pair, tmp_path: Path, content: str | None, why: str
) -> None:
    file = tmp_path / "clients.pem"
    if content is not None:
        file.write_text(pair.cert.read_text() if content == "leaf" else content)
    with pytest.raises(ConfigError, match=why) as caught:
        context_of(pair, f'tls.client_ca="{file}"')
    assert str(file) in caught.value.what
    assert "tls.client_ca" in str(caught.value.mend)


def test_a_ca_may_be_named(pair: Pair, tmp_path: Path) -> None:
    other = trustme.CA()
    file = tmp_path / "clients.pem"
    other.cert_pem.write_to_path(str(file))
    server = context_of(pair, f'tls.client_ca="{file}"')
    device = mint(issuer=read_authority(other.cert_pem.bytes(), other.private_key_pem.bytes()))
    presented = connect(server, pair, device.write(tmp_path))[0].presented
    assert presented is not None
    assert presented.account == "nino"


def test_a_ca_beside_our_pair_that_did_not_sign_it_is_not_believed(
    pair: Pair, tmp_path: Path
) -> None:
    folder = tmp_path / "odd"
    folder.mkdir()
    (folder / "server.pem").write_bytes(pair.cert.read_bytes())
    trustme.CA().cert_pem.write_to_path(str(folder / "ca.pem"))
    server = context_of(Pair(pair.ca, folder / "server.pem", pair.key))
    assert server.cert_store_stats()["x509_ca"] == 0


def test_devices_of_an_issuer_that_was_rotated_out_log_in(pair: Pair, tmp_path: Path) -> None:
    """ "The server's client CA set keeps the old issuer as long as it has devices in force";
    the root above it is trusted no more, and what else that one signs is refused."""
    folder = tmp_path / "certs"
    init(folder, Wish(names=("localhost",), detects=False), datetime.now(UTC))
    now, old = datetime.now(UTC), mint_root(datetime.now(UTC), bounds=None)
    former, stranger = (mint_issuer(old, now, bounds=None) for _ in range(2))
    (folder / "issuers").mkdir()
    (folder / "issuers/1a2b.pem").write_bytes(former.certificate.public_bytes(Encoding.PEM))
    (folder / "issuers/1a2b-key.pem").write_bytes(b"never looked at")
    files = [f'tls.{each}="{folder}/live/server{end}.pem"' for each, end in PAIR_FILES]
    ours = f'tls.client_ca="{folder}/ca.pem"'
    for sets in ([], [ours]):
        server = make_context(load(None, [*pair.settings, *files, *sets]).tls)
        served = Pair(pair.ca, folder / "ca.pem", pair.key)
        theirs = mint("nino", issuer=Device(former.certificate, former.key))
        presented = connect(server, served, theirs.write(tmp_path))[0].presented
        assert presented is not None
        assert (presented.is_vouched, presented.account) == (True, "nino")
        odd = mint("nino", issuer=Device(stranger.certificate, stranger.key))
        with pytest.raises(TlsError):
            connect(server, served, odd.write(tmp_path, stranger.certificate))
