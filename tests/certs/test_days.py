"""Status, renew and doctor on other days of a certificate's life, each a real command of that day.

"Clock: faketime to day 59, 61, 89, 91: `status`, `renew`, server and client say the right thing;
renewal after expiry works offline." For the server: tests/e2e/test_days.py.
"""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec
import pytest

from tests.days import on_day
from tests.pki.conftest import Ended, run, run_certs_at
from xchat.pki.disk.folder import Folder
from xchat.pki.facts import Facts
from xchat.pki.renew import Renewed
from xchat.pki.show import Report

pytestmark = pytest.mark.needs("faketime", "unshare")

OFFLINE = ("unshare", "--map-root-user", "--net")
"""A namespace without a network, not even loopback."""

KIND = {59: None, 61: "due", 89: "due", 91: "expired"}
"""What `status` calls the server's certificate on a day, if nobody renews it."""
DAYS_LEFT = {59: "30 days left", 61: "28 days left", 89: "less than a day left"}


def status_on(day: float, cwd: Path) -> tuple[Ended, Report]:
    in_words = run_certs_at(day, "status", cwd=cwd)
    as_json = run_certs_at(day, "status", "--json", cwd=cwd)
    assert in_words.code == as_json.code
    return in_words, msgspec.json.decode(as_json.out, type=Report)


@pytest.mark.parametrize("day", KIND)
def test_status_says_what_is_due_and_what_mends_it(made: Folder, day: int) -> None:
    cwd = made.path.parent
    for each in (15, 30, 45):  # somebody saw to the list of the revoked, as a timer would
        assert run_certs_at(each, "renew", cwd=cwd).code == 0
    in_words, report = status_on(day, cwd)
    found = {each.kind: each for each in report.problems if each.file == "certs/live/server.pem"}
    assert list(found) == ([KIND[day]] if KIND[day] else [])
    assert in_words.code == (4 if KIND[day] else 0), in_words.out
    assert DAYS_LEFT.get(day, "expired 1 day ago") in in_words.out
    if KIND[day]:
        assert "  xchat-certs renew\n" in in_words.out


def server_of(report: Report) -> Facts:
    return next(each for each in report.certificates if each.role == "server")


@pytest.mark.parametrize("day", KIND)
def test_renew_makes_a_new_one_when_it_is_due_and_also_too_late(made: Folder, day: int) -> None:
    """ "renewal after expiry works offline": without a network, and all is well that day."""
    cwd = made.path.parent
    _, before = status_on(day, cwd)
    certs = (sys.executable, "-m", "xchat.certs.cli")
    ended = run(*on_day(day), *OFFLINE, *certs, "renew", "--json", cwd=cwd)
    assert ended.code == 0, ended.err
    done = msgspec.json.decode(ended.out, type=Renewed)
    in_words, after = status_on(day, cwd)
    assert in_words.code == 0, in_words.out
    if KIND[day] is None:
        assert done.certificates == ()
        assert server_of(before) == server_of(after)
        return
    assert [each.sha256 for each in done.certificates] == [server_of(after).sha256]
    assert "89 days left" in in_words.out
    assert server_of(before).names == server_of(after).names
    again = run_certs_at(day, "renew", cwd=cwd)
    assert again.out.startswith("Nothing is due")


@pytest.mark.parametrize("day", KIND)
def test_the_doctor_says_the_same(made: Folder, day: int) -> None:
    ended = run_certs_at(day, "doctor", cwd=made.path.parent)
    assert ended.code == (4 if KIND[day] else 0), ended.out
    assert "mended  revoked" in ended.out
    assert ended.out.endswith(f"Next:  xchat-certs {'renew' if KIND[day] else 'status'}\n")


def test_a_clock_set_back_changes_nothing(made: Folder) -> None:
    """What is of the future is no reason to sign: the clock is, most often."""
    for words in (("renew",), ("renew", "--force"), ("add-name", "new.lan")):
        ended = run_certs_at(-400, *words, cwd=made.path.parent)
        what, mend = ended.err.splitlines()
        assert ended.code == 1
        assert "is not valid before" in what
        assert "Compare this machine's clock: date -u" in mend
    assert len(made.generations()) == 1
