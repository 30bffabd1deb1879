"""`xchat.pki.rotation.succession`: which new roots may be believed, and which may not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from tests.pki.conftest import run
from xchat.limits import SHOWN_CERTIFICATES_MAX
from xchat.pki.facts import facts_of
from xchat.pki.mint.authority import Holder, mint_bridge, mint_issuer, mint_root, mint_server
from xchat.pki.mint.names import LOCAL, Bounds, parse_name
from xchat.pki.rotation.succession import successors

NOW = datetime.now(UTC)
YEAR = timedelta(days=365)


@dataclass(frozen=True)
class Line:
    """Roots that followed one another, and the certificates that say so."""

    roots: tuple[Holder, ...]
    bridges: tuple[x509.Certificate, ...]

    @property
    def shown(self) -> list[x509.Certificate]:
        return [*(each.certificate for each in self.roots[1:]), *self.bridges]


@pytest.fixture(scope="module")
def line() -> Line:
    roots = tuple(mint_root(NOW, bounds=LOCAL) for _ in range(3))
    pairs = pairwise(roots)
    return Line(roots, tuple(mint_bridge(old, new.certificate, NOW) for old, new in pairs))


def bounded(*domains: str) -> Bounds:
    return Bounds(domains, LOCAL.networks)


def test_a_root_that_ours_vouches_for_is_believed(line: Line) -> None:
    """RFC 4210, 4.4: "NewWithOld: the new CA public key signed with the old private key"."""
    old, new, _ = (each.certificate for each in line.roots)
    assert successors([old], [new, line.bridges[0]], NOW) == [new]
    assert facts_of(line.bridges[0], "x").role == "bridge"


def test_several_steps_are_walked_in_any_order(line: Line) -> None:
    old, new, newest = (each.certificate for each in line.roots)
    assert successors([old], line.shown, NOW) == [new, newest]
    assert successors([old], [*reversed(line.shown)] * 2, NOW) == [newest, new]
    assert successors([old], [newest, *line.bridges], NOW) == [newest], "the one between is gone"
    assert successors([new], line.shown, NOW) == [newest]
    assert successors([old, new, newest], line.shown, NOW) == []


def test_who_was_shown_no_proof_believes_nothing(line: Line) -> None:
    old, new, newest = (each.certificate for each in line.roots)
    assert successors([old], [new, newest], NOW) == []
    assert successors([old], [line.bridges[0]], NOW) == []
    assert successors([old], [newest, line.bridges[1]], NOW) == [], "a step is missing"
    assert successors([], line.shown, NOW) == []


def test_proof_by_a_stranger_is_none(line: Line) -> None:
    """A root of the same name and another key has signed it."""
    old, new = line.roots[0].certificate, line.roots[1].certificate
    stranger = mint_root(NOW, bounds=LOCAL)
    named_alike = Holder(old, stranger.key)
    for thief in (stranger, named_alike):
        forged = mint_bridge(thief, new, NOW)
        assert successors([old], [new, forged], NOW) == []


@pytest.mark.parametrize("stolen", ["issuer", "server"])
def test_a_thief_of_a_lesser_key_leads_nobody_away(line: Line, stolen: str) -> None:
    """Not even one whose file of trusted certificates holds the issuer too."""
    root = line.roots[0]
    issuer = mint_issuer(root, NOW, bounds=LOCAL)
    loot = issuer if stolen == "issuer" else mint_server(issuer, ["chat.lan"], NOW)
    trap = mint_root(NOW, bounds=LOCAL)
    forged = mint_bridge(loot, trap.certificate, NOW)
    trusted = [root.certificate, issuer.certificate]
    assert successors(trusted, [trap.certificate, forged, loot.certificate], NOW) == []


def test_a_thief_of_the_issuers_key_makes_no_root_of_it(line: Line) -> None:
    """The old root did sign a CA of this name and key: the issuer, which is no root."""
    root = line.roots[0]
    issuer = mint_issuer(root, NOW, bounds=LOCAL)
    for like in (root.certificate, issuer.certificate):
        trap = as_root(issuer, like)
        assert successors([root.certificate], [trap, issuer.certificate], NOW) == []


def as_root(holder: Holder, like: x509.Certificate) -> x509.Certificate:
    """Return a root of a holder's own name and key, with the extensions of another."""
    name, key = holder.certificate.subject, holder.key.public_key()
    draft = x509.CertificateBuilder(
        name, name, key, 7, like.not_valid_before_utc, like.not_valid_after_utc
    )
    for each in like.extensions:
        draft = draft.add_extension(each.value, each.critical)
    return draft.sign(holder.key, hashes.SHA256())


