"""A hub on what is kept: for the server, and for the administration where none runs."""

from __future__ import annotations

import time
from pathlib import Path

from xchat.chat.hub import Hub
from xchat.chat.ledger import CannotKeep
from xchat.config import Config
from xchat.store.database import StoreError
from xchat.store.log import EmbeddedLog
from xchat.store.store import SqliteStore


def start_hub(config: Config, store: SqliteStore, folder: Path) -> Hub:
    """Return a hub that has caught up with the log, its start recorded; raises StoreError."""
    log = EmbeddedLog(store, now_ms)
    run = store.next_run()
    hub = Hub(config, log, store, node=store.node, run=run, now_ms=now_ms())
    hub.now = time.monotonic()
    try:
        started = hub.start()
    except CannotKeep:
        started = False
    if not started:
        raise StoreError(
            f"{folder}: the start cannot be recorded",
            mend="look at the folder's free space and permissions, then start again",
        )
    return hub


def now_ms() -> int:
    """Return the time in milliseconds since 1970."""
    return time.time_ns() // 1_000_000
