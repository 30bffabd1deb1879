"""What is done when there is time, and what is said where it cannot be done."""

from __future__ import annotations

import io
import json
import resource
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.store.entries import keep_many
from xchat.journal import open_journal
from xchat.limits import FAILURE_SECONDS
from xchat.server.housekeeping import LITTLE_TO_DO_SECONDS, Housekeeping
from xchat.store.database import FILE_NAME
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
