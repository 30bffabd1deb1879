"""The search index: who said which words, in every script, at no cost to a commit.

Theory. Words are looked for in an FTS5 table whose rows are places in the log;
the text itself stays in the log (`content=''`). Scripts that put spaces between
words are indexed by word, case and diacritics folded; those that put none (Han,
kana, Thai, Lao, Khmer, Burmese, and emoji) by trigram, so that any part of a
sentence is found. Both go into one column, prepared by `words_of`.

What was said is indexed when there is time, and before a search at the latest:
a commit pays nothing, and five hundred rows at once cost a fraction of as many
alone. FTS5 cannot forget (a deleted row's words stay in its segments), so the
index is made of parts of a few thousand entries each: what was erased takes its
part with it, whole, and the part is made again from what is left.
"""

from __future__ import annotations

import re
import sqlite3
import unicodedata
from collections.abc import Iterator

import msgspec

from xchat.chat import events
from xchat.chat.ledger import CannotRead, Place
from xchat.chat.multiline import joined
from xchat.store.words import in_words

PART_BITS = 13
"""A part has 8,192 places: 1 MB, dropped in milliseconds, made again in a tenth of a second."""
INDEX_ROWS = 250
"""Entries of the log indexed at once."""
_NGRAM = 3
_UNSPACED = re.compile(
    "["
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"  # Thai, Lao, Burmese, Khmer
    "\u2e80-\u2fdf\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\U00020000-\U0003ffff"  # Han, kana
    "\u2600-\u27bf\U0001f000-\U0001faff"  # emoji
    "]+"
)
_JOINERS = {0x200D: None, 0xFE0E: None, 0xFE0F: None}
_WORD = re.compile(r"\w")
_MAKE = (
    "CREATE VIRTUAL TABLE IF NOT EXISTS search_{part} USING fts5 (words, content = '',"
    " columnsize = 0, tokenize = \"unicode61 remove_diacritics 2 categories 'L* N* M* Co So'\")"
)
_NEXT = "SELECT seq, event FROM log WHERE seq > ? AND seq < ? ORDER BY seq LIMIT ?"
_SAID = """
    SELECT seq, target FROM history
    WHERE kind = 0 AND seq > ? AND seq < ? ORDER BY seq {order} LIMIT ?
"""
_MATCHING = """
    SELECT found.seq, history.target
    FROM (
        SELECT rowid AS seq FROM {table}
        WHERE {table} MATCH ? AND rowid > ? AND rowid < ? ORDER BY rowid {order} LIMIT ?
    ) AS found LEFT JOIN history ON history.seq = found.seq AND history.kind = 0
    ORDER BY found.seq {order}
"""
_PUT_PART = "INSERT OR REPLACE INTO search_parts VALUES (?, ?)"


