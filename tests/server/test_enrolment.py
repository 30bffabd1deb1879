"""Enrolment in a server whose turns the test runs: what breaks, what is late, who goes."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn

import pytest

from tests.pki.conftest import make
from tests.server.house import Guest, House, assert_empty
from xchat.chat.events import InviteMade
from xchat.chat.ledger import CannotKeep
from xchat.chat.tokens import make_token
from xchat.config import Config, load
from xchat.pki.disk.files import locked
from xchat.pki.disk.folder import Folder
from xchat.pki.invite.enrolment import ALPN
from xchat.pki.mint.keys import make_key
from xchat.pki.mint.request import make_request
from xchat.server import enrolment
from xchat.server.certificates import make_served
from xchat.server.granting import Granted, grant
from xchat.store.store import SqliteStore

ROOTS = '{"ask":"roots"}'
TOKEN = make_token()
SECONDS_MAX = 3.0
"""Less than anybody waits for the folder's lock."""


@pytest.fixture
def certs(tmp_path: Path) -> Folder:
    """Certificates whose names are those that tests connect to."""
    return make(tmp_path / "certs", "localhost")


@pytest.fixture
def house(certs: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    monkeypatch.setattr("xchat.server.turn.IDLE_SECONDS", 0.05)
    config = config_with(certs)
    served = make_served(config.tls, now=datetime.now(UTC))
    trust = ssl.create_default_context(cafile=str(certs.ca))
    trust.set_alpn_protocols([ALPN])
    house = House(tmp_path, served, trust, config=config)
    until = house.hub.started_ms + 10**12
    event = InviteMade(sha256=TOKEN.sha256, name="alice", by="root", until=until)
    house.hub.ledger.append_own("", event)
    house.run_turn()
    yield house
    house.close()


def config_with(certs: Folder) -> Config:
    pair = [f'tls.cert="{certs.server}"', f'tls.key="{certs.server_key}"']
    return load(None, [*pair, 'limits.exempt=["127.0.0.0/8"]'])


def redeem() -> str:
    request = make_request(make_key()).decode()
    question = {"ask": "redeem", "token": TOKEN.text, "request": request, "device": "laptop"}
    return json.dumps(question)


def answer(house: House, guest: Guest) -> dict[str, Any]:
    """Return what a guest is told, after which the connection ends."""
    house.until(lambda: guest.end, "the answer, and the end")
    assert guest.end == "closed"
    (line,) = guest.lines
    told: dict[str, Any] = json.loads(line)
    return told


def ask(house: House, question: str) -> dict[str, Any]:
    guest = house.encrypt()
    guest.say(question)
    return answer(house, guest)


def code(told: dict[str, Any]) -> str:
    return str(told["refused"]["code"]) if "refused" in told else ""


def test_whoever_has_been_answered_is_gone(house: House) -> None:
    assert "BEGIN CERTIFICATE" in ask(house, ROOTS)["roots"]
    assert code(ask(house, redeem())) == ""
    assert code(ask(house, "no")) == "not-understood"
    assert_empty(house)
    assert not house.guests._enrolments._applicants


def test_what_cannot_be_kept_is_not_signed(
    house: House, certs: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Redeem BEFORE sign: where the log cannot keep it, there is no certificate."""
    question = redeem()
    with monkeypatch.context() as full:
        full.setattr(SqliteStore, "keep", cannot_keep)
        assert code(ask(house, question)) == "busy"
    assert not certs.devices.exists() or b"alice" not in certs.devices.read_bytes()
    assert "alice" not in [each.name for each in house.hub.state.accounts.values()]
    assert code(ask(house, question)) == "", "and nothing of it was used"


def test_who_has_all_that_they_may_have_is_told_so_and_no_operator(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One who asks for more and more is no reason to tell an operator that nobody can enrol."""
    monkeypatch.setattr("xchat.pki.device.enrol.DEVICES_PER_ACCOUNT_MAX", 0)
    told = ask(house, redeem())
    assert code(told) == "not-signed"
    assert "alice has 0 devices in force, which is all" in told["refused"]["what"]
    assert not [entry for entry in house.journal if entry["level"] == "error"]


def test_who_waits_for_the_folder_keeps_nobody_else_waiting(
    house: House, certs: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A command that was stopped holds its lock: passwords and revocations have threads left."""
    question, begun = redeem(), threading.Event()

    def begin(*asked: Any) -> Granted:
        begun.set()
        return grant(*asked)

    monkeypatch.setattr(enrolment, "grant", begin)
    with locked(certs.path):
        guests = [house.encrypt() for _ in range(4)]
        for guest in guests:
            guest.say(question)
        house.until(begun.is_set, "the first of them")
        for _ in range(8):  # all of them wait by then
            house.run_turn()
        done = threading.Event()
        house.workers.do(done.set, lambda _: None)
        assert done.wait(SECONDS_MAX), "work that is not for the folder"
        assert not any(guest.end for guest in guests)


def cannot_keep(*_args: object) -> NoReturn:
    raise CannotKeep("the disk is full")


@pytest.mark.parametrize("part", ["grant", "read_request", "InviteRedeemed", "decode_ask"])
def test_a_fault_of_ours_costs_who_met_it_the_connection(
    house: House, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    """No input stops it: the server goes on, and the same may be asked again."""
    question, other = redeem(), house.encrypt()
    with monkeypatch.context() as broken:
        broken.setattr(enrolment, part, break_down)
        guest = house.encrypt()
        guest.say(question)
        house.until(lambda: guest.end, "the end")
    assert guest.lines == []
    assert [entry["event"] for entry in house.journal if entry["level"] == "error"]
    assert TOKEN.text not in str(house.journal)
    other.say(ROOTS)
    assert "roots" in answer(house, other)
    assert code(ask(house, question)) == ""
    assert not house.hub.work._pending, "what was lost is owed to nobody"
    assert_empty(house)


def break_down(*_args: object, **_more: object) -> NoReturn:
    raise ZeroDivisionError(TOKEN.text)


def test_who_hangs_up_leaves_nothing_behind(house: House, certs: Folder) -> None:
    """The line broke before the answer: the use is counted, and the same key may ask again."""
    question = redeem()
    guest = house.encrypt()
    guest.say(question)
    house.run_turn()
    guest.reset()
    house.clients.remove(guest)
    assert_empty(house)
    assert code(ask(house, question)) == ""
    assert code(ask(house, redeem())) == "invite-spent"
    assert certs.devices.read_bytes().count(b'"alice"') == 1


def test_who_asks_nothing_is_late(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Deadlines: a connection is not held open for nothing, or a byte at a time."""
    monkeypatch.setattr("xchat.server.connection.ENROLMENT_SECONDS_MAX", 0.3)
    mute, dripping = house.encrypt(), house.encrypt()
    dripping.tls.write(b'{"ask"')
    dripping.go_on()
    house.until(lambda: mute.end and dripping.end, "their end")
    assert mute.lines == dripping.lines == []
    assert house.recorded("abuse", kind="no question in time")
    assert_empty(house)


def test_the_end_of_the_server_is_theirs_too(house: House) -> None:
    guest = house.encrypt()
    house.guests.say_farewell("The server is stopping")
    house.until(lambda: guest.end, "the end")
    assert len(house.guests) == 0


def test_who_may_not_come_in_is_told_so_without_a_question(house: House) -> None:
    """A ban, a limit, access.policy: the same rules as for those who chat."""
    house.loop.address = "203.0.113.5"
    told = answer(house, house.encrypt())
    assert code(told) == "not-let-in"
    assert "access.policy" in told["refused"]["what"]


def test_a_line_of_any_length_costs_no_more_than_its_bound(house: House) -> None:
    guest = house.encrypt()
    for _ in range(12):
        guest.tls.write(b"x" * 16_000)
    guest.go_on()
    house.until(lambda: guest.end, "the end")
    assert not guest.lines or code(json.loads(guest.lines[0])) == "not-understood"
    assert_empty(house)