def test_a_root_may_have_no_more_beneath_it_than_was_certified(line: Line) -> None:
    old, new = line.roots[0].certificate, line.roots[1]
    deeper = x509.CertificateBuilder(
        new.certificate.subject, new.certificate.subject, new.key.public_key(), 7,
        new.certificate.not_valid_before_utc, new.certificate.not_valid_after_utc,
    )  # fmt: skip
    for each in new.certificate.extensions:
        is_depth = isinstance(each.value, x509.BasicConstraints)
        value = x509.BasicConstraints(ca=True, path_length=None) if is_depth else each.value
        deeper = deeper.add_extension(value, each.critical)
    shown = [deeper.sign(new.key, hashes.SHA256()), line.bridges[0]]
    assert successors([old], shown, NOW) == []


def test_proof_for_another_key_is_none(line: Line) -> None:
    """The bridge is real, and the root shown has its name but not its key."""
    old, new = line.roots[:2]
    trap = mint_root(NOW, bounds=LOCAL)
    alike = resigned(new.certificate, trap)
    assert alike.subject == new.certificate.subject
    assert successors([old.certificate], [alike, trap.certificate, line.bridges[0]], NOW) == []


def resigned(certificate: x509.Certificate, by: Holder) -> x509.Certificate:
    """Return a root with the names and extensions of `certificate` and another's key."""
    draft = x509.CertificateBuilder(
        certificate.subject, certificate.subject, by.key.public_key(), 7,
        certificate.not_valid_before_utc, certificate.not_valid_after_utc,
    )  # fmt: skip
    for each in certificate.extensions:
        draft = draft.add_extension(each.value, each.critical)
    return draft.sign(by.key, hashes.SHA256())


def test_what_is_out_of_date_proves_nothing(line: Line) -> None:
    """Neither an expired bridge, nor one by an expired root, nor one to an expired root."""
    old, new = line.roots[0].certificate, line.roots[1].certificate
    assert successors([old], line.shown, old.not_valid_after_utc + timedelta(seconds=1)) == []
    assert successors([old], line.shown, NOW - YEAR) == []
    elder = mint_root(NOW - 9.9 * YEAR, bounds=LOCAL)
    bridge = mint_bridge(elder, new, NOW)
    assert bridge.not_valid_after_utc == elder.certificate.not_valid_after_utc
    assert successors([elder.certificate], [new, bridge], NOW) == [new]
    assert successors([elder.certificate], [new, bridge], NOW + YEAR) == []


@pytest.mark.parametrize(
    ("ours", "theirs", "believed"),
    [
        (bounded("lan"), bounded("lan"), True),
        (bounded("lan", "test"), bounded("lan"), True),
        (bounded("lan"), bounded("chat.lan"), True),
        (bounded("lan"), bounded("lan", "com"), False),
        (bounded("lan"), Bounds((), LOCAL.networks), False),
        (bounded("lan"), Bounds(("lan",), ()), False),
        (bounded("lan"), LOCAL.widened([parse_name("8.8.8.8")]), False),
        (bounded("lan"), None, False),
        (None, bounded("lan"), True),
        (None, None, True),
    ],
)
def test_a_new_root_may_not_name_more(
    ours: Bounds | None, theirs: Bounds | None, *, believed: bool
) -> None:
    """ "constraints not wider": what is open in the new one and bounded in ours is wider."""
    old, new = mint_root(NOW, bounds=ours), mint_root(NOW, bounds=theirs)
    shown = [new.certificate, mint_bridge(old, new.certificate, NOW)]
    assert (successors([old.certificate], shown, NOW) == [new.certificate]) is believed


def test_the_root_shown_may_not_name_more_than_the_one_certified(line: Line) -> None:
    """The same name and key, and no bounds any more."""
    old, new = line.roots[0].certificate, line.roots[1]
    wider = x509.CertificateBuilder(
        new.certificate.subject, new.certificate.subject, new.key.public_key(), 7,
        new.certificate.not_valid_before_utc, new.certificate.not_valid_after_utc,
    )  # fmt: skip
    for each in new.certificate.extensions:
        if not isinstance(each.value, x509.NameConstraints):
            wider = wider.add_extension(each.value, each.critical)
    unbounded = wider.sign(new.key, hashes.SHA256())
    assert successors([old], [unbounded, line.bridges[0]], NOW) == []


def test_a_server_may_show_much_and_little_is_looked_at(line: Line) -> None:
    old, new = line.roots[0].certificate, line.roots[1].certificate
    chaff = [old] * SHOWN_CERTIFICATES_MAX
    assert successors([old], [*chaff, new, line.bridges[0]], NOW) == []


@pytest.mark.needs("openssl")
def test_openssl_finds_that_the_old_root_signed_it(line: Line, tmp_path_factory: object) -> None:
    assert isinstance(tmp_path_factory, pytest.TempPathFactory)
    from cryptography.hazmat.primitives.serialization import Encoding

    folder = tmp_path_factory.mktemp("bridge")
    for name, each in (("old", line.roots[0].certificate), ("bridge", line.bridges[0])):
        (folder / f"{name}.pem").write_bytes(each.public_bytes(Encoding.PEM))
    words = ("openssl", "verify", "-x509_strict", "-CAfile", "old.pem", "bridge.pem")
    assert run(*words, cwd=folder).out == "bridge.pem: OK\n"
