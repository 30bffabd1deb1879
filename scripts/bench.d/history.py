"""What history costs: to keep a message, to read the latest fifty, to index what was said.

Measured on the store itself, with its commits, in a file of .bench/: the network, TLS and the loop
are in the other figures. A million messages of one channel are kept first, some thousands a turn.
"""

from __future__ import annotations

import shutil
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from itertools import islice

from servers import WORK

from xchat.chat.apply.playback import line_of
from xchat.chat.apply.step import HistoryRow
from xchat.chat.events import MessageSent
from xchat.chat.ledger import Writing
from xchat.chat.lines import render
from xchat.chat.log import Entry
from xchat.irc.capabilities import MESSAGE_TAGS, SERVER_TIME
from xchat.store.database import FILE_NAME
from xchat.store.search import INDEX_ROWS
from xchat.store.store import SqliteStore

ROWS = 1_000_000
LATEST = 50
TRIES = 400
ALONE = 300
INDEXED = 40
"""Pieces of the search index made."""
SENTENCE = "so when do we meet tomorrow, at eight or nine, and who brings bread"
WORDS = SENTENCE.split()
SOURCE = "ana!~ana@10.0.0.1"
TARGET, OTHER = "1", "2"


@contextmanager
def opened() -> Iterator[SqliteStore]:
    """Yield a store that has nothing in it."""
    folder = WORK / "history"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        with closing(SqliteStore(folder / FILE_NAME)) as store:
            yield store
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def said(seq: int, target: str) -> tuple[Entry, HistoryRow]:
    """Return a message of about sixty characters, and its row."""
    text = f"{WORDS[seq % len(WORDS)]} {seq} {' '.join(WORDS[seq % 5 : seq % 5 + 9])}"
    event = MessageSent(uid="1.1", command="PRIVMSG", target="#lobby", text=text)
    row = HistoryRow(target, seq, seq, SOURCE, "PRIVMSG", "#lobby", text, event.tags, "1.1")
    return Entry(seq, seq, event), row


def keep(store: SqliteStore, count: int, a_turn: int, target: str = TARGET) -> float:
    """Keep so many messages; return the seconds that a message cost."""
    pairs = (said(seq, target) for seq in range(store.seq + 1, store.seq + 1 + count))
    taken = 0.0
    while some := list(islice(pairs, a_turn)):
        entries, rows = zip(*some, strict=True)
        begin = time.perf_counter()
        store.keep(Writing(entries, rows))
        taken += time.perf_counter() - begin
        if store.must_tidy:
            store.tidy()
    return taken / count


def median_of(act: Callable[[], object]) -> float:
    """Return the median of the seconds that something takes."""
    return statistics.median(timed(act) for _ in range(TRIES))


def timed(act: Callable[[], object]) -> float:
    """Return the seconds that something takes."""
    begin = time.perf_counter()
    act()
    return time.perf_counter() - begin


def latest(store: SqliteStore) -> Sequence[HistoryRow]:
    """Read the latest fifty messages."""
    rows = store.page(TARGET, limit=LATEST, newest=True)
    assert len(rows) == LATEST
    return rows


def told(store: SqliteStore) -> int:
    """Read them and write them out, as who asks is told them."""
    caps = MESSAGE_TAGS | SERVER_TIME
    return sum(len(render(line_of(row, store.log_id), caps, "batch=1")) for row in latest(store))


def index(store: SqliteStore) -> tuple[float, float]:
    """Index some of what was said; return the seconds and the bytes of a message."""
    store.tidy()
    before = store_bytes()
    taken = sum(timed(store.prepare_search) for _ in range(INDEXED))
    store.tidy()
    messages = INDEXED * INDEX_ROWS
    return taken / messages, (store_bytes() - before) / messages


def store_bytes() -> int:
    """Return how large the file is."""
    return (WORK / "history" / FILE_NAME).stat().st_size


def figures() -> dict[str, float]:
    """Return what each thing costs: in seconds, and `index_bytes` of a message."""
    with opened() as store:
        together = keep(store, ROWS, 4_000)
        seconds, size = index(store)
        return {
            "latest": median_of(lambda: latest(store)),
            "told": median_of(lambda: told(store)),
            "together": together,
            "alone": keep(store, ALONE, 1, OTHER),
            "index": seconds,
            "index_bytes": size,
        }
