"""What is kept is kept whole; what is not is refused in words; what is damaged is named."""

from __future__ import annotations

import os
import resource
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.store.entries import START_MS, keep, keep_many, said
from xchat.chat import events
from xchat.chat.entities import User
from xchat.chat.ledger import CannotKeep, CannotRead, Ledger, Writing
from xchat.chat.log import Entry
from xchat.store import store as module
from xchat.store.database import FILE_NAME, StoreError
from xchat.store.log import EmbeddedLog
from xchat.store.store import SqliteStore

USER = User(uid="1.1", node="n", nick="ana", user="~a", host="h", realname="A", since=START_MS)
TYPING = Entry(0, START_MS, events.TypingNotified(uid="1.1", target="#a", tags={"+typing": "x"}))


def statements(store: SqliteStore, pattern: str) -> list[str]:
    """Collect the statements of a store, from here on, that start so."""
    found: list[str] = []
    store._db.set_trace_callback(
        lambda sql: found.append(sql) if sql.upper().startswith(pattern) else None
    )
    return found


# -- kept -------------------------------------------------------------------------------------


def test_what_is_kept_is_there_after_a_start(path: Path) -> None:
    with closing(SqliteStore(path)) as store:
        rows = keep(store, [said(1), said(2)])
        store.keep(Writing([said(3)[0]], [], [("u 1.1", msgspec.json.encode(USER))]))
    with closing(SqliteStore(path)) as again:
        assert (again.seq, again.ts) == (3, START_MS + 3)
        assert again.page("1", limit=9, newest=True) == rows
        assert again.state().users == {"1.1": USER}


def test_a_turn_is_one_transaction(store: SqliteStore) -> None:
    """Group commit: "the store runs one transaction a turn"."""
    found = statements(store, "COMMIT")
    keep(store, [said(seq) for seq in range(1, 101)])
    assert found == ["COMMIT"]


def test_what_need_not_be_kept_touches_nothing(store: SqliteStore) -> None:
    """Typing and presence cost no transaction, nor a place."""
    found = statements(store, "")
    store.keep(Writing([TYPING]))
    assert not found
    assert store.seq == 0


def test_state_that_is_gone_is_gone(store: SqliteStore) -> None:
    row = ("u 1.1", msgspec.json.encode(USER))
    store.keep(Writing([said(1)[0]], [], [row]))
    store.keep(Writing([said(2)[0]], [], [("u 1.1", None)]))
    assert not store.state().users


def test_runs_are_counted(path: Path) -> None:
    """No uid is ever used twice: each begins with the number of its run."""
    runs = []
    for _ in range(3):
        with closing(SqliteStore(path)) as store:
            runs.append(store.next_run())
    assert runs == ["1", "2", "3"]


# -- not kept ---------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["ABORT", "FAIL", "ROLLBACK"])
def test_a_turn_that_fails_leaves_nothing_of_itself(store: SqliteStore, how: str) -> None:
    """All or nothing: not an entry, not a row, and the next takes the place again."""
    rows = keep(store, [said(1)])
    store._db.execute(
        "CREATE TEMP TRIGGER fault BEFORE UPDATE ON main.cursor"
        f" BEGIN SELECT RAISE({how}, 'fault'); END"
    )
    with pytest.raises(CannotKeep, match="the server's store failed"):
        keep(store, [said(2), said(3)])
    assert not store._db.in_transaction
    assert (store.seq, store.ts) == (1, START_MS + 1)
    store._db.execute("DROP TRIGGER fault")
    rows += keep(store, [said(2)])
    assert store.page("1", limit=9, newest=True) == rows


def test_a_place_is_given_once(store: SqliteStore) -> None:
    """Two servers on one file cannot both have the next place: one of them is refused."""
    keep(store, [said(1)])
    with pytest.raises(CannotKeep):
        keep(store, [said(1)])


