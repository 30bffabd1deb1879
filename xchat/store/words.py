"""What SQLite's errors are in words."""

from __future__ import annotations

_WORDS = {
    "SQLITE_FULL": "the disk is full",
    "SQLITE_BUSY": "the database is in use by another program",
    "SQLITE_READONLY": "the database cannot be written",
    "SQLITE_IOERR": "the disk failed",
    "SQLITE_CORRUPT": "the database is damaged",
}
BUSY = _WORDS["SQLITE_BUSY"]


def in_words(error: Exception) -> str:
    """Return why the store failed, as people are told it."""
    name = "_".join(getattr(error, "sqlite_errorname", "").split("_")[:2])
    return _WORDS.get(name, "the server's store failed")
