"""What is due is renewed, and what cannot be is said in time; time is a value here."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.server.house import House
from tests.server.pairs import leaf_of, sha256
from tests.server.test_keeper import TAKEN, Kept, settings_of
from xchat.errors import XChatError
from xchat.journal import open_journal
from xchat.pki.disk.folder import Folder
from xchat.pki.init import init
from xchat.pki.mint.crl import ends_at, read_crls
from xchat.pki.wish import Wish
from xchat.server import watch
from xchat.server.certificates import Served, make_served
from xchat.server.renewal import (
    HAS_EXPIRED,
    IS_DUE,
    LOOK_SECONDS,
    Looked,
    Renewal,
    renew_what_is_due,
    worn,
)

NOW = datetime.now(UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def made_at(path: Path, when: datetime) -> Folder:
    """Make certificates as if it were another day."""
    init(path, Wish(names=("localhost",), detects=False), when)
    return Folder(path)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Served:
    folder = made_at(tmp_path_factory.mktemp("made") / "certs", NOW)
    return make_served(settings_of(folder), now=NOW)


@pytest.fixture
def worn_out(tmp_path: Path) -> Folder:
    """Certificates of two months ago."""
    return made_at(tmp_path / "certs", NOW - 61 * DAY)


class Told:
    """A renewal whose hours the test counts, and what its journal has."""

    def __init__(self, served: Served) -> None:
        self._stream = io.StringIO()
        self.now = NOW
        journal = open_journal("json", stream=self._stream)
        settings = settings_of(Folder(Path(served.pair.cert).parent.parent))
        self.renewal = Renewal(lambda: (settings, served), None, journal, lambda: self.now)  # type: ignore[arg-type]

    def after(self, passed: timedelta, looked: Looked = Looked()) -> list[dict[str, Any]]:  # noqa: B008
        """Let it look so long after the start; return what it recorded of that."""
        before = len(self._stream.getvalue().splitlines())
        self.now = NOW + passed
        self.renewal.take(looked)
        return [json.loads(line) for line in self._stream.getvalue().splitlines()[before:]]


@pytest.mark.parametrize(
    ("days", "roles"),
    [
        (59, []),
        (61, ["server"]),
        (89, ["server"]),
        (91, ["server"]),
        (730 - 91, ["server"]),
        (730 - 89, ["server", "issuer"]),
        (3652 - 729, ["server", "issuer", "root"]),
    ],
)
def test_what_is_due_when(served: Served, days: int, roles: list[str]) -> None:
    """ "renewed at 2/3"; a CA when what it signs would outlive it: 90 days, two years"""
    assert [each.role for each in worn(served, Looked(), NOW + days * DAY)] == roles


def test_a_list_of_the_revoked_that_nobody_signs_anew_is_told(served: Served) -> None:
    """ "warn from 10 days, and re-sign with the issuer key automatically" """
    for left, is_told in ((11 * DAY, False), (9 * DAY, True)):
        due = list(worn(served, Looked(crl_ends=NOW + left), NOW))
        assert [each.role for each in due] == ["crl"] * is_told


def test_what_is_due_is_told_every_day_and_every_hour_of_the_last_two(served: Served) -> None:
    """ "it warns in the journal (from when it is due; daily, then hourly in the last two days)" """
    told = Told(served)
    assert told.after(59 * DAY) == []
    lines = [
        (hours, line) for hours in range(60 * 24, 91 * 24) for line in told.after(hours * HOUR)
    ]
    assert [hours for hours, _ in lines[:28]] == list(range(60 * 24, 88 * 24, 24))
    often = [hours for hours, _ in lines if hours > 88 * 24]
    assert often == list(range(88 * 24 + 1, 91 * 24))
    first, last = lines[0][1], lines[-1][1]
    assert (first["event"], first["level"]) == (IS_DUE, "warning")
    assert (first["role"], first["days_left"]) == ("server", 29)
    assert first["file"] == served.pair.cert
    assert first["mend"].startswith("xchat-certs renew --dir ")
    assert (last["event"], last["level"], last["days_left"]) == (HAS_EXPIRED, "error", 0)


def test_why_it_was_not_renewed_is_told_with_what_mends_that(served: Served) -> None:
    failure = XChatError("certs/issuer-key.pem: there is no such file", mend="put it back")
    (line,) = Told(served).after(61 * DAY, Looked(failure=failure))
    assert line["why"] == failure.what
    assert line["mend"] == "put it back"


def test_what_was_renewed_is_told_and_is_due_no_more(served: Served) -> None:
    told = Told(served)
    (line,) = told.after(61 * DAY, Looked(renewed=("5f2c",)))
    assert (line["event"], line["sha256"]) == ("the certificate was renewed", "5f2c")
    assert told.renewal.renewals == 1


def test_who_has_the_issuers_key_renews_and_signs_the_list_anew(worn_out: Folder) -> None:
    old = leaf_of(worn_out.server)
    looked = renew_what_is_due(settings_of(worn_out), NOW)
    assert looked.renewed == (sha256(leaf_of(worn_out.server)),)
    assert leaf_of(worn_out.server) != old
    (crl,) = read_crls(worn_out.crl.read_bytes())
    assert looked.crl_ends == ends_at(crl)
    assert looked.crl_ends > NOW + 29 * DAY
    assert renew_what_is_due(settings_of(worn_out), NOW) == Looked(crl_ends=looked.crl_ends)


def test_who_has_not_changes_nothing_and_says_when_the_list_ends(worn_out: Folder) -> None:
    worn_out.issuer_key.unlink()
    before = leaf_of(worn_out.server)
    assert renew_what_is_due(settings_of(worn_out), NOW).renewed == ()
    assert leaf_of(worn_out.server) == before


def test_a_certificate_of_somebody_elses_is_left_alone(worn_out: Folder, tmp_path: Path) -> None:
    """It lies beside a folder of ours, perhaps, but is none that init puts there."""
    cert, key = tmp_path / "certs" / "own.pem", tmp_path / "certs" / "own-key.pem"
    for file, source in ((cert, worn_out.server), (key, worn_out.server_key)):
        file.touch(mode=0o600)
        file.write_bytes(source.read_bytes())
    settings = type(settings_of(worn_out))(cert=str(cert), key=str(key))
    assert renew_what_is_due(settings, NOW).renewed == ()
    assert renew_what_is_due(type(settings)(cert="none.pem", key="none"), NOW) == Looked()


def test_a_folder_that_cannot_be_written_is_a_reason_in_words(
    worn_out: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied", str(worn_out.path))

    monkeypatch.setattr("xchat.server.renewal.renew_due", refuse)
    failure = renew_what_is_due(settings_of(worn_out), NOW).failure
    assert failure is not None
    assert failure.what == f"{worn_out.path}: Permission denied"
    assert failure.mend == f"xchat-certs renew --dir {worn_out.path}"


def test_a_running_server_renews_and_serves_what_came_of_it(
    make_house: Callable[..., House], worn_out: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ "the server itself renews at two thirds of its life, checked at start and hourly, in the
    worker pool" """
    monkeypatch.setattr(watch, "POLL_SECONDS", 0.02)
    kept = Kept(make_house(), worn_out)
    house = kept.house
    here, old = house.join("ana"), kept.shown()
    served = lambda: (kept.keeper.settings, house.guests.served)  # noqa: E731
    renewal = Renewal(served, house.workers, house.guests._journal)
    house.keep.append(renewal.after_turn)
    line = kept.until(TAKEN)
    assert line["old"] == sha256(old)
    assert kept.shown() == leaf_of(worn_out.server) != old
    assert house.ping(here) < 5
    assert not kept.recorded(IS_DUE)
    assert renewal.renewals == 1
    kept.look_again()
    looks = []
    monkeypatch.setattr(house.workers, "do", lambda run, then: looks.append(run))
    for seconds in (-1, 0, LOOK_SECONDS - 1, LOOK_SECONDS):
        renewal.after_turn(0, house.hub.now + LOOK_SECONDS + 60 + seconds)
    assert len(looks) == 2