def test_a_lock_is_refused_in_words(path: Path, store: SqliteStore) -> None:
    """P17: "Disk full or database locked: the sender gets FAIL, no echo"."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(CannotKeep, match="in use by another program"):
            keep(store, [said(1)])
        other.execute("ROLLBACK")
    keep(store, [said(1)])


def test_a_full_disk_is_refused_in_words(store: SqliteStore) -> None:
    (pages,) = store._db.execute("PRAGMA page_count").fetchone()
    store._db.execute(f"PRAGMA max_page_count = {pages}").fetchall()
    with pytest.raises(CannotKeep, match="the disk is full"):
        keep_many(store, 500, a_turn=100)
    kept = store.seq
    store._db.execute("PRAGMA max_page_count = 100000").fetchall()
    keep_many(store, 500, a_turn=100)
    assert store.seq == kept + 500


def test_a_start_that_cannot_be_recorded_is_refused_in_words(
    path: Path, store: SqliteStore
) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="in use by another program") as caught:
            store.next_run()
    assert str(path) in str(caught.value)
    assert caught.value.mend


# -- read: history, page by page --------------------------------------------------------------


@pytest.fixture(scope="module")
def paged(tmp_path_factory: pytest.TempPathFactory) -> SqliteStore:
    """Three channels taking turns, several messages a millisecond."""
    store = SqliteStore(tmp_path_factory.mktemp("paged") / FILE_NAME)
    for seq in range(1, 61):
        keep(store, [said(seq, f"{seq % 3}", START_MS + seq // 4)])
    return store


EDGES = st.integers(-1, 70) | st.just(1 << 60)


@given(after=EDGES, before=st.none() | EDGES, limit=st.integers(0, 80), newest=st.booleans())
@settings(max_examples=500, deadline=None)
def test_a_page_is_what_lies_between_two_places(
    *, paged: SqliteStore, after: int, before: int | None, limit: int, newest: bool
) -> None:
    """Both ends exclusive, oldest first, the newest or the oldest of what is too much."""
    end = before if before is not None else 1 << 62
    between = [seq for seq in range(1, 61) if seq % 3 == 1 and after < seq < end]
    wanted = between[len(between) - min(limit, len(between)) :] if newest else between[:limit]
    found = paged.page("1", after=after, before=before, limit=limit, newest=newest)
    assert [row.seq for row in found] == wanted


@given(ts=st.integers(START_MS - 3, START_MS + 20) | st.sampled_from([0, 1 << 62, 1 << 70]))
@settings(deadline=None)
def test_the_place_of_a_time(paged: SqliteStore, ts: int) -> None:
    """The first entry at or after it, or one past the last; whatever the time."""
    at = [seq for seq in range(1, 61) if START_MS + seq // 4 >= ts]
    assert paged.seq_at(ts) == (at[0] if at else 61)


def test_nothing_was_said_before_the_first(store: SqliteStore) -> None:
    assert store.seq_at(START_MS) == 1
    assert store.page("1", limit=50, newest=True) == []


def test_a_target_is_not_another_that_begins_like_it(store: SqliteStore) -> None:
    keep(store, [said(1, "1"), said(2, "11"), said(3, "1&2")])
    assert [row.seq for row in store.page("1", limit=9, newest=True)] == [1]


def test_all_that_a_message_has_comes_back(store: SqliteStore) -> None:
    entry, row = said(1)
    tags = {"+react": "a b;\\\r\n", "+empty": "", "+ქართ": "👋🏽"}
    said_so = {"text": "ჰ \x01\x1b[0m 👋🏽 \u202e", "tags": tags}
    row = msgspec.structs.replace(row, source="ნ!u@h", **said_so)
    event = msgspec.structs.replace(entry.event, **said_so)
    store.keep(Writing([msgspec.structs.replace(entry, event=event)], [row]))
    assert store.page("1", limit=1, newest=True) == [row]


# -- read: what is erased, and what is damaged ------------------------------------------------


def test_a_blank_is_tolerated_everywhere(path: Path) -> None:
    """Design: "Text can be erased from the log as from the index, and `apply` tolerates it"."""
    log = [
        events.UserRegistered(uid="1.1", node="n", nick="ana", user="u", host="h", realname="r"),
        events.ChannelJoined(uid="1.1", channel="#a"),
        events.TopicChanged(uid="1.1", channel="#a", topic="secret"),
        *(
            events.MessageSent(uid="1.1", command="PRIVMSG", target="#a", text=f"m{number}")
            for number in range(3)
        ),
    ]
    with closing(SqliteStore(path)) as store:
        store.keep(Writing([Entry(seq, START_MS + seq, event) for seq, event in enumerate(log, 1)]))
        erase = "UPDATE log SET event = json_set(event, ?, NULL) WHERE seq = ?"
        store._db.execute(erase, ("$.text", 5))
        store._db.execute(erase, ("$.topic", 3))
        store._db.execute("UPDATE cursor SET seq = 0, ts = 0")
    with closing(SqliteStore(path)) as store:
        ledger = Ledger(EmbeddedLog(store, lambda: START_MS), store)
        ledger.catch_up()
        assert store.seq == len(log)
        assert ledger.state.channels["#a"].topic is None
        assert [row.text for row in store.page("2", limit=9, newest=True)] == ["m0", "m2"]
        store._db.execute(erase, ("$.text", 4))
        assert [row.text for row in store.page("2", limit=9, newest=False)] == ["m2"]
        assert store.seq_at(START_MS + 4) == 4


def test_a_long_log_is_read_some_at_a_time(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "REPLAY_ENTRIES", 7)
    with closing(SqliteStore(path)) as store:
        keep_many(store, 30, a_turn=30)
        store._db.execute("UPDATE cursor SET seq = 3")
        store._db.execute("DELETE FROM history")
    with closing(SqliteStore(path)) as store:
        sizes = []
        for entries in store.behind():
            sizes.append(len(entries))
            store.index(Writing(entries))
        assert sizes == [7, 7, 7, 6]
        assert store.seq == 30


@pytest.mark.parametrize(
    "event", ["", "{", '{"k":"teapot"}', '{"k":"user-quit"}', "null"], ids=repr
)
def test_an_entry_that_cannot_be_read_stops_the_start_in_words(path: Path, event: str) -> None:
    """Far better to stop than to go on wrong."""
    with closing(SqliteStore(path)) as store:
        keep_many(store, 3, a_turn=3)
        store._db.execute("UPDATE log SET event = ? WHERE seq = 2", (event,))
        store._db.execute("UPDATE cursor SET seq = 0")
    with closing(SqliteStore(path)) as store:
        ledger = Ledger(EmbeddedLog(store, lambda: START_MS), store)
        with pytest.raises(StoreError, match="the log after entry 0 cannot be read") as caught:
            ledger.catch_up()
        assert str(path) in str(caught.value)


def test_state_that_cannot_be_read_stops_the_start_in_words(path: Path) -> None:
    with closing(SqliteStore(path)) as store:
        store._db.execute("INSERT INTO state VALUES ('u 1', '{}')")
        with pytest.raises(StoreError, match="the state cannot be read"):
            store.state()


def test_history_on_a_bad_sector_is_refused_and_nothing_else(path: Path) -> None:
    """No input stops the server: neither does asking for what the disk has lost."""
    with closing(SqliteStore(path)) as store:
        keep_many(store, 2_000, a_turn=1_000, targets=("1", "2"))
    size = path.stat().st_size
    with path.open("r+b") as file:
        for offset in range(16 * 4096, size, 4096):
            os.pwrite(file.fileno(), b"\xff" * 4096, offset)
    with closing(SqliteStore(path)) as store:
        for read in (
            lambda: store.page("1", limit=100, newest=True),
            lambda: store.seq_at(START_MS + 1_000),
        ):
            with pytest.raises(CannotRead, match="damaged"):
                read()


# -- keeping house ----------------------------------------------------------------------------


def wal_bytes(path: Path) -> int:
    """Return the size of the write-ahead log."""
    return path.with_name(f"{path.name}-wal").stat().st_size


def test_tidying_when_idle_bounds_the_write_ahead_log(path: Path, store: SqliteStore) -> None:
    """P11: a start reads the write-ahead log, so that must not grow for ever."""
    sizes = []
    for _ in range(5):
        keep_many(store, module.TIDY_AFTER_ENTRIES, a_turn=50)
        was_untidy = store.is_untidy
        store.tidy()
        assert (was_untidy, store.is_untidy) == (True, False)
        sizes.append(wal_bytes(path))
    assert sizes[-1] <= sizes[1] * 1.2, "it begins again from its start"


def test_a_server_that_is_never_idle_tidies_all_the_same(store: SqliteStore) -> None:
    keep_many(store, module.TIDY_NOW_ENTRIES - 500, a_turn=500)
    assert not store.must_tidy
    keep_many(store, 500, a_turn=500)
    assert store.must_tidy


def test_tidying_that_fails_says_why_and_is_owed(store: SqliteStore) -> None:
    """On a sick disk the write-ahead log grows: that is not forgotten, nor tried every turn."""
    keep_many(store, module.TIDY_NOW_ENTRIES, a_turn=1_000)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        why = store.tidy()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert why == "the disk failed"
    again_at_once = store.must_tidy
    keep_many(store, module.TIDY_AFTER_ENTRIES, a_turn=1_000)
    assert (again_at_once, store.must_tidy) == (False, True), "what was not moved still counts"
    assert store.tidy() is None
    assert not store.is_untidy


HOLD_CHECKPOINTS = """
import fcntl, sys
with open(sys.argv[1], "r+b") as file:
    fcntl.lockf(file, fcntl.LOCK_EX, 1, 121)  # WAL_CKPT_LOCK (sqlite.org/walformat.html)
    print("held", flush=True)
    sys.stdin.read()
"""


def test_tidying_while_another_program_tidies_is_owed(path: Path, store: SqliteStore) -> None:
    keep_many(store, module.TIDY_AFTER_ENTRIES, a_turn=1_000)
    words = [sys.executable, "-c", HOLD_CHECKPOINTS, f"{path}-shm"]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        assert store.tidy() == "the database is in use by another program"
        other.communicate(timeout=20)
    assert store.tidy() is None


def test_tidying_beside_a_backup_harms_neither(path: Path, store: SqliteStore) -> None:
    """A reader holds the old pages: what can be moved is, the rest next time."""
    keep_many(store, 1_000, a_turn=100)
    with closing(sqlite3.connect(path, isolation_level=None)) as backup:
        backup.execute("BEGIN")
        count = backup.execute("SELECT count(*) FROM history").fetchone()
        keep_many(store, 1_000, a_turn=100)
        store.tidy()
        assert backup.execute("SELECT count(*) FROM history").fetchone() == count == (1_000,)
    keep_many(store, 1, a_turn=1)
    assert store.seq == 2_001