class SearchIndex:
    """The parts of the index; each write of it is a transaction of its own, or the caller's."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._upto: dict[int, int] = dict(db.execute("SELECT part, upto FROM search_parts"))
        """How far each part that there is has been made."""

    def behind(self, last: int) -> int:
        """Return how many entries up to a place are not indexed."""
        return sum(end - upto for _, upto, end in self._unmade(last))

    def _unmade(self, last: int) -> Iterator[tuple[int, int, int]]:
        """Yield parts, the newest first, each with the last place that is made, and to be made."""
        for part in range(last >> PART_BITS, -1, -1):
            first, end = part << PART_BITS, min(last, ((part + 1) << PART_BITS) - 1)
            upto = self._upto.get(part, first - 1)
            if upto < end:
                yield part, upto, end

    def go_on(self, last: int) -> bool:
        """Index some more entries up to a place; say whether there are more. Raises CannotRead."""
        found = next(self._unmade(last), None)
        if found is None:
            return False
        part, upto, end = found
        try:
            rows = self._db.execute(_NEXT, (upto, end + 1, INDEX_ROWS)).fetchall()
            made = rows[-1][0] if len(rows) == INDEX_ROWS else end
            self._write(part, made, [row for row in map(_indexed, rows) if row[1]])
        except (sqlite3.Error, msgspec.DecodeError) as error:
            raise CannotRead(in_words(error)) from error
        self._upto[part] = made
        return any(True for _ in self._unmade(last))

    def _write(self, part: int, made: int, rows: list[tuple[int, str]]) -> None:
        with self._db:
            self._db.execute("BEGIN IMMEDIATE")
            self._db.execute(_MAKE.format(part=part))
            insert = f"INSERT INTO search_{part} (rowid, words) VALUES (?, ?)"  # noqa: S608
            self._db.executemany(insert, rows)
            self._db.execute(_PUT_PART, (part, made))

    def forget(self, seq: int) -> None:
        """Drop the part that has a place, in the caller's transaction; call `kept` after it."""
        part = seq >> PART_BITS
        self._db.execute(f"DROP TABLE IF EXISTS search_{part}")
        self._db.execute("DELETE FROM search_parts WHERE part = ?", (part,))

    def reread(self) -> None:
        """Take it that the transaction in which parts were dropped has been kept, or has not."""
        self._upto = dict(self._db.execute("SELECT part, upto FROM search_parts"))

    def search(
        self, text: str, *, after: int, before: int, limit: int, newest: bool
    ) -> Iterator[list[Place]]:
        """Yield the messages between two places (exclusive) that have all words of a text.

        No text finds all; a text without a word none. Raises CannotRead.
        """
        query = query_of(text)
        if query or not text:
            between = (after, before)
            yield from self._in_parts(query, between, limit, newest=newest)

    def _in_parts(
        self, query: str, between: tuple[int, int], limit: int, *, newest: bool
    ) -> Iterator[list[Place]]:
        after, before = between
        parts = range(after >> PART_BITS, (before >> PART_BITS) + 1) if query else range(1)
        order = "DESC" if newest else "ASC"
        for part in reversed(parts) if newest else parts:
            if query and part not in self._upto:
                continue
            low, high = after, before
            while found := self._page(part, query, (low, high, limit), order):
                yield found
                low, high = (low, found[-1].seq) if newest else (found[-1].seq, high)

    def _page(self, part: int, query: str, bounds: tuple[int, int, int], order: str) -> list[Place]:
        """Return so many of the messages that match, from one end; it may have been dropped."""
        try:
            if not query:
                return [Place(*row) for row in self._db.execute(_SAID.format(order=order), bounds)]
            if part not in self._upto:
                return []
            ask = _MATCHING.format(table=f"search_{part}", order=order)
            return [
                Place(seq, target or "") for seq, target in self._db.execute(ask, (query, *bounds))
            ]
        except sqlite3.Error as error:
            raise CannotRead(in_words(error)) from error


def _indexed(row: tuple[int, str]) -> tuple[int, str]:
    """Return an entry's place and its words; no words where nothing was said."""
    event = events.decode(row[1].encode())
    if not isinstance(event, events.MessageSent) or event.text is None:
        return row[0], ""
    return row[0], words_of(event.text)


def words_of(text: str) -> str:
    """Return a text as it is indexed: words, and trigrams where words are not spaced."""
    return _UNSPACED.sub(_in_ngrams, _plain(joined(text)))


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text.translate(_JOINERS))


def _in_ngrams(run: re.Match[str]) -> str:
    """Return a run with each of its trigrams as a word; at its end they are shorter."""
    text = run[0]
    return f" {' '.join(text[at : at + _NGRAM] for at in range(len(text)))} "


def query_of(text: str) -> str:
    """Return what to look for as FTS5 asks for it: all words, each as its beginning.

    It is empty where the text has no word.
    """
    terms = []
    for word in _plain(text).replace('"', " ").split():
        terms += [_run_term(run[0]) for run in _UNSPACED.finditer(word)]
        terms += [f'"{rest}"*' for rest in _UNSPACED.split(word) if _WORD.search(rest)]
    return " ".join(terms)


def _run_term(run: str) -> str:
    if len(run) < _NGRAM:
        return f'"{run}"*'
    ngrams = (run[at : at + _NGRAM] for at in range(len(run) - _NGRAM + 1))
    return f'"{" ".join(ngrams)}"'
