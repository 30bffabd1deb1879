"""`xchat.client.trust`: which new root is followed, and which impostor is not."""

from __future__ import annotations

import os
import socket
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from tests.client.conftest import MakeImpostor
from tests.client.impostors import Impostor
from tests.client.test_faults import attempt
from tests.pki.test_succession import resigned
from xchat.client import keyring, trust
from xchat.client.exits import Exit
from xchat.client.peer import Peer
from xchat.client.tls import certificates_in, pem_of
from xchat.client.trust import Trust, followed
from xchat.client.upkeep import Asking
from xchat.limits.client import ROOTS_ASK_SECONDS, ROOTS_TRUSTED_MAX
from xchat.pki.invite.enrolment import ALPN
from xchat.pki.mint.authority import Holder, mint_bridge, mint_issuer, mint_root, mint_server
from xchat.pki.mint.keys import key_pem
from xchat.pki.mint.names import LOCAL

NOW = datetime.now(UTC)
YEAR = timedelta(days=365)


def der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.DER)


@dataclass(frozen=True)
class Successor:
    """A root that followed another, and the server of it."""

    old: Holder
    root: Holder
    issuer: Holder
    server: Holder
    bridges: tuple[x509.Certificate, ...]

    @property
    def shown(self) -> list[x509.Certificate]:
        chain = (self.server, self.issuer, self.root)
        return [*(each.certificate for each in chain), *self.bridges]

    def context(self, *protocols: str) -> ssl.SSLContext:
        """Return what shows all this to whoever comes."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.set_alpn_protocols([*protocols])
        pair = Path("pair.pem")
        pair.write_bytes(pem_of(map(der, self.shown)) + key_pem(self.server.key))
        context.load_cert_chain(pair)
        return context


def make(old: Holder, **more: object) -> Successor:
    root = mint_root(NOW, bounds=more.get("bounds", LOCAL))  # type: ignore[arg-type]
    issuer = mint_issuer(root, NOW, bounds=LOCAL)
    server = mint_server(issuer, ["localhost"], NOW)
    return Successor(old, root, issuer, server, (mint_bridge(old, root.certificate, NOW),))


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def old() -> Holder:
    return mint_root(NOW, bounds=LOCAL)


@pytest.fixture
def named(old: Holder, tmp_path: Path) -> Path:
    """A file that a person named."""
    return stored(tmp_path / "mine.pem", old.certificate)


def stored(path: Path, *certificates: x509.Certificate) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(pem_of(map(der, certificates)))
    return path


def of_a_login(old: Holder, port: int) -> Path:
    return stored(keyring.login_at(Peer("localhost", port), "anna").ca, old.certificate)


def honest(old: Holder) -> Successor:
    return make(old)


def signed_by_a_namesake(old: Holder) -> Successor:
    """The bridge has our root's name as its issuer, and is signed by another key."""
    it = make(old)
    thief = Holder(old.certificate, mint_root(NOW, bounds=LOCAL).key)
    return replace(it, bridges=(mint_bridge(thief, it.root.certificate, NOW),))


def signed_by_a_stranger(old: Holder) -> Successor:
    it = make(old)
    return replace(it, bridges=(mint_bridge(make(old).root, it.root.certificate, NOW),))


def for_another_key(old: Holder) -> Successor:
    """The bridge is real, and stolen: the root shown has its name, and the thief's key."""
    real, it = make(old), make(old)
    alike = Holder(resigned(real.root.certificate, it.root), it.root.key)
    return replace(it, root=alike, bridges=real.bridges)


def expired(old: Holder) -> Successor:
    it = make(old)
    elder = Holder(old.certificate, old.key)
    return replace(it, bridges=(mint_past_bridge(elder, it.root.certificate),))


def mint_past_bridge(by: Holder, new: x509.Certificate) -> x509.Certificate:
    from cryptography.hazmat.primitives import hashes

    real = mint_bridge(by, new, NOW)
    draft = x509.CertificateBuilder(
        real.issuer, real.subject, new.public_key(), 7, NOW - YEAR, NOW - timedelta(days=1)
    )
    for each in real.extensions:
        draft = draft.add_extension(each.value, each.critical)
    return draft.sign(by.key, hashes.SHA256())


def without_a_bridge(old: Holder) -> Successor:
    return replace(make(old), bridges=())


def that_may_name_more(old: Holder) -> Successor:
    return make(old, bounds=None)


def by_the_stolen_issuer(old: Holder) -> Successor:
    """A thief has the key of the issuer that our root did sign."""
    loot, it = mint_issuer(old, NOW, bounds=LOCAL), make(old)
    bridges = (loot.certificate, mint_bridge(loot, it.root.certificate, NOW))
    return replace(it, bridges=bridges)


IMPOSTORS = (
    signed_by_a_namesake,
    signed_by_a_stranger,
    for_another_key,
    expired,
    without_a_bridge,
    that_may_name_more,
    by_the_stolen_issuer,
)


@pytest.mark.parametrize("make_it", IMPOSTORS, ids=lambda each: each.__name__)
def test_an_impostor_gets_the_error_it_always_got(
    impostor: MakeImpostor, old: Holder, named: Path, make_it: Callable[[Holder], Successor]
) -> None:
    """ "Anything else stays the error it was"; nothing is stored, and not a word said."""
    other = impostor(make_it(old).context("irc", ALPN))
    before = named.read_bytes()
    done = attempt(named, other.port)
    assert done.returncode == Exit.UNKNOWN_CA.code
    assert f"its certificate is not from the CA in {named}" in done.stderr
    assert "new root" not in done.stderr
    assert other.heard == b""
    assert named.read_bytes() == before
    assert not list(keyring.servers().parent.rglob("*.pem"))


