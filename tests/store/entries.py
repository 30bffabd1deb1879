"""What the tests of the store keep: messages of one channel or another, a place and a time each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from xchat.chat.apply.step import HistoryRow
from xchat.chat.events import MessageSent
from xchat.chat.ledger import Writing
from xchat.chat.log import Entry
from xchat.store.store import SqliteStore

START_MS = 1_700_000_000_000
TEXT = "message {} with some words in it, as people say them"


def said(seq: int, target: str = "1", ts: int | None = None) -> tuple[Entry, HistoryRow]:
    """Return an entry of the log, and the row of history it comes to."""
    when = START_MS + seq if ts is None else ts
    event = MessageSent(uid="1.1", command="PRIVMSG", target="#lobby", text=TEXT.format(seq))
    source = "ana!~ana@10.0.0.1"
    row = HistoryRow(target, seq, when, source, event.command, "#lobby", event.text, event.tags)
    return Entry(seq, when, event), row


def keep(store: SqliteStore, pairs: Iterable[tuple[Entry, HistoryRow]]) -> list[HistoryRow]:
    """Keep a turn of messages; return their rows."""
    entries, rows = zip(*pairs, strict=True)
    store.keep(Writing(entries, rows))
    return list(rows)


def keep_many(
    store: SqliteStore, count: int, *, a_turn: int, targets: Sequence[str] = ("1",)
) -> None:
    """Keep messages after what there is, so many a turn, in these targets by turns."""
    first, end = store.seq + 1, store.seq + 1 + count
    for start in range(first, end, a_turn):
        seqs = range(start, min(start + a_turn, end))
        keep(store, [said(seq, targets[seq % len(targets)]) for seq in seqs])
