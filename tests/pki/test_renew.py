"""`xchat.pki.renew`: what is due is renewed, in time or late; nothing else is touched."""

from __future__ import annotations

import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import msgspec
import pytest

from tests.days import on_day
from tests.pki.conftest import NAMES, SECONDS_MAX, make, run_certs, run_certs_at, tree
from tests.pki.devices import add
from xchat.errors import XChatError
from xchat.limits import GENERATIONS_MAX
from xchat.pki.disk import files
from xchat.pki.disk.acts import Act
from xchat.pki.disk.folder import Folder
from xchat.pki.disk.stage import Stage
from xchat.pki.errors import Differs, NotTrusted
from xchat.pki.facts import names_of, read_chain
from xchat.pki.judge.check import check_server_pair
from xchat.pki.judge.examine import examine
from xchat.pki.renew import Renewed, add_names, renew_due

DAY = timedelta(days=1)


def now() -> datetime:
    return datetime.now(UTC)


def key_and_names(folder: Folder) -> tuple[bytes, set[str]]:
    certificate = read_chain(folder.server.read_bytes(), folder.server)[0]
    return folder.server_key.read_bytes(), set(map(str, names_of(certificate)))


def test_renewed_the_key_is_new_and_the_names_and_the_ca_stay(made: Folder) -> None:
    key, names = key_and_names(made)
    before = tree(made.path)
    done = renew_due(made, now(), when="now")
    assert done
    (server,) = done.certificates
    new_key, new_names = key_and_names(made)
    assert new_key != key
    assert new_names == names == set(NAMES) == set(server.names)
    after = tree(made.path)
    kept = ("ca.pem", "root-key.pem", "issuer.pem", "issuer-key.pem", "gen/0001/server.pem")
    assert {name: after[name] for name in kept} == {name: before[name] for name in kept}
    assert after["live"][1] == "gen/0002"
    assert examine(made, now()).problems == ()


@pytest.mark.parametrize("day", [0, 9])
def test_as_long_as_nothing_is_due_nothing_is_done(made: Folder, day: int) -> None:
    """ "no-op unless 2/3 gone (safe in cron)"; not even the folder's lock is asked for."""
    before = tree(made.path)
    with files.locked(made.path):
        assert renew_due(made, now() + day * DAY) is None
    assert tree(made.path) == before


@pytest.mark.needs("faketime")
@pytest.mark.parametrize(("day", "renews"), [(59, False), (61, True)])
def test_the_list_is_signed_anew_at_a_third_and_the_certificate_at_two(
    made: Folder, day: int, renews: bool
) -> None:
    ended = run_certs_at(day, "renew", "--json", cwd=made.path.parent)
    done = msgspec.json.decode(ended.out, type=Renewed)
    assert len(done.certificates) == renews
    assert done.list_until
    left = done.list_until - now() - day * DAY
    assert timedelta(days=29) < left <= timedelta(days=30)
    assert run_certs_at(day, "status", cwd=made.path.parent).code == 0


@pytest.mark.needs("faketime")
def test_without_a_gain_nothing_is_made_and_the_issuer_is_reported(made: Folder) -> None:
    """A leaf that ends with its issuer cannot be made to last longer, however often it is tried."""
    made.root_key.rename(made.path.parent / "stick.pem")
    for day in (640, 700, 729):
        assert run_certs_at(day, "renew", cwd=made.path.parent).code == 4
    before = tree(made.path)
    ended = run_certs_at(729.5, "renew", cwd=made.path.parent)
    assert ended.code == 4
    assert "due: certs/issuer.pem ends on" in ended.out
    assert "  xchat-certs rotate issuer --root-key FILE\n" in ended.out
    assert tree(made.path) == before


@pytest.mark.needs("faketime")
def test_after_the_issuers_end_nothing_is_signed(made: Folder) -> None:
    made.root_key.rename(made.path.parent / "stick.pem")
    before = tree(made.path)
    ended = run_certs_at(740, "renew", "--force", cwd=made.path.parent)
    assert ended.code == 4
    assert ended.err.startswith("xchat-certs: certs/issuer.pem expired on ")
    assert ended.err.endswith("\n  xchat-certs rotate issuer --root-key FILE\n")
    assert tree(made.path) == before


