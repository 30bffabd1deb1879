"""History in the store: found by index, messages apart from what happened, kept over an upgrade."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.store.entries import START_MS, keep, said
from xchat.chat import events
from xchat.chat.apply.step import HistoryRow
from xchat.chat.ledger import Writing
from xchat.store.database import MIGRATIONS
from xchat.store.history import EVENT, MESSAGE, PAGE
from xchat.store.store import SqliteStore

SPOKEN = ("PRIVMSG", "NOTICE")


@pytest.mark.parametrize("order", ["ASC", "DESC"])
def test_a_page_is_read_from_the_index(store: SqliteStore, order: str) -> None:
    """LATEST 50 of a channel with 1,000,000 rows: nothing is scanned, and nothing sorted."""
    plan = f"EXPLAIN QUERY PLAN {PAGE.format(order=order)}"
    steps = [row[3] for row in store._db.execute(plan, ("1", MESSAGE, 0, 9, 50))]
    assert steps == [
        "SEARCH history USING PRIMARY KEY (target=? AND kind=? AND seq>? AND seq<?)",
        "SEARCH log USING INTEGER PRIMARY KEY (rowid=?) LEFT-JOIN",
    ]


def test_a_page_of_messages_costs_the_same_however_much_happened(store: SqliteStore) -> None:
    """A million joins lie apart from the messages among them."""
    rows = [row for _, row in map(said, range(1, 200))]
    joins = [replace(row, command="JOIN", text=None, seq=row.seq + 200) for row in rows]
    keep(store, [(said(seq)[0], row) for seq, row in enumerate([*rows, *joins], 1)])
    assert store.page("1", limit=3, newest=True) == rows[-3:]
    found = store.page("1", limit=300, newest=True, with_events=True)
    assert found == [*rows[-101:], *joins]


Rows = list[tuple[str, int]]


@settings(max_examples=60, deadline=None)
@given(
    commands=st.lists(st.sampled_from(["PRIVMSG", "NOTICE", "JOIN", "TAGMSG"]), max_size=30),
    after=st.integers(0, 32),
    before=st.none() | st.integers(0, 32),
    limit=st.integers(0, 8),
    newest=st.booleans(),
    with_events=st.booleans(),
)
def test_a_page_is_what_a_list_would_give(
    *,
    tmp_path_factory: pytest.TempPathFactory,
    commands: list[str],
    after: int,
    before: int | None,
    limit: int,
    newest: bool,
    with_events: bool,
) -> None:
    """Up to `limit` rows between two places, from either end, whatever kinds lie there."""
    rows: list[HistoryRow] = []
    with closing(SqliteStore(tmp_path_factory.mktemp("page") / "x.sqlite3")) as store:
        for seq, command in enumerate(commands, 1):
            entry, row = said(seq)
            rows += keep(store, [(entry, replace(row, command=command))])
        model = [
            row
            for row in rows
            if row.seq > after
            and (before is None or row.seq < before)
            and (with_events or row.command in SPOKEN)
        ]
        expected = model[len(model) - min(limit, len(model)) :] if newest else model[:limit]
        assert expected == store.page(
            "1", after=after, before=before, limit=limit, newest=newest, with_events=with_events
        )


def test_the_rows_of_one_place_keep_their_order(store: SqliteStore) -> None:
    entry, row = said(1)
    parts = [replace(row, command="MODE", text=None, shown=f"#a +{n}", part=n) for n in range(3)]
    store.keep(Writing([entry], parts))
    assert store.page("1", limit=9, newest=True, with_events=True) == parts
    assert store.page("1", limit=2, newest=False, with_events=True) == parts[:2]


def test_a_row_is_found_by_its_place_in_its_own_target(store: SqliteStore) -> None:
    row, other = keep(store, [said(1), said(2, "2")])
    assert store.find("1", 1) == row
    assert store.find("1", 2) is None
    assert store.find("2", 2) == other
    assert store.latest("1") == START_MS + 1
    assert store.latest("1", 1) is None
    assert store.latest("3") is None


def test_conversations_are_those_of_late(store: SqliteStore) -> None:
    keep(store, [said(1, "a&b"), said(2, "a&c"), said(3, "b&c"), said(4, "a&a"), said(5, "a&b")])
    assert store.conversations("a") == ["a&b", "a&a", "a&c"]
    assert store.conversations("c") == ["b&c", "a&c"]
    assert store.conversations("d") == []


def test_what_was_kept_by_version_1_is_there(path: Path) -> None:
    """A new schema is one more script; existing data is kept."""
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.executescript(f"PRAGMA journal_mode=WAL; {MIGRATIONS[0]} PRAGMA user_version = 1")
        database.execute("INSERT INTO meta VALUES ('log_id', 'x'), ('node', 'n'), ('run', '0')")
        kept = [
            ("1", 1, 5, "a!b@c", "PRIVMSG", "#a", "one", ""),
            ("1", 2, 6, "a!b@c", "NOTICE", "#a", "two", '{"+x":"y"}'),
            ("1", 3, 6, "a!b@c", "PRIVMSG", "#a", None, ""),
            ("1.1&1.2", 4, 7, "a!b@c", "PRIVMSG", "b", "psst", ""),
        ]
        database.executemany("INSERT INTO history VALUES (?, ?, ?, ?, ?, ?, ?, ?)", kept)
        for _, seq, ts, _, command, target, text, tags in kept:
            event = events.MessageSent(
                uid="1.1",
                command=command,
                target=target,
                text=text,
                tags=msgspec.json.decode(tags or "{}"),
            )
            log = (seq, ts, events.encode(event).decode())
            database.execute("INSERT INTO log VALUES (?, ?, ?)", log)
    with closing(SqliteStore(path)) as store:
        found = store.page("1", limit=9, newest=True, with_events=True)
        assert found == [
            HistoryRow("1", 1, 5, "a!b@c", "PRIVMSG", "#a", "one", {}),
            HistoryRow("1", 2, 6, "a!b@c", "NOTICE", "#a", "two", {"+x": "y"}),
        ]
        assert store.conversations("1.1") == store.conversations("1.2") == ["1.1&1.2"]
        assert store._db.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_events_are_of_their_own_kind(store: SqliteStore) -> None:
    entry, row = said(1)
    store.keep(Writing([entry], [row, replace(row, command="TAGMSG", text=None)]))
    kinds = store._db.execute("SELECT kind, command FROM history ORDER BY kind").fetchall()
    assert kinds == [(MESSAGE, "PRIVMSG"), (EVENT, "TAGMSG")]