def test_the_next_root_is_stored_beside_ours_in_a_file_of_our_own(
    impostor: MakeImpostor, old: Holder
) -> None:
    it = honest(old)
    other: Impostor = impostor(it.context(ALPN))
    ca = of_a_login(old, other.port)
    words = Trust(ca, Peer("localhost", other.port)).come_after()
    assert words.endswith("both are trusted from now on")
    assert certificates_in(ca) == [der(old.certificate), der(it.root.certificate)]
    assert other.heard == b"", "nothing was sent"


def test_a_named_file_stays_and_what_followed_on_it_is_found_again(
    impostor: MakeImpostor, old: Holder, named: Path, tmp_path: Path
) -> None:
    it, before = honest(old), named.read_bytes()
    other: Impostor = impostor(it.context(ALPN))
    assert followed(named) == named
    ours = Trust(named, Peer("localhost", other.port))
    words = ours.come_after()
    assert f"by {followed(named)} in place of {named}" in words
    assert named.read_bytes() == before
    assert ours.ca == followed(named) != named
    assert certificates_in(ours.ca) == [der(old.certificate), der(it.root.certificate)]
    assert followed(ours.ca) == ours.ca
    same = stored(tmp_path / "copy.pem", old.certificate)
    assert followed(same) == ours.ca, "whatever it is called"
    both = stored(tmp_path / "both.pem", old.certificate, it.root.certificate)
    assert followed(both) == both


def test_who_has_it_already_stores_nothing(impostor: MakeImpostor, old: Holder) -> None:
    it = honest(old)
    other: Impostor = impostor(it.context(ALPN))
    ca = stored(of_a_login(old, other.port), old.certificate, it.root.certificate)
    before = ca.stat().st_mtime_ns
    assert Trust(ca, Peer("localhost", other.port)).come_after() == ""
    assert ca.stat().st_mtime_ns == before


def test_a_server_that_enrols_nobody_shows_nothing(
    impostor: MakeImpostor, old: Holder, named: Path
) -> None:
    other: Impostor = impostor(honest(old).context("irc"))
    assert Trust(named, Peer("localhost", other.port)).come_after() == ""


def test_no_server_of_another_ca_is_visited(impostor: MakeImpostor, ca: Path, old: Holder) -> None:
    """A root that `xchat-certs` did not make has no successors that it could vouch for."""
    other: Impostor = impostor(honest(old).context(ALPN))
    mine = Trust(ca, Peer("localhost", other.port))
    assert not mine.may_grow
    assert mine.come_after() == ""
    assert other.visits == 0


def test_where_nobody_listens_nothing_is_stored(named: Path) -> None:
    assert Trust(named, Peer("127.0.0.1", 1)).come_after() == ""


def test_more_roots_than_a_file_may_have_are_left(
    impostor: MakeImpostor, old: Holder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trust, "ROOTS_TRUSTED_MAX", 1)
    assert ROOTS_TRUSTED_MAX > 1
    other: Impostor = impostor(honest(old).context(ALPN))
    ca = of_a_login(old, other.port)
    assert Trust(ca, Peer("localhost", other.port)).come_after() == ""
    assert len(certificates_in(ca)) == 1


def test_a_script_asks_once_a_day(old: Holder, named: Path) -> None:
    ca = of_a_login(old, 1)
    asked, here = ca.with_suffix(".asked"), Peer("127.0.0.1", 1)
    due = [Trust(ca, here).is_due]
    asked.touch()
    due.append(Trust(ca, here).is_due)
    then = time.time() - ROOTS_ASK_SECONDS - 1
    os.utime(asked, (then, then))
    due.append(Trust(ca, here).is_due)
    assert due == [True, False, True]
    assert not Trust(named, here).is_due, "of a file that was named, it never is"


def test_a_server_that_does_not_answer_is_no_fault(old: Holder) -> None:
    assert Asking(None, Trust(of_a_login(old, 1), Peer("127.0.0.1", 1)))() == ""


@dataclass
class Listing:
    """A server that answers which roots it has; its certificate is by `by`."""

    by: Holder
    listed: list[x509.Certificate]

    def __call__(self, connection: socket.socket) -> None:
        connection.recv(4096)
        pem = pem_of(map(der, self.listed)).decode()
        connection.sendall(msgspec.json.encode({"roots": pem}) + b"\n")

    def context(self) -> ssl.SSLContext:
        issuer = mint_issuer(self.by, NOW, bounds=LOCAL)
        server = mint_server(issuer, ["localhost"], NOW)
        return replace(make(self.by), issuer=issuer, server=server, bridges=()).context(ALPN)


@pytest.mark.parametrize("who", ["ours", "in the overlap", "a thief of the old key"])
def test_a_root_that_was_replaced_is_trusted_no_more(
    impostor: MakeImpostor, old: Holder, who: str
) -> None:
    """Not before the server does without it; and an old key takes no newer root away."""
    new = mint_root(NOW, bounds=LOCAL)
    by, listed = {
        "ours": (new, [new.certificate]),
        "in the overlap": (old, [new.certificate]),
        "a thief of the old key": (old, [old.certificate]),
    }[who]
    server = Listing(by, listed)
    other: Impostor = impostor(server.context(), server)
    ca = stored(of_a_login(old, other.port), old.certificate, new.certificate)
    words = Trust(ca, Peer("localhost", other.port)).ask(None)
    gone = who == "ours"
    assert ("trusted no more" in words) == gone
    assert certificates_in(ca) == [der(each.certificate) for each in (old, new)][gone:]
