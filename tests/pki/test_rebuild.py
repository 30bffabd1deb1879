"""`xchat.pki.disk.rebuild`: a lost table of devices is made anew, and nobody gets in by that."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime

import pytest

from tests.pki.conftest import run_certs, tree
from tests.pki.devices import add, leaf, listed, request_of
from xchat.pki.device.enrol import renew_device
from xchat.pki.device.revoke import revoke
from xchat.pki.disk.folder import Folder
from xchat.pki.disk.registry import Table, read_table
from xchat.pki.mint.crl import entries_of


@pytest.fixture
def lived_in(made: Folder) -> Folder:
    """A folder with a device in force, one renewed, one revoked and made again."""
    add(made, "ნინო", "ლეპტოპი")
    first = add(made, "nino", "laptop")
    renew_device(made, leaf(first), request_of(), datetime.now(UTC))
    add(made, "nino", "phone")
    revoke(made, "nino", "phone", "key-compromise", datetime.now(UTC))
    add(made, "nino", "phone")
    return made


def doctor(folder: Folder) -> str:
    ended = run_certs("doctor", cwd=folder.path.parent)
    assert (ended.code, ended.err) == (0, ""), ended.out
    return ended.out


def comparable(table: Table) -> set[tuple[object, ...]]:
    return {
        (e.account, e.device, e.serial, e.key, e.issuer, e.not_before, e.not_after, e.reason)
        for e in table.devices
    }


@pytest.mark.parametrize("left", [None, b"", b'{"devices":[{"acc', b"\xff"])
def test_it_is_what_it_was(lived_in: Folder, left: bytes | None) -> None:
    before = read_table(lived_in)
    lived_in.devices.unlink()
    if left is not None:
        lived_in.devices.write_bytes(left)
    assert "was made anew from the journal: 5 certificates" in doctor(lived_in)
    assert comparable(read_table(lived_in)) == comparable(before)
    backups = [each.read_bytes() for each in lived_in.path.glob("backup-*/devices.json")]
    assert backups == ([] if left is None else [left])


def test_where_the_journal_is_lost_too_the_files_and_the_list_tell(lived_in: Folder) -> None:
    before = read_table(lived_in)
    lived_in.devices.unlink()
    (lived_in.path / "journal.jsonl").unlink()
    shutil.copy(lived_in.crl, lived_in.path / "kept")
    doctor(lived_in)
    rebuilt = read_table(lived_in)
    last = {(each.account, each.device): each.sha256 for each in before.devices}
    assert {(e.account, e.device): e.sha256 for e in rebuilt.devices} == last
    revoked = {each.serial for crl in listed(lived_in) for each in entries_of(crl)}
    assert revoked == {int(each.serial, 16) for each in before.devices if each.revoked}


def test_a_revocation_of_the_list_counts_though_the_journal_lacks_it(lived_in: Folder) -> None:
    journal = lived_in.path / "journal.jsonl"
    lines = journal.read_text().splitlines(keepends=True)
    journal.write_text("".join(line for line in lines if "device revoked" not in line) + "torn")
    lived_in.devices.unlink()
    doctor(lived_in)
    assert [each.reason for each in read_table(lived_in).devices if each.revoked] == [
        "key-compromise"
    ]


def test_a_torn_table_stops_what_would_change_it_and_names_the_doctor(lived_in: Folder) -> None:
    lived_in.devices.write_bytes(b"torn")
    ended = run_certs("device", "revoke", "nino", "laptop", cwd=lived_in.path.parent)
    assert ended.code == 3
    assert ended.err.endswith("  xchat-certs doctor\n")
    doctor(lived_in)
    assert run_certs("device", "revoke", "nino", "laptop", cwd=lived_in.path.parent).code == 0


def test_a_table_that_is_well_is_left_alone(lived_in: Folder) -> None:
    before = tree(lived_in.path)
    doctor(lived_in)
    assert tree(lived_in.path) == before
