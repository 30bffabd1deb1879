"""What is served is made as one value, and tried by a client before it counts."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key

from tests.pki.conftest import make
from tests.server.client import Client
from tests.server.house import House
from xchat.config import load
from xchat.config.settings import Tls
from xchat.errors import ConfigError
from xchat.pki.disk.folder import BRIDGE, Folder
from xchat.pki.facts import read_chain
from xchat.pki.invite.enrolment import ALPN
from xchat.pki.mint.authority import Holder, mint_bridge, mint_root, mint_server
from xchat.pki.mint.keys import key_pem
from xchat.server.certificates import Served, files_of, make_served
from xchat.server.client_ca import pem_of
from xchat.server.tls import TlsPipe
from xchat.server.watch import look

NOW, DAY = datetime.now(UTC), timedelta(days=1)
DER = 2
"""What `ssl` calls the encoding, inside."""
NAMES = ("localhost", "chat.lan", "127.0.0.1", "::1")


@pytest.fixture(scope="module")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    return make(tmp_path_factory.mktemp("made") / "certs", *NAMES)


def settings_of(folder: Folder, *sets: str) -> Tls:
    pair = (f'tls.cert="{folder.server}"', f'tls.key="{folder.server_key}"')
    return load(None, [*pair, *sets]).tls


def served_by(folder: Folder, *sets: str, now: datetime = NOW) -> Served:
    return make_served(settings_of(folder, *sets), now=now)


def shown_by(context: ssl.SSLContext, folder: Folder, *protocols: str) -> list[bytes]:
    """Return the certificates that a client of a context is shown, in DER."""
    trust = ssl.create_default_context(cafile=str(folder.ca))
    trust.set_alpn_protocols(list(protocols))
    pipe, client = TlsPipe(context), Client(trust)
    while not client.handshake():
        pipe.feed(client.take())
        client.feed(pipe.take())
    chain = client.tls._sslobj.get_unverified_chain()  # type: ignore[attr-defined]
    return [each if isinstance(each, bytes) else each.public_bytes(DER) for each in chain]


def ders(file: Path) -> list[bytes]:
    return [each.public_bytes(Encoding.DER) for each in read_chain(file.read_bytes(), file)]


def test_what_is_served_says_what_it_is(folder: Folder) -> None:
    served = served_by(folder)
    leaf, issuer = read_chain(folder.server.read_bytes(), folder.server)
    (root,) = read_chain(folder.ca.read_bytes(), folder.ca)
    assert served.until == {
        "server": leaf.not_valid_after_utc,
        "issuer": issuer.not_valid_after_utc,
        "root": root.not_valid_after_utc,
    }
    assert served.is_proven
    assert served.pair.names == NAMES
    assert served.believed == pem_of([root, issuer, issuer])
    assert not served.barred.known.by_serial


def test_to_chat_the_chain_is_shown_and_to_enrol_the_root_too(folder: Folder) -> None:
    served = served_by(folder)
    chain, roots = ders(folder.server), ders(folder.ca)
    assert shown_by(served.irc, folder, "irc") == chain
    assert shown_by(served.enrolment, folder, ALPN) == chain + roots


def test_a_new_root_is_shown_with_what_the_old_one_says_of_it(folder: Folder) -> None:
    """ "the enrolment context also shows the new root certified by the old one" """
    key = load_pem_private_key(folder.root_key.read_bytes(), None)
    (root,) = read_chain(folder.ca.read_bytes(), folder.ca)
    assert isinstance(key, EllipticCurvePrivateKey)
    newer = mint_root(NOW, bounds=None).certificate
    folder.ca.write_bytes(pem_of([root, newer]))
    (folder.path / BRIDGE).write_bytes(pem_of([mint_bridge(Holder(root, key), newer, NOW)]))
    shown = shown_by(served_by(folder).enrolment, folder, ALPN)
    assert shown == ders(folder.server) + ders(folder.ca) + ders(folder.path / BRIDGE)
    assert shown_by(served_by(folder).irc, folder) == ders(folder.server)


def test_a_root_of_before_is_shown_ahead_of_those_of_now(folder: Folder) -> None:
    """A link of before a rotation names it, and it is the first that our clients let go again."""
    (folder.path / BRIDGE).write_bytes(pem_of([mint_root(NOW, bounds=None).certificate]))
    shown = shown_by(served_by(folder).enrolment, folder, ALPN)
    assert shown == ders(folder.server) + ders(folder.path / BRIDGE) + ders(folder.ca)


def test_who_comes_to_enrol_needs_no_certificate_and_speaks_nothing_older(folder: Folder) -> None:
    for asks in ("none", "optional"):
        enrolment = served_by(folder, f'tls.client_certificates="{asks}"').enrolment
        assert enrolment.verify_mode == ssl.CERT_OPTIONAL
        assert enrolment.minimum_version == ssl.TLSVersion.TLSv1_3


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("example.com", "a client that asks for localhost refuses it: permitted subtree violation"),
        (".lan", "no client can ask for '.lan'"),
    ],
)
def test_each_name_is_tried_as_a_strict_client_would(folder: Folder, name: str, why: str) -> None:
    """ "TRIED by an in-memory handshake with our own ca.pem, strict, for each name it has" """
    key = load_pem_private_key(folder.issuer_key.read_bytes(), None)
    (certificate,) = read_chain(folder.issuer.read_bytes(), folder.issuer)
    assert isinstance(key, EllipticCurvePrivateKey)
    server = mint_server(Holder(certificate, key), ["localhost", name], NOW)
    folder.server.write_bytes(pem_of([server.certificate, certificate]))
    folder.server_key.write_bytes(key_pem(server.key))
    with pytest.raises(ConfigError) as caught:
        served_by(folder)
    assert caught.value.what == f"{folder.server}: {why}"
    assert caught.value.mend == f"xchat-certs verify {folder.server}"


def test_a_root_of_the_same_name_is_another_root(folder: Folder) -> None:
    (real,) = read_chain(folder.ca.read_bytes(), folder.ca)
    false = mint_root(NOW, bounds=None)
    draft = x509.CertificateBuilder(
        real.subject, real.subject, false.key.public_key(), 7, NOW - DAY, NOW + DAY
    )
    for each in false.certificate.extensions:
        draft = draft.add_extension(each.value, each.critical)
    folder.ca.write_bytes(pem_of([draft.sign(false.key, SHA256())]))
    with pytest.raises(ConfigError, match="localhost refuses it: "):
        served_by(folder)


def test_what_has_no_ca_beside_it_is_tried_too(folder: Folder) -> None:
    """One bought elsewhere is not ours to judge; that its key is the right one, a client sees."""
    folder.ca.unlink()
    served = served_by(folder)
    assert not served.is_proven
    assert served.believed is None
    assert served.until.keys() == {"server", "issuer"}


def test_it_remembers_what_the_files_were_before_they_were_read(folder: Folder) -> None:
    settings = settings_of(folder)
    served = make_served(settings, now=NOW)
    assert served.seen == look(files_of(settings))
    folder.issuer.touch()
    assert served.seen != look(files_of(settings))


def test_a_link_looks_like_what_it_points_to(tmp_path: Path) -> None:
    one, two, link = (tmp_path / name for name in ("one", "two", "link"))
    for each in (one, two):
        each.write_text("same")
    link.symlink_to("one")
    before = look([str(link)])
    assert before == look([str(one)])
    link.unlink()
    link.symlink_to("two")
    assert look([str(link)]) == look([str(two)]) != before


def test_a_look_says_that_a_file_is_gone_or_may_not_be_looked_at(tmp_path: Path) -> None:
    assert look([str(tmp_path / "none"), str(tmp_path)])[0] == (2,)
    loop = tmp_path / "loop"
    loop.symlink_to("loop")
    assert look([str(loop)]) != look([str(tmp_path / "none")])


def test_who_is_served_is_who_comes_next(make_house: Callable[..., House], folder: Folder) -> None:
    """Rebinding one name is all there is to it; who is here stays as they are."""
    house = make_house()
    old = house.join("ana", "#a")
    house.guests.served = served_by(folder)
    house.trust = ssl.create_default_context(cafile=str(folder.ca))
    new = house.join("ben", "#a")
    assert new.tls.tls.getpeercert(binary_form=True) == ders(folder.server)[0]
    old.say("PRIVMSG #a :still here")
    house.until(lambda: new.said("still here"), "a word of who came before")