@pytest.mark.needs("faketime")
@pytest.mark.parametrize("day", [645, 740])
def test_an_issuer_near_its_end_is_renewed_where_the_roots_key_is_at_hand(
    made: Folder, day: int
) -> None:
    """ "renews the issuer from the root where the root's key is here and unlocked"."""
    add(made)
    issuer, ca = made.issuer.read_bytes(), made.ca.read_bytes()
    ended = run_certs_at(day, "renew", "--json", cwd=made.path.parent)
    done = msgspec.json.decode(ended.out, type=Renewed)
    assert (ended.code, done.problems) == (0, ())
    assert [each.role for each in done.certificates] == ["issuer", "server"]
    assert made.issuer.read_bytes() != issuer
    assert made.ca.read_bytes() == ca, "clients need nothing new"
    assert key_and_names(made)[1] == set(NAMES)
    assert run_certs_at(day, "status", cwd=made.path.parent).code == 0
    assert run_certs_at(day, "renew", cwd=made.path.parent).out.startswith("Nothing is due")


@pytest.mark.needs("faketime")
def test_with_a_locked_root_key_the_issuer_is_reported_and_nobody_asked(tmp_path: Path) -> None:
    """ "else says which command, with which key, mends it: `xchat-certs rotate issuer`"."""
    folder = make(tmp_path / "certs", passphrase=b"secret")
    issuer = folder.issuer.read_bytes()
    ended = run_certs_at(645, "renew", cwd=tmp_path)
    assert ended.code == 4
    assert "That takes the root's key, certs/root-key.pem" in ended.out
    assert "  xchat-certs rotate issuer\n" in ended.out
    assert folder.issuer.read_bytes() == issuer
    check_server_pair(folder.server, folder.server_key, now=now() + 645 * DAY)


@pytest.mark.needs("faketime")
@pytest.mark.parametrize("day", [61, 95])
def test_with_all_the_devices_whose_keys_are_here_are_renewed_too(made: Folder, day: int) -> None:
    cwd = made.path.parent
    for device in ("pc", "tv"):
        done = run_certs("device", "add", "nino", device, "--data", "data", cwd=cwd)
        assert done.code == 0, done.err
    add(made, device="laptop")
    ended = run_certs_at(day, "renew", "--all", "--json", cwd=cwd)
    assert ended.code == 0, ended.err + ended.out
    done_all = msgspec.json.decode(ended.out, type=Renewed)
    assert [each.role for each in done_all.certificates] == ["server", "device", "device"]
    for each in done_all.certificates[1:]:
        assert each.not_after > now() + day * DAY + 80 * DAY
        assert b"PRIVATE KEY" in (cwd / each.file).read_bytes()
    assert run_certs_at(day, "renew", "--all", cwd=cwd).out.startswith("Nothing is due")


def test_old_pairs_go_but_the_last_few(made: Folder) -> None:
    """ "old generations pruned but the last few"; never the one in use."""
    for _ in range(GENERATIONS_MAX + 1):
        renew_due(made, now(), when="now")
    kept = [each.name for each in made.generations()]
    assert kept == [f"{GENERATIONS_MAX + 2 - each:04}" for each in reversed(range(GENERATIONS_MAX))]
    assert (made.path / "live").resolve().name == kept[-1]
    assert not (made.path / ".removed").exists()


def test_what_was_asked_to_go_before_a_kill_goes_after_it(made: Folder) -> None:
    for _ in range(GENERATIONS_MAX - 1):
        renew_due(made, now(), when="now")
    change = Stage(made.path)
    change.remove("gen/0001")
    change.add_secret(".removed", b"gen/0001")
    (made.path / ".staging").rename(made.path / ".commit")
    renew_due(made, now(), when="now")
    assert [each.name for each in made.generations()] == ["0002", "0003", "0004", "0005"]


@pytest.mark.needs("faketime")
def test_renewal_after_expiry_works_offline(made: Folder) -> None:
    """ "renewal after expiry works offline"."""
    expired = run_certs_at(91, "status", cwd=made.path.parent)
    assert expired.code == 4
    assert "expired: certs/live/server.pem expired on" in expired.out
    assert run_certs_at(91, "renew", cwd=made.path.parent).code == 0
    assert run_certs_at(91, "status", cwd=made.path.parent).code == 0
    check_server_pair(made.server, made.server_key, now=now() + 91 * DAY, names=NAMES)


