"""The file: made private, opened durable, migrated by its version, and never harmed."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.store.entries import keep, said
from xchat.store import database
from xchat.store.database import FILE_NAME, MIGRATIONS, StoreError, open_database
from xchat.store.store import SqliteStore

NOBODY = 65_534


@contextmanager
def umask(bits: int) -> Iterator[None]:
    """Set the umask for a while."""
    before = os.umask(bits)
    try:
        yield
    finally:
        os.umask(before)


def content(folder: Path) -> dict[str, bytes]:
    """Return all files of a folder, but for SQLite's shared memory, which is no content."""
    files = (path for path in folder.iterdir() if path.is_file() and path.name[-4:] != "-shm")
    return {path.name: path.read_bytes() for path in files}


def pragma(connection: sqlite3.Connection, name: str) -> object:
    """Return the value of a setting."""
    return connection.execute(f"PRAGMA {name}").fetchone()[0]


def refusal(path: Path) -> StoreError:
    """Return how a file is refused."""
    with pytest.raises(StoreError) as caught:
        open_database(path)
    assert str(path) in str(caught.value)
    assert caught.value.mend
    return caught.value


# -- made and opened --------------------------------------------------------------------------


def test_every_file_is_private_from_its_first_byte(path: Path) -> None:
    """0600, whatever the umask."""
    with umask(0), closing(SqliteStore(path)) as store:
        keep(store, [said(1)])
        modes = {p.name: stat.S_IMODE(p.stat().st_mode) for p in path.parent.iterdir()}
    assert modes == dict.fromkeys((path.name, f"{path.name}-wal", f"{path.name}-shm"), 0o600)


def test_a_commit_survives_power_loss(path: Path) -> None:
    """Design: "WAL, `synchronous=FULL`"; checkpoints are made by `tidy`, not inside a commit."""
    with closing(open_database(path)) as connection:
        assert pragma(connection, "journal_mode") == "wal"
        assert pragma(connection, "synchronous") == 2
        assert pragma(connection, "wal_autocheckpoint") == 0
    with closing(open_database(path)) as again:
        assert pragma(again, "synchronous") == 2, "it is a setting of the connection, not the file"


def test_a_file_system_without_shared_memory_is_refused(path: Path) -> None:
    """Without WAL the promise would be another one: SQLite would fall back without a word."""

    class Connection(sqlite3.Connection):
        def execute(self, sql: str, *parameters: object) -> sqlite3.Cursor:
            return super().execute(sql.replace("= WAL", "= DELETE"), *parameters)  # type: ignore[arg-type]

    with (
        closing(sqlite3.connect(path, factory=Connection)) as connection,
        pytest.raises(StoreError, match="write-ahead log"),
    ):
        database._set_durable(connection, path)


def test_two_logs_never_share_a_name(tmp_path: Path) -> None:
    stores = [SqliteStore(tmp_path / name) for name in ("one", "two")]
    assert len({store.log_id for store in stores}) == 2
    assert len({store.node for store in stores}) == 2
    for store in stores:
        store.close()


def test_an_empty_file_is_a_new_store(path: Path) -> None:
    """What a crash between making the file and filling it leaves behind."""
    path.touch(mode=0o600)
    with closing(SqliteStore(path)) as store:
        assert store.seq == 0


# -- migrated ---------------------------------------------------------------------------------


def test_the_version_is_the_number_of_migrations(path: Path) -> None:
    with closing(open_database(path)) as connection:
        assert pragma(connection, "user_version") == len(MIGRATIONS)


