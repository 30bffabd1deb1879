"""A certificate that is revoked is refused in the handshake, and every other one is not."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.server.client import Client, shake_hands
from tests.server.client_certificates import Device, mint, read_authority
from tests.server.conftest import Pair
from xchat.config import load
from xchat.pki.device.revocations import Revocations, Revoked
from xchat.pki.disk.registry import Device as Row
from xchat.server import judges, presented
from xchat.server.context import make_context, make_enrolment_context
from xchat.server.revoked import Barred, Named, named
from xchat.server.tls import TlsError, TlsPipe

VERSIONS = pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
KINDS = pytest.mark.parametrize("kind", ["optional", "required"])
AT = datetime(2026, 11, 22, 23, 5, tzinfo=UTC)
LOST = Revoked(at=AT, reason="key-compromise", file="crl.pem")


@pytest.fixture(scope="module")
def authority(pair: Pair) -> Device:
    return read_authority(pair.ca.cert_pem.bytes(), pair.ca.private_key_pem.bytes())


@pytest.fixture
def barred() -> Barred:
    return Barred()


def serve(pair: Pair, barred: Barred, kind: str = "optional") -> ssl.SSLContext:
    sets = (f'tls.client_certificates="{kind}"', 'tls.min_version="1.2"')
    return make_context(load(None, [*pair.settings, *sets]).tls, barred)


def visit(
    server: ssl.SSLContext, pair: Pair, shows: Path, version: ssl.TLSVersion
) -> tuple[TlsPipe, Client, str]:
    """Shake hands; return what the server says is wrong."""
    trust = ssl.create_default_context(cafile=str(pair.cert.parent / "ca.pem"))
    trust.maximum_version = version
    trust.load_cert_chain(shows)
    pipe, client = TlsPipe(server), Client(trust)
    try:
        shake_hands(pipe, client)
    except TlsError as error:
        client.feed(pipe.take())
        return pipe, client, str(error)
    return pipe, client, ""


def revoke(barred: Barred, device: Device, *, by: str) -> None:
    """Revoke a device: by a list, which has no name for it, or by the table of devices."""
    if by == "list":
        barred.known = Revocations(by_serial={named(device.certificate): LOST})
    else:
        barred.known = Revocations(by_sha256={device.fingerprint: LOST})
        barred.devices = {device.fingerprint: row_of(device)}


def row_of(device: Device) -> Row:
    one = device.certificate
    return Row(
        account="nino", device="laptop", serial=f"{one.serial_number:x}", sha256=device.fingerprint,
        key="", issuer="", not_before=AT, not_after=one.not_valid_after_utc, made=AT,
    )  # fmt: skip


@VERSIONS
@KINDS
@pytest.mark.parametrize("by", ["list", "table"])
def test_it_is_refused_by_an_alert_from_then_on_and_before_a_byte_of_irc(  # noqa: PLR0917
    pair: Pair,
    authority: Device,
    barred: Barred,
    tmp_path: Path,
    version: ssl.TLSVersion,
    kind: str,
    by: str,
) -> None:
    """Issue 4: "within 1 s of `device revoke` new handshakes are refused"."""
    server = serve(pair, barred, kind)
    device, other = mint("nino", issuer=authority), mint("nino", issuer=authority)
    shows = device.write(tmp_path)
    assert visit(server, pair, shows, version)[2] == ""
    revoke(barred, device, by=by)
    pipe, client, why = visit(server, pair, shows, version)
    whose = ", as nino's device laptop" if by == "table" else ""
    said = f"revoked on 2026-11-22 at 23:05 UTC (key-compromise){whose}"
    assert why == f"the client's certificate: {said}"
    assert (pipe.established, pipe.presented) == (False, None)
    with pytest.raises(ssl.SSLError, match="TLSV1_ALERT_UNKNOWN_CA"):
        client.handshake() and client.read()
    assert visit(server, pair, other.write(tmp_path), version)[2] == ""


@VERSIONS
def test_with_its_issuer_and_root_in_the_chain_it_is_refused_too(
    pair: Pair, authority: Device, barred: Barred, tmp_path: Path, version: ssl.TLSVersion
) -> None:
    device = mint("nino", issuer=authority)
    revoke(barred, device, by="list")
    shows = device.write(tmp_path, authority.certificate)
    assert "revoked on" in visit(serve(pair, barred), pair, shows, version)[2]


@VERSIONS
def test_a_self_made_one_that_is_revoked_is_refused_before_it_is_admitted(
    pair: Pair, barred: Barred, tmp_path: Path, version: ssl.TLSVersion
) -> None:
    own = mint("nino")
    revoke(barred, own, by="table")
    assert "revoked on" in visit(serve(pair, barred), pair, own.write(tmp_path), version)[2]


def test_the_serial_of_another_issuer_is_another_certificate(
    pair: Pair, authority: Device, barred: Barred, tmp_path: Path
) -> None:
    """RFC 5280, 4.1.2.2: "the issuer name and serial number identify a unique certificate"."""
    device = mint("nino", issuer=authority)
    theirs = Named(mint("other").certificate.subject.public_bytes(), named(device.certificate)[1])
    barred.known = Revocations(by_serial={theirs: LOST})
    server = serve(pair, barred)
    assert visit(server, pair, device.write(tmp_path), ssl.TLSVersion.TLSv1_3)[2] == ""


@VERSIONS
def test_where_python_has_no_hook_who_is_revoked_is_known_when_the_handshake_is_done(  # noqa: PLR0917
    pair: Pair,
    authority: Device,
    barred: Barred,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    version: ssl.TLSVersion,
) -> None:
    monkeypatch.setattr(judges, "HOOK", "_no_such_hook")
    device = mint("nino", issuer=authority)
    revoke(barred, device, by="list")
    server = serve(pair, barred)
    pipe, _, why = visit(server, pair, device.write(tmp_path), version)
    assert why == ""
    assert pipe.presented is not None
    assert barred.why_not(pipe.presented) == (LOST, None)
    assert pipe.presented.not_after == device.certificate.not_valid_after_utc


def test_what_only_openssl_can_read_is_refused_since_nobody_can_tell_whether_it_is_revoked(
    pair: Pair, authority: Device, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(presented, "account_of", _unreadable)
    shows = mint("nino", issuer=authority).write(tmp_path)
    pipe, _, why = visit(serve(pair, Barred()), pair, shows, ssl.TLSVersion.TLSv1_3)
    assert why == "the client's certificate: it cannot be read"
    assert not pipe.established


def _unreadable(_certificate: object) -> str:
    raise ValueError


def test_who_is_revoked_cannot_enrol_again(
    pair: Pair, authority: Device, barred: Barred, tmp_path: Path
) -> None:
    """A device renews by the certificate that it shows: one that is revoked is none."""
    server = make_enrolment_context(load(None, pair.settings).tls, barred)
    device = mint("nino", issuer=authority)
    shows = device.write(tmp_path)
    assert visit(server, pair, shows, ssl.TLSVersion.TLSv1_3)[2] == ""
    revoke(barred, device, by="list")
    assert "revoked on" in visit(server, pair, shows, ssl.TLSVersion.TLSv1_3)[2]
