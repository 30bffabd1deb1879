"""What is too old is erased: from the log, the history, the index and the files, in pieces."""

from __future__ import annotations

from pathlib import Path

from tests.store.entries import START_MS, keep, said
from xchat.store.store import DAY_MS, RETAIN_ROWS, SqliteStore


def texts(store: SqliteStore) -> list[int]:
    return [row.seq for row in store.page("1", limit=1_000, newest=True)]


def test_what_is_older_than_so_many_days_goes(path: Path, store: SqliteStore) -> None:
    """Retention by time, in small pieces, erased from the log as well."""
    old = 2 * RETAIN_ROWS + 50
    keep(store, [said(seq, ts=START_MS) for seq in range(1, old + 1)])
    keep(store, [said(seq, ts=START_MS + 3 * DAY_MS) for seq in range(old + 1, old + 4)])
    while store.prepare_search():
        pass
    assert [store.retain(7), len(texts(store))] == [False, old + 3], "none is so old"
    assert [store.retain(2), store.retain(2)] == [True, True]
    assert texts(store)[0] == 2 * RETAIN_ROWS + 1, "the oldest first"
    assert store.retain(2) is False
    assert texts(store) == [old + 1, old + 2, old + 3]
    assert store.tidy() is None
    content = b"".join(file.read_bytes() for file in path.parent.iterdir())
    assert f"message {old} ".encode() not in content
    assert f"message {old + 1} ".encode() in content


def test_the_last_day_is_the_logs(store: SqliteStore) -> None:
    """A clock that jumps ahead erases nothing: days are counted back from the last entry."""
    keep(store, [said(1, ts=START_MS)])
    assert store.retain(1) is False
    assert texts(store) == [1]
