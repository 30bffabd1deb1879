"""The SQLite file: how it is opened, and how its schema grows.

Settings (sqlite.org/pragma.html): WAL with `synchronous=FULL`, so that what was
committed survives power loss; checkpoints are made when there is time for them
(`Store.tidy`), not inside a commit. `secure_delete`, so that what was deleted is
overwritten too. The schema's version is `user_version`; a
file of a newer one, or of another program, is refused and left as it is.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import sqlite3
from pathlib import Path

from xchat.errors import XChatError

FILE_NAME = "xchat.sqlite3"
BUSY_SECONDS = 0.1
"""How long a commit waits for another process that has the file (a backup, say)."""
WAL_BYTES_KEPT = 67_108_864
"""What the write-ahead log may keep of the disk once its content is in the database."""

MIGRATIONS = (
    """
    CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE cursor (shard INTEGER PRIMARY KEY, seq INTEGER NOT NULL, ts INTEGER NOT NULL);
    CREATE TABLE log (seq INTEGER PRIMARY KEY, ts INTEGER NOT NULL, event TEXT NOT NULL);
    CREATE TABLE history (
        target TEXT NOT NULL,
        seq INTEGER NOT NULL,
        ts INTEGER NOT NULL,
        source TEXT NOT NULL,
        command TEXT NOT NULL,
        shown TEXT NOT NULL,
        text TEXT,
        tags TEXT NOT NULL,
        PRIMARY KEY (target, seq)
    ) WITHOUT ROWID;
    CREATE TABLE state (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
    INSERT INTO cursor VALUES (0, 0, 0);
    """,
    """
    CREATE TABLE told (
        target TEXT NOT NULL,
        kind INTEGER NOT NULL,
        seq INTEGER NOT NULL,
        part INTEGER NOT NULL,
        ts INTEGER NOT NULL,
        source TEXT NOT NULL,
        command TEXT NOT NULL,
        shown TEXT NOT NULL,
        text TEXT,
        tags TEXT NOT NULL,
        author TEXT NOT NULL,
        account TEXT NOT NULL,
        bot INTEGER NOT NULL,
        PRIMARY KEY (target, kind, seq, part)
    ) WITHOUT ROWID;
    INSERT INTO told
        SELECT target, 0, seq, 0, ts, source, command, shown, text, tags, '', '', 0 FROM history
        WHERE text IS NOT NULL;
    DROP TABLE history;
    ALTER TABLE told RENAME TO history;
    CREATE TABLE conversations (
        person TEXT NOT NULL,
        target TEXT NOT NULL,
        seq INTEGER NOT NULL,
        PRIMARY KEY (person, target)
    ) WITHOUT ROWID;
    INSERT OR IGNORE INTO conversations
        SELECT substr(target, 1, instr(target, '&') - 1), target, max(seq)
        FROM history WHERE instr(target, '&') GROUP BY target;
    INSERT OR IGNORE INTO conversations
        SELECT substr(target, instr(target, '&') + 1), target, max(seq)
        FROM history WHERE instr(target, '&') GROUP BY target;
    """,
    """
    CREATE TABLE told (
        target TEXT NOT NULL,
        kind INTEGER NOT NULL,
        seq INTEGER NOT NULL,
        part INTEGER NOT NULL,
        ts INTEGER NOT NULL,
        source TEXT NOT NULL,
        command TEXT NOT NULL,
        shown TEXT NOT NULL,
        text TEXT,
        author TEXT NOT NULL,
        account TEXT NOT NULL,
        bot INTEGER NOT NULL,
        PRIMARY KEY (target, kind, seq, part)
    ) WITHOUT ROWID;
    INSERT INTO told
        SELECT target, kind, seq, part, ts, source, command, shown,
            iif(command IN ('PRIVMSG', 'NOTICE', 'TAGMSG'), NULL, text), author, account, bot
        FROM history;
    DROP TABLE history;
    ALTER TABLE told RENAME TO history;
    """,
    """
    CREATE TABLE audit (
        seq INTEGER PRIMARY KEY,
        ts INTEGER NOT NULL,
        via TEXT NOT NULL,
        who TEXT NOT NULL,
        act TEXT NOT NULL,
        what TEXT NOT NULL
    );
    CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit
        BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
    CREATE TRIGGER audit_is_not_shortened BEFORE DELETE ON audit
        BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
    """,
    """
    CREATE INDEX history_places ON history (seq);
    CREATE TABLE search_parts (part INTEGER PRIMARY KEY, upto INTEGER NOT NULL);
    """,
)
"""One script a version, from each to the next; what has landed is never changed."""


class StoreError(XChatError):
    """The store cannot be used as it is."""


def open_database(path: Path) -> sqlite3.Connection:
    """Open or make the file at `path`, its schema brought up to date.

    Raises StoreError for a file that is no database of ours, is newer than this
    program, or cannot be read or written.
    """
    try:
        _make_private(path)
        if path.stat().st_size:
            _check_untouched(path)
        connection = sqlite3.connect(path, isolation_level=None, timeout=BUSY_SECONDS)
        return _prepare(connection, path)
    except (sqlite3.Error, OSError) as error:
        raise StoreError(
            f"{path}: the store cannot be opened: {error}",
            mend="look at the file and its folder's permissions and free space, "
            "or start with another folder: xchat-server --data FOLDER",
        ) from error


def _check_untouched(path: Path) -> None:
    """Refuse a file that is not ours before anything writes to it, if that can be told so."""
    reader = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=BUSY_SECONDS)
    with contextlib.closing(reader):
        try:
            _check_ours(reader, path)
        except sqlite3.OperationalError as error:
            # A power cut may leave what only a writer can recover: then it is told after that.
            if not error.sqlite_errorname.startswith("SQLITE_READONLY"):
                raise


def _check_ours(connection: sqlite3.Connection, path: Path) -> None:
    """Refuse a file of a newer XChat, or of another program."""
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
    if version > len(MIGRATIONS) and "meta" in tables:
        raise StoreError(
            f"{path}: written by a newer XChat (schema {version}, this one knows "
            f"{len(MIGRATIONS)})",
            mend="upgrade XChat, or start with another folder: xchat-server --data FOLDER",
        )
    if bool(version) != ("meta" in tables) or (tables and not version):
        raise StoreError(
            f"{path}: a database, but not one of XChat",
            mend="start with another folder: xchat-server --data FOLDER",
        )


def _prepare(connection: sqlite3.Connection, path: Path) -> sqlite3.Connection:
    try:
        _check_ours(connection, path)
        _set_durable(connection, path)
        _migrate(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _set_durable(connection: sqlite3.Connection, path: Path) -> None:
    (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
    if mode != "wal":
        raise StoreError(
            f"{path}: its file system cannot hold a write-ahead log (SQLite says {mode})",
            mend="keep the data on a local disk: xchat-server --data FOLDER",
        )
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA secure_delete = ON")
    connection.execute("PRAGMA wal_autocheckpoint = 0")
    connection.execute(f"PRAGMA journal_size_limit = {WAL_BYTES_KEPT}")


def _make_private(path: Path) -> None:
    """Make the file, if there is none, so that its first byte is nobody else's to read."""
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))


def _migrate(connection: sqlite3.Connection) -> None:
    """Bring the schema up to date, a version a transaction."""
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    for number in range(version, len(MIGRATIONS)):
        script = f"BEGIN IMMEDIATE; {MIGRATIONS[number]} {_identity(number)}"
        connection.executescript(f"{script} PRAGMA user_version = {number + 1}; COMMIT")


def _identity(number: int) -> str:
    """Return what names a new log and its node, for ever."""
    if number:
        return ""
    log_id, node = secrets.token_hex(4), secrets.token_hex(4)
    return f"INSERT INTO meta VALUES ('log_id', '{log_id}'), ('node', '{node}'), ('run', '0');"  # noqa: S608 - hex of our own
