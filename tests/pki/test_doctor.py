"""`xchat-certs doctor`: everything is looked at, and what is safe to mend is mended."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.pki.conftest import make, run_certs, run_certs_at, tree
from tests.pki.devices import add
from xchat.pki.device.revoke import revoke
from xchat.pki.disk.folder import Folder
from xchat.pki.disk.stage import Stage
from xchat.pki.judge.doctor import Check, Health, diagnose
from xchat.pki.judge.problems import exit_code

CHECKS = (
    "leftovers",
    "owner",
    "modes",
    "clock",
    "certificates",
    "keys",
    "chain",
    "rotation",
    "revoked",
    "devices",
    "constraints",
)


def look(folder: Folder, *, days: float = 0, mends: bool = True) -> Health:
    return diagnose(folder.path, datetime.now(UTC) + timedelta(days), mends=mends)


def check_of(health: Health, name: str) -> Check:
    return next(each for each in health.checks if each.name == name)


def states(health: Health) -> dict[str, str]:
    """Return what is not well."""
    return {each.name: each.state for each in health.checks if each.state != "well"}


def test_when_all_is_well_it_fits_on_a_screen_and_ends_in_a_command(made: Folder) -> None:
    """ "Output readable in one screen; ends in the next command"."""
    before = tree(made.path)
    ended = run_certs("doctor", cwd=made.path.parent)
    assert (ended.code, ended.err) == (0, "")
    *lines, last = ended.out.splitlines()
    assert [line.split()[1] for line in lines] == list(CHECKS)
    assert all(line.startswith("well") for line in lines)
    assert len(lines) < 24
    assert max(map(len, lines)) <= 100
    assert last == "All is well.  Next:  xchat-certs status"
    assert tree(made.path) == before, "nothing was mended, so nothing was written"


LOOSE = {"issuer-key.pem": 0o644, "gen/0001/server-key.pem": 0o640, "journal.jsonl": 0o604}


def test_keys_that_others_can_get_at_are_closed(made: Folder) -> None:
    """ "mends by itself what is safe to mend (modes ...) and says what it did"."""
    before = tree(made.path)
    for name, mode in LOOSE.items():
        (made.path / name).chmod(mode)
    (made.path / "gen").chmod(0o755)
    made.ca.chmod(0o666)
    health = look(made)
    assert states(health) == {"modes": "mended"}
    done = check_of(health, "modes").done
    assert len(done) == len(LOOSE) + 2
    assert all("had the mode 0" in each for each in done)
    after = tree(made.path)
    journal = after.pop("journal.jsonl")
    assert journal[0] == before.pop("journal.jsonl")[0]
    assert after == before
    assert str(journal[1]).count("mended by doctor") == len(done)


def test_with_check_it_only_looks(made: Folder) -> None:
    """ "`--check` only looks"."""
    made.issuer_key.chmod(0o644)
    Stage(made.path)
    before = tree(made.path)
    ended = run_certs("doctor", "--check", cwd=made.path.parent)
    assert ended.code == 3
    assert "certs/issuer-key.pem is a key, and everyone can get at it" in ended.out
    assert "a command was killed in the middle of a change" in ended.out
    assert ended.out.endswith("Next:  xchat-certs doctor\n")
    assert tree(made.path) == before
    assert run_certs("doctor", cwd=made.path.parent).code == 0


def test_a_folder_with_other_things_in_it_keeps_its_mode(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o755)
    home.joinpath("letter.txt").touch(mode=0o666)
    make(home)
    home.chmod(0o775)
    letter = home.joinpath("letter.txt").stat().st_mode
    assert states(look(Folder(home))) == {"modes": "mended"}
    assert home.stat().st_mode & 0o777 == 0o755, "others may look, and not change"
    assert home.joinpath("letter.txt").stat().st_mode == letter


@pytest.mark.parametrize(
    ("is_decided", "said"), [(False, "half written was thrown away"), (True, "was carried out")]
)
def test_what_a_killed_command_left_is_cleared(made: Folder, is_decided: bool, said: str) -> None:
    """ "leftovers of a killed command"."""
    change = Stage(made.path)
    change.add_public("new-with-old.pem", b"new")
    if is_decided:
        (made.path / ".staging").rename(made.path / ".commit")
    health = look(made)
    assert said in check_of(health, "leftovers").done[0]
    assert not list(made.path.glob(".*"))
    assert made.bridge.exists() == is_decided


def lose_list(folder: Folder) -> None:
    folder.crl.unlink()


def tear_list(folder: Folder) -> None:
    folder.crl.write_bytes(folder.crl.read_bytes()[:-40])


def take_anothers_list(folder: Folder) -> None:
    shutil.copy(make(folder.path.parent / "other").crl, folder.crl)


def put_the_old_list_back(folder: Folder) -> None:
    old = folder.crl.read_bytes()
    revoke(folder, "alice", "laptop", "unspecified", datetime.now(UTC))
    folder.crl.write_bytes(old)


@pytest.mark.parametrize(
    ("spoil", "rule"),
    [
        (lose_list, "is missing"),
        (tear_list, "cut short"),
        (take_anothers_list, "no list that"),
        (put_the_old_list_back, "does not list 1 that"),
    ],
)
def test_the_list_of_the_revoked_is_signed_anew(
    made: Folder, spoil: Callable[[Folder], None], rule: str
) -> None:
    """ "CRL freshness and signature"; "mends ... stale CRL"."""
    add(made)
    spoil(made)
    (problem,) = check_of(look(made, mends=False), "revoked").problems
    assert rule in problem.rule
    health = look(made)
    assert states(health) == {"revoked": "mended"}
    assert "was signed anew" in check_of(health, "revoked").done[0]


def test_a_list_that_cannot_be_signed_is_said(made: Folder) -> None:
    made.crl.unlink()
    made.issuer_key.unlink()
    check = check_of(look(made), "revoked")
    assert check.state == "wrong"
    assert "issuer-key.pem: there is no such file" in check.done[0]


def test_devices_are_compared_with_their_files(made: Folder) -> None:
    """ "`devices.json` against `devices/`"."""
    laptop, phone = add(made, device="laptop"), add(made, device="phone")
    assert states(look(made)) == {}
    shutil.copy(laptop.file, made.device_files / "mallory-pc.pem")
    shutil.copy(laptop.file, phone.file)
    health = look(made)
    assert states(health) == {"devices": "note"}
    rules = [problem.rule for problem in check_of(health, "devices").problems]
    assert rules[0].startswith("is in no row of")
    assert rules[1] == "does not hold the certificate of phone of alice"


def test_a_torn_table_of_devices_is_made_anew(made: Folder) -> None:
    """From the journal; the torn one is kept (tests/pki/test_rebuild.py)."""
    add(made)
    made.devices.write_bytes(made.devices.read_bytes()[:50])
    before = tree(made.path)
    health = look(made, mends=False)
    assert states(health)["devices"] == "wrong"
    assert health.next == f"xchat-certs doctor --dir {made.path}"
    assert tree(made.path) == before
    assert states(look(made)) == {"devices": "mended"}
    assert states(look(made)) == {}


@pytest.mark.parametrize(("days", "rule"), [(61, "expires on"), (91, "expired on")])
def test_a_device_that_was_away_is_named(made: Folder, days: int, rule: str) -> None:
    add(made)
    (problem,) = check_of(look(made, days=days, mends=False), "devices").problems
    assert problem.kind == "away"
    assert problem.rule.startswith(rule)
    assert "laptop of alice" in problem.rule


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
def test_what_root_made_in_anothers_folder_is_given_to_its_owner(made: Folder) -> None:
    """A `sudo xchat-certs renew` leaves a key that the server may not read."""
    for path in (made.path, *made.path.rglob("*")):
        os.chown(path, 1234, 1234, follow_symlinks=False)
    os.chown(made.server_key, 0, 0)
    looked = look(made, mends=False)
    assert states(looked) == {"owner": "wrong"}
    assert "chown -Rh" in check_of(looked, "owner").problems[0].mend
    assert states(look(made)) == {"owner": "mended"}
    assert made.server_key.stat().st_uid == 1234


def test_a_clock_that_is_behind_what_was_done_here_is_doubted(made: Folder) -> None:
    """ "clock (against the newest file and the certificates)"."""
    health = look(made, days=-1)
    assert states(health)["clock"] == states(health)["certificates"] == "wrong"
    (problem,) = check_of(health, "clock").problems
    assert "was written on" in problem.rule
    assert "date -u" in problem.mend
    for path in made.path.rglob("*"):  # copied: the files are new or old, the journal tells
        os.utime(path, (0, 0), follow_symlinks=False)
    (problem,) = check_of(look(made, days=-1), "clock").problems
    assert problem.file.endswith("journal.jsonl")


def lose_issuer_key(folder: Folder) -> None:
    folder.issuer_key.unlink()


def swap_server_key(folder: Folder) -> None:
    shutil.copy(folder.issuer_key, folder.server_key)


def spoil_root(folder: Folder) -> None:
    folder.ca.write_text("junk")


def trust_another(folder: Folder) -> None:
    other = make(folder.path.parent / "other")
    shutil.copy(other.ca, folder.ca)
    folder.root_key.unlink()


@pytest.mark.parametrize(
    ("spoil", "name", "code"),
    [
        (lose_issuer_key, "keys", 3),
        (swap_server_key, "keys", 5),
        (spoil_root, "certificates", 5),
        (trust_another, "chain", 5),
    ],
)
def test_what_only_a_person_can_decide_is_left_and_said(
    made: Folder, spoil: Callable[[Folder], None], name: str, code: int
) -> None:
    spoil(made)
    before = tree(made.path)
    health = look(made)
    assert states(health)[name] == "wrong"
    assert states(health)["constraints"] == "unseen"
    problems = [problem for each in health.checks for problem in each.problems]
    assert exit_code(problems) == code
    assert health.next == check_of(health, name).problems[0].mend
    assert tree(made.path) == before


def test_a_ca_without_constraints_is_found_by_trying_it(tmp_path: Path) -> None:
    """ "mint in memory a certificate for a public name ... and see the judges refuse it"."""
    folder = make(tmp_path / "certs", constrains=False)
    health = look(folder)
    assert states(health) == {"constraints": "note"}
    (problem,) = check_of(health, "constraints").problems
    assert "OpenSSL and cryptography would believe its bank.example" in problem.rule
    assert exit_code([problem]) == 0, "it was asked for"


def test_the_drill_tries_a_name_that_was_not_asked_for(tmp_path: Path) -> None:
    folder = make(tmp_path / "certs", "bank.example", "8.8.8.8", "chat.lan")
    assert states(look(folder)) == {}


@pytest.mark.needs("faketime")
def test_what_is_due_is_said_and_not_done(made: Folder) -> None:
    ended = run_certs_at(61, "doctor", cwd=made.path.parent)
    assert ended.code == 4
    assert ended.out.endswith("Next:  xchat-certs renew\n")


def test_a_folder_that_cannot_be_written_to_is_looked_at_all_the_same(
    made: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    made.issuer_key.chmod(0o644)

    def refuse(path: Path, _mode: int) -> None:
        raise OSError(30, "Read-only file system", str(path))

    monkeypatch.setattr(Path, "chmod", refuse)
    check = check_of(look(made), "modes")
    assert check.state == "wrong"
    assert "not mended: Read-only file system" in check.done[0]