def test_an_older_file_is_brought_up_to_date(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each migration once, and what was kept is kept, names of the log included."""
    with closing(SqliteStore(path)) as store:
        log_id, rows = store.log_id, keep(store, [said(1)])
    more = ("CREATE TABLE colours (name TEXT);", "ALTER TABLE colours ADD COLUMN hue INTEGER;")
    monkeypatch.setattr(database, "MIGRATIONS", (*MIGRATIONS, *more))
    for _ in range(2):
        with closing(SqliteStore(path)) as store:
            assert pragma(store._db, "user_version") == len(MIGRATIONS) + 2
            store._db.execute("INSERT INTO colours VALUES ('red', 0)")
            assert store.log_id == log_id
            assert store.page("1", limit=9, newest=True) == rows


def test_a_migration_that_fails_changes_nothing(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A version a transaction: the next start finds the version before it, whole."""
    SqliteStore(path).close()
    broken = "CREATE TABLE half (a); CREATE TABLE half (a);"
    with monkeypatch.context() as patch:
        patch.setattr(database, "MIGRATIONS", (*MIGRATIONS, broken))
        assert "half already exists" in str(refusal(path))
    with closing(SqliteStore(path)) as store:
        assert pragma(store._db, "user_version") == len(MIGRATIONS)
        assert not store._db.execute("SELECT * FROM sqlite_master WHERE name = 'half'").fetchall()


def test_a_newer_file_is_refused_and_left_as_it_is(path: Path) -> None:
    """Issue 2: "a newer file refused", also one whose server was killed: its WAL is not touched."""
    newer = SqliteStore(path)
    keep(newer, [said(1)])
    newer._db.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    killed = path.parent / "killed"
    killed.mkdir()
    for name, data in content(path.parent).items():
        (killed / name).write_bytes(data)
    newer.close()
    before = content(killed)
    assert len(before) == 2, "database and write-ahead log"
    error = refusal(killed / path.name)
    assert "newer XChat" in str(error)
    assert "upgrade XChat" in str(error.mend)
    assert content(killed) == before


def test_what_only_a_writer_can_recover_is_recovered(path: Path) -> None:
    """A cut in the first moments, before there is a write-ahead log, leaves a hot journal."""
    SqliteStore(path).close()
    left = path.parent / "left"
    left.mkdir()
    with closing(sqlite3.connect(path, isolation_level=None)) as writer:
        writer.execute("PRAGMA journal_mode = DELETE")
        writer.execute("PRAGMA cache_size = 1")
        writer.execute("BEGIN")
        for key in range(50):
            writer.execute("INSERT INTO state VALUES (?, hex(zeroblob(2000)))", (str(key),))
        for name, data in content(path.parent).items():
            (left / name).write_bytes(data)
    assert f"{path.name}-journal" in content(left)
    with closing(SqliteStore(left / path.name)) as store:
        assert not store.state().users, "rolled back"


# -- not ours, or not usable ------------------------------------------------------------------


@pytest.mark.parametrize("version", [0, 1, 7])
def test_a_database_of_another_program_is_refused_and_left_as_it_is(
    path: Path, version: int
) -> None:
    with closing(sqlite3.connect(path)) as other:
        other.executescript(f"CREATE TABLE log (a); PRAGMA user_version = {version}")
    before = content(path.parent)
    assert "not one of XChat" in str(refusal(path))
    assert content(path.parent) == before


@pytest.mark.parametrize(
    "data", [b"hello\n", b"\0" * 8192, b"SQLite format 3\0" + b"\xff" * 5000], ids=str
)
def test_a_file_that_is_no_database_is_refused_and_left_as_it_is(path: Path, data: bytes) -> None:
    path.write_bytes(data)
    refusal(path)
    assert content(path.parent) == {path.name: data}


def test_a_database_cut_short_is_refused_in_words(path: Path) -> None:
    SqliteStore(path).close()
    os.truncate(path, 1000)
    refusal(path)


def test_a_folder_is_no_store(tmp_path: Path) -> None:
    refusal(tmp_path)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    refusal(tmp_path / "gone" / "file")


def test_a_locked_file_is_refused_in_words(path: Path) -> None:
    SqliteStore(path).close()
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        assert "locked" in str(refusal(path))


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """Return a folder that everybody may enter, which pytest's own are not."""
    with tempfile.TemporaryDirectory(prefix="xchat-store-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


def test_a_file_that_may_not_be_written_is_refused_in_words(open_folder: Path) -> None:
    """Tried by somebody who is not root, for whom nothing is read-only."""
    path = open_folder / FILE_NAME
    SqliteStore(path).close()
    path.chmod(0o444)
    code = (
        "import os, sys, pathlib\n"
        "from xchat.store.database import StoreError, open_database\n"
        f"if os.geteuid() == 0: os.setuid({NOBODY})\n"
        "try: open_database(pathlib.Path(sys.argv[1]))\n"
        "except StoreError as error: print(error)\n"
    )
    command = [sys.executable, "-c", code, str(path)]
    told = subprocess.run(command, capture_output=True, check=True, text=True, timeout=30).stdout
    assert "cannot be opened" in told
    assert "readonly" in told
