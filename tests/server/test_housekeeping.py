"""What is done when there is time, and what is said where it cannot be done."""

from __future__ import annotations

import io
import json
import resource
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import pairwise
from pathlib import Path

import pytest

from tests.store.entries import keep_many
from xchat.chat.entities import Terms
from xchat.chat.retention import Keeping
from xchat.journal import open_journal
from xchat.limits import FAILURE_SECONDS
from xchat.server.housekeeping import LITTLE_TO_DO_SECONDS, WAITED_SECONDS, Housekeeping
from xchat.store.database import FILE_NAME
from xchat.store.retention import RETAIN_ROWS
from xchat.store.search import INDEX_ROWS
from xchat.store.store import TIDY_AFTER_ENTRIES, TIDY_NOW_ENTRIES, SqliteStore

IDLE, BUSY = LITTLE_TO_DO_SECONDS * 2, LITTLE_TO_DO_SECONDS / 2


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    with closing(SqliteStore(tmp_path / FILE_NAME)) as opened:
        yield opened


@contextmanager
def no_file_grows() -> Iterator[None]:
    """Let the system refuse every write."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_an_untidy_store_is_tidied_when_there_is_time(store: SqliteStore) -> None:
    housekeeping = Housekeeping(store, open_journal("json", stream=io.StringIO()))
    keep_many(store, TIDY_AFTER_ENTRIES, a_turn=1_000)
    housekeeping.after_turn(10.0, 10.0 + BUSY)
    assert store.is_untidy
    housekeeping.after_turn(10.0, 10.0 + IDLE)
    assert not store.is_untidy


def test_a_very_untidy_store_is_tidied_without_time(store: SqliteStore) -> None:
    housekeeping = Housekeeping(store, open_journal("json", stream=io.StringIO()))
    keep_many(store, TIDY_NOW_ENTRIES, a_turn=1_000)
    housekeeping.after_turn(10.0, 10.0 + BUSY)
    assert not store.is_untidy


def test_a_disk_that_fails_is_told_now_and_then(store: SqliteStore) -> None:
    journal = io.StringIO()
    housekeeping = Housekeeping(store, open_journal("json", stream=journal))
    keep_many(store, TIDY_AFTER_ENTRIES, a_turn=1_000)
    with no_file_grows():
        for tick in range(20):
            housekeeping.tidy(10.0 + tick * FAILURE_SECONDS / 10)
    said = [json.loads(line) for line in journal.getvalue().splitlines()]
    assert [(entry["level"], entry["why"]) for entry in said] == [("error", "the disk failed")] * 2
    housekeeping.tidy(10.0 + 3 * FAILURE_SECONDS)
    assert not store.is_untidy
    assert len(journal.getvalue().splitlines()) == 2


def test_what_is_not_to_be_kept_is_erased_a_piece_at_a_time(store: SqliteStore) -> None:
    """Between two pieces others have their turns; when all is done it rests for a while."""
    keep_many(store, 3 * RETAIN_ROWS, a_turn=100)
    terms = Terms(messages=RETAIN_ROWS)
    journal = open_journal("json", stream=io.StringIO())
    housekeeping = Housekeeping(store, journal, lambda: Keeping(terms))
    left, now = [3 * RETAIN_ROWS], 10.0
    while left[-1] > RETAIN_ROWS:
        housekeeping.after_turn(now, now + BUSY)
        left.append(len(store.page("1", limit=1_000, newest=True)))
        now += 1.0
        assert now < 10.0 + 60.0, left
    assert {before - after for before, after in pairwise(left)} == {0, RETAIN_ROWS}


def test_what_cannot_be_erased_is_told(store: SqliteStore) -> None:
    keep_many(store, 10, a_turn=10)
    said = io.StringIO()
    keeping = Keeping(Terms(messages=1))
    housekeeping = Housekeeping(store, open_journal("json", stream=said), lambda: keeping)
    with no_file_grows():
        for tick in range(5):
            housekeeping.retain(10.0 + tick)
    assert [json.loads(line)["level"] for line in said.getvalue().splitlines()] == ["error"]
    for tick in range(5):
        housekeeping.retain(20.0 + tick)
    assert len(store.page("1", limit=100, newest=True)) == 1


def test_what_was_said_is_indexed_when_a_turn_has_waited(store: SqliteStore) -> None:
    """Under load a turn has no time for it; past a bound it is done all the same."""
    housekeeping = Housekeeping(store, open_journal("json", stream=io.StringIO()))
    housekeeping.after_turn(9.0, 9.0)  # looks for what is not to be kept
    keep_many(store, INDEX_ROWS * 2, a_turn=100)
    housekeeping.after_turn(10.0, 10.0)
    assert store.is_behind
    housekeeping.after_turn(11.0, 11.0 + 2 * WAITED_SECONDS)
    housekeeping.after_turn(12.0, 12.0 + 2 * WAITED_SECONDS)
    assert not store.is_behind


def test_a_search_never_has_very_much_to_index_first(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("xchat.store.store.INDEX_NOW_ENTRIES", INDEX_ROWS)
    housekeeping = Housekeeping(store, open_journal("json", stream=io.StringIO()))
    housekeeping.after_turn(9.0, 9.0)
    keep_many(store, INDEX_ROWS, a_turn=100)
    housekeeping.after_turn(10.0, 10.0)
    assert not store.is_behind
