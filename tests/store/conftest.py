"""A store in a file of its own, and entries to keep in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.store.entries import START_MS
from xchat.store.database import FILE_NAME
from xchat.store.store import SqliteStore


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return where the store's file is, or will be."""
    return tmp_path / FILE_NAME


@pytest.fixture
def store(path: Path) -> Iterator[SqliteStore]:
    """Return a new store."""
    opened = SqliteStore(path)
    yield opened
    opened.close()


@pytest.fixture
def now_ms() -> int:
    """Return a time."""
    return START_MS
