"""`xchat.pki.disk.registry`: the table of devices, and what a device and its file may be called."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest

from tests.pki.conftest import NOW
from xchat.errors import UsageError, XChatError
from xchat.pki.disk import registry
from xchat.pki.disk.folder import Folder
from xchat.pki.disk.registry import (
    Device,
    Table,
    check_account,
    check_device,
    file_name,
    free_name,
    parse_table,
    read_table,
    table_json,
)
from xchat.pki.errors import Differs

DAY = timedelta(days=1)


def row(number: int, *, account: str = "alice", device: str = "laptop", days: int = 1) -> Device:
    return Device(
        account=account,
        device=device,
        serial=f"{number:x}",
        sha256=f"{number:064x}",
        key="",
        issuer="",
        not_before=NOW - DAY,
        not_after=NOW + days * DAY,
        made=NOW,
    )


@pytest.mark.parametrize(
    "name", ["laptop", "phone-2", "a.b_c", "7", "ლეპტოპი", "Ноутбук", "é", "टेलीफ़ोन", "x" * 32]
)
def test_names_of_every_script(name: str) -> None:
    assert check_device(name) == check_device(check_device(name))


def test_a_name_is_composed() -> None:
    assert check_device("e\u0301") == "\u00e9"


@pytest.mark.parametrize(
    "name",
    [
        *(
            "",
            "x" * 33,
            "a b",
            "a/b",
            "..",
            ".hidden",
            "-rf",
            "_",
            "a\\b",
            "a\0b",
            "a\nb",
            "a\x1b[2J",
        ),
        *("a\u202eb", "a\u200bb", "a:b", "a%2Fb", "💻", "C:", "a*", "\ud800"),
    ],
)
def test_hostile_names_are_refused_in_words(name: str) -> None:
    with pytest.raises(UsageError) as refused:
        check_device(name)
    assert str(refused.value).isprintable() or "\n  Letters" in str(refused.value)
    assert refused.value.what.isprintable()


@pytest.mark.parametrize("account", ["", "#x", "a b", "../../etc", "a\0", "-x", "a" * 91])
def test_an_account_is_called_as_a_nick(account: str) -> None:
    with pytest.raises(UsageError, match="no account's name"):
        check_account(account)


def test_no_two_devices_share_a_file_and_none_leaves_the_folder(tmp_path: Path) -> None:
    """ "file names percent-encoded so that no two collide and none leaves the folder"."""
    long = "ა" * 30
    pairs = [
        *(("a-b", "c"), ("a", "b-c"), ("a%2Db", "c"), ("a", "c"), ("a_b", "c"), ("a~b", "c")),
        *((long, "ლ" * 32), (long, "ლ" * 31), (long, "ლ" * 31 + "მ"), ("../../x", "../y")),
        *(("con", "nul"), ("ა", "x"), ("^", "x"), ("|", "x"), ("[a]", "x"), ("{a}", "x")),
    ]
    files = [file_name(*pair) for pair in pairs]
    assert len({each.casefold() for each in files}) == len(pairs)
    for each in files:
        path = Path(os.path.normpath(tmp_path / each))
        assert path.parent == tmp_path / "devices"
        assert len(path.name) <= 255
        assert path.name.isascii()
        assert not path.name.startswith(".")


def test_one_device_has_one_file_however_it_is_written() -> None:
    assert file_name("Alice", "Laptop") == file_name("alice", "laptop")
    assert file_name("alice", "phone-2") == "devices/alice-phone-2.pem"


def test_a_taken_name_gets_a_number() -> None:
    taken = [row(1), row(2, device="Laptop-2"), row(3, device="phone")]
    assert free_name(taken, "laptop") == "laptop-3"
    assert free_name(taken, "LAPTOP") == "LAPTOP-3"
    assert free_name(taken, "tablet") == "tablet"
    assert free_name([row(1, device="x" * 32)], "x" * 32) == "x" * 30 + "-2"


def test_a_table_is_read_as_it_was_written(tmp_path: Path) -> None:
    table = Table((row(1), row(2, account="ნინო", device="ლეპტოპი")))
    assert parse_table(table_json(table), "file") == table
    assert parse_table(table_json(Table()), "file") == Table()
    assert read_table(Folder(tmp_path)) == Table()


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b'{"devices":[{"account":"a"}]}', b"\xff"])
def test_a_torn_table_is_named(data: bytes) -> None:
    with pytest.raises(Differs, match=r"devices\.json is no table of devices"):
        parse_table(data, "devices.json")


def test_what_expired_long_ago_is_forgotten() -> None:
    old, recent = row(1, days=-91), row(2, days=-89)
    assert Table((old, recent)).with_rows([row(3)], NOW).devices == (recent, row(3))


def test_a_table_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "DEVICES_MAX", 2)
    table = Table((row(1), row(2)))
    assert table.with_rows([row(2)], NOW) == table
    with pytest.raises(XChatError, match="this CA has 2 certificates"):
        table.with_rows([row(3)], NOW)
