"""Whoever stands on a certificate goes when it ends, and is told so the day before."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from tests.server.client_certificates import DAY, Device, mint, read_authority
from tests.server.conftest import Pair
from tests.server.house import Guest, House
from xchat.server.papers import LOOK_SECONDS

MakeHouse = Callable[..., House]


@pytest.fixture(scope="module")
def authority(pair: Pair) -> Device:
    return read_authority(pair.ca.cert_pem.bytes(), pair.ca.private_key_pem.bytes())


@pytest.fixture
def house(make_house: MakeHouse) -> House:
    return make_house()


@pytest.fixture
def join(house: House, pair: Pair, tmp_path: Path) -> Callable[[Device, str], Guest]:
    def come(device: Device, nick: str) -> Guest:
        house.trust = ssl.create_default_context(cafile=str(pair.cert.parent / "ca.pem"))
        house.trust.load_cert_chain(device.write(tmp_path))
        return house.join(nick)

    return come


Join = Callable[[Device, str], Guest]


def test_who_has_less_than_a_day_left_is_told_when_it_ends(
    house: House, join: Join, authority: Device
) -> None:
    device = mint("nino", issuer=authority, ends=DAY - timedelta(minutes=1))
    guest = join(device, "nino")
    house.until(lambda: guest.said(" NOTICE "), "the warning")
    (notice,) = [line for line in guest.lines if " NOTICE " in line]
    ends = device.certificate.not_valid_after_utc
    assert f"Your certificate ends on {ends:%Y-%m-%d at %H:%M} UTC, and this connection" in notice
    house.ping(guest)
    assert guest.count(" NOTICE ") == 1


def test_who_has_more_than_a_day_left_is_told_nothing(
    house: House, join: Join, authority: Device
) -> None:
    guest = join(mint("nino", issuer=authority, ends=DAY + timedelta(minutes=1)), "nino")
    house.ping(guest)
    assert not guest.count(" NOTICE ")


@pytest.mark.parametrize("is_self_made", [False, True])
def test_a_session_whose_certificate_expires_is_closed_with_words(
    house: House, join: Join, authority: Device, *, is_self_made: bool
) -> None:
    """pki.md, fact 15: "An established connection outlives its certificate's revocation and
    expiry: the server must find and close it"."""
    issuer = None if is_self_made else authority
    short = join(mint("nino", issuer=issuer, ends=timedelta(seconds=3)), "nino")
    long = join(mint("nino", issuer=issuer), "nino2")
    house.until(lambda: short.end, "it is closed", seconds=6)
    (line,) = [line for line in short.lines if line.startswith("ERROR")]
    assert "Your certificate expired on 20" in line
    house.ping(long)


def test_who_goes_is_forgotten_within_the_hour(house: House, join: Join, authority: Device) -> None:
    """Certificates end in months: what is kept of each connection must not."""
    papers = house.guests.papers
    for _ in range(5):
        guest = join(mint("nino", issuer=authority), "nino")
        house.clients.remove(guest)
        guest.close()
        house.until(lambda: not house.hub.sessions, "it is gone")
    assert not papers._papers
    assert len(papers._deadlines) == 0
    house.hub.now_ms += int(LOOK_SECONDS * 2000)
    papers.go_on()
    assert papers._deadlines.next() is None
