"""The search index: made in pieces, at no cost to a commit, and without what was erased."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.conftest import RecordTiming
from tests.store.entries import keep, keep_many, said
from xchat.chat.apply.step import Erased
from xchat.chat.ledger import Writing
from xchat.store.search import INDEX_ROWS, PART_BITS, query_of, words_of
from xchat.store.store import SqliteStore

END = 1 << 62
PIECE_SECONDS_MAX = 0.25


def prepare(store: SqliteStore) -> int:
    """Index all there is; return in how many pieces."""
    pieces = 1
    while store.prepare_search():
        pieces += 1
    return pieces


def places(store: SqliteStore, text: str, *, newest: bool = True, limit: int = 7) -> list[int]:
    """Return where a text is found, in the order it is."""
    found = store.search(text, after=0, before=END, limit=limit, newest=newest)
    return [seq for some in found for seq, _ in some]


def test_a_commit_pays_nothing(store: SqliteStore) -> None:
    """What was said is indexed when there is time, or before a search."""
    keep(store, [said(1)])
    assert store._db.execute("SELECT count(*) FROM search_parts").fetchone() == (0,)
    assert not store.is_behind
    keep_many(store, INDEX_ROWS, a_turn=100)
    assert store.is_behind


def test_all_is_found_over_several_parts(path: Path, timing: RecordTiming) -> None:
    """In either order, some at a time; each piece of the work is small."""
    count = (2 << PART_BITS) + 100
    with closing(SqliteStore(path)) as store:
        keep_many(store, count, a_turn=1_000)
        assert prepare(store) >= count // INDEX_ROWS
        assert places(store, "message words", limit=256) == [*range(count, 0, -1)]
        assert places(store, "message", newest=False, limit=256) == [*range(1, count + 1)]
        assert places(store, "", limit=256) == [*range(count, 0, -1)]
        assert places(store, str(count - 5)) == [count - 5]
    with closing(SqliteStore(path)) as again:
        assert not again.is_behind
        assert places(again, "1 some") == places(again, "1")


def test_what_was_erased_leaves_no_word(path: Path) -> None:
    """FTS5 keeps the words of deleted rows: so the part goes, and is made again."""
    with closing(SqliteStore(path)) as store:
        rows = keep(store, [said(seq) for seq in range(1, 300)])
        entry, row = said(300)
        text = "hush hushhush 秘密秘密秘密"
        secret = replace(entry, event=replace(entry.event, text=text))
        store.keep(Writing([secret], [row]))
        prepare(store)
        store.tidy()
        assert places(store, "hushhush") == [300]
        later, told = said(301)
        store.keep(Writing([later], [told], [], [Erased(300, row.target)]))
        assert places(store, "message") == []
        prepare(store)
        assert places(store, "hushhush") == []
        assert len(places(store, "message")) == len(rows) + 1
        assert store.tidy() is None
        content = b"".join(file.read_bytes() for file in path.parent.iterdir())
        assert b"hush" not in content
        assert "秘密".encode() not in content
        assert b"message" in content


def test_a_part_that_goes_while_somebody_reads(store: SqliteStore) -> None:
    keep(store, [said(seq) for seq in range(1, 50)])
    prepare(store)
    reading = store.search("message", after=0, before=END, limit=5, newest=True)
    assert [seq for seq, _ in next(reading)] == [49, 48, 47, 46, 45]
    entry, row = said(50)
    store.keep(Writing([entry], [row], [], [Erased(3, row.target)]))
    assert list(reading) == []


@given(st.text(max_size=40), st.text(max_size=40))
def test_anything_may_be_said_and_looked_for(store_text: str, asked: str) -> None:
    """Neither is ever a fault, and a query has nothing of FTS5's language in it."""
    words_of(store_text)
    assert query_of(asked).count('"') % 2 == 0


def test_no_query_is_a_fault(store: SqliteStore) -> None:
    keep(store, [said(1)])
    prepare(store)
    for text in ("\0", 'a"b', "a\u0301", "\u0301", "ก็", "NEAR", "a*", "-a", "\ud83d", "x" * 500):
        places(store, text.encode(errors="replace").decode())