def test_a_clock_set_back_is_named_and_signs_nothing(made: Folder) -> None:
    before = tree(made.path)
    with pytest.raises(XChatError, match="is not valid before") as early:
        renew_due(made, now() - 2 * DAY)
    assert "date -u" in str(early.value.mend)
    with pytest.raises(XChatError, match=r"issuer\.pem is not valid before"):
        renew_due(made, now() - 2 * DAY, when="now")
    assert tree(made.path) == before


@pytest.mark.needs("faketime")
def test_a_certificate_of_the_future_is_made_anew_when_the_clock_is_right(made: Folder) -> None:
    """A clock was ahead when it was made: the command in the error mends it."""
    assert run_certs_at(400, "renew", cwd=made.path.parent).code == 0
    ended = run_certs("renew", cwd=made.path.parent)
    assert ended.code == 1
    _, _, command = ended.err.strip().rpartition(": xchat-certs ")
    assert run_certs(*command.split(), cwd=made.path.parent).code == 0
    assert examine(made, now()).problems == ()


def test_names_survive_a_certificate_that_cannot_be_read(made: Folder) -> None:
    renew_due(made, now(), when="now")
    made.server.write_text("junk")
    with pytest.raises(NotTrusted, match="no certificate that can be read"):
        renew_due(made, now())
    renew_due(made, now(), when="now")
    assert key_and_names(made)[1] == set(NAMES)


def test_without_any_pair_the_names_are_those_of_this_machine(made: Folder) -> None:
    made.path.joinpath("live").unlink()
    shutil.rmtree(made.path / "gen")
    renew_due(made, now(), when="now")
    assert "localhost" in key_and_names(made)[1]


@pytest.mark.parametrize("lost", ["issuer-key.pem", "issuer.pem", "ca.pem"])
def test_a_lost_piece_of_the_ca_stops_it_with_nothing_changed(made: Folder, lost: str) -> None:
    (made.path / lost).unlink()
    before = tree(made.path)
    with pytest.raises(Differs, match=rf"{lost}: there is no such file"):
        renew_due(made, now(), when="now")
    assert tree(made.path) == before


def test_another_issuers_key_signs_nothing(made: Folder, tmp_path: Path) -> None:
    other = make(tmp_path / "other")
    shutil.copy(other.issuer_key, made.issuer_key)
    with pytest.raises(NotTrusted, match="is not the key to"):
        renew_due(made, now(), when="now")


def test_a_name_is_added_and_the_others_stay(made: Folder) -> None:
    assert add_names(made, ["new.lan", ip_address("10.9.9.9")], now())
    assert key_and_names(made)[1] == {*NAMES, "new.lan", "10.9.9.9"}
    before = tree(made.path)
    assert add_names(made, ["new.lan"], now()) is None
    assert tree(made.path) == before


def test_a_name_outside_the_constraints_is_refused_with_what_it_takes(made: Folder) -> None:
    """ "refuses a name outside the constraints and says why and what it would take"."""
    before = tree(made.path)
    with pytest.raises(
        Differs, match=r"may not name example\.com: its name constraints"
    ) as refused:
        add_names(made, ["chat2.lan", "example.com"], now())
    assert "everybody its new ca.pem" in refused.value.what
    assert "init --force --name chat2.lan --name example.com" in str(refused.value.mend)
    assert tree(made.path) == before


def test_the_journal_tells_a_renewal(made: Folder) -> None:
    done = renew_due(made, now(), when="now")
    last = made.path.joinpath("journal.jsonl").read_bytes().splitlines()[-1]
    act = msgspec.json.decode(last, type=Act)
    assert done
    assert (act.act, act.sha256) == ("server renewed", done.certificates[0].sha256)


@pytest.mark.needs("faketime")
def test_two_at_once_renew_once(made: Folder) -> None:
    """The second finds that nothing is due any more."""
    certs = (*on_day(61), sys.executable, "-m", "xchat.certs.cli", "renew", "--json")
    started = [
        subprocess.Popen(certs, cwd=made.path.parent, stdout=subprocess.PIPE) for _ in range(3)
    ]
    said = [process.communicate(timeout=SECONDS_MAX)[0] for process in started]
    done = [msgspec.json.decode(each, type=Renewed) for each in said]
    assert sorted(len(each.certificates) for each in done) == [0, 0, 1]
    assert len(made.generations()) == 2
