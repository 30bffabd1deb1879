"""Small measures of text (chat/text.py)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.chat.pair import Server
from xchat.chat.lines import Line, render
from xchat.chat.session import Request
from xchat.chat.text import cut, rows
from xchat.irc.message import Message, parse
from xchat.limits import LINE_BYTES_MAX

WORDS = st.lists(st.text("abგ👋", min_size=1, max_size=40), max_size=60)


@pytest.mark.parametrize(
    ("text", "size", "kept"),
    [
        ("abc", 3, "abc"),
        ("abc", 2, "ab"),
        ("გა", 6, "გა"),
        ("გა", 5, "გ"),
        ("გა", 2, ""),
        ("", 0, ""),
    ],
)
def test_cut_keeps_whole_characters(text: str, size: int, kept: str) -> None:
    assert cut(text, size) == kept


@given(WORDS, st.integers(1, 200))
def test_rows_hold_all_words_in_order_and_are_full(words: list[str], size: int) -> None:
    made = list(rows(words, size))
    assert [word for row in made for word in row.split(" ")] == words
    for row, following in zip(made, [*made[1:], ""], strict=False):
        assert len(row.encode()) <= size or " " not in row, "a word that is too long stands alone"
        if following:
            first = following.split(" ")[0]
            assert len(f"{row} {first}".encode()) > size, "as many to a row as fit"


def test_no_words_make_no_row() -> None:
    assert list(rows([], 100)) == []


def test_a_row_that_is_full_makes_a_line_that_is_full(server: Server) -> None:
    alice = server.client("ალისა")
    request = Request(alice.session, Message("NAMES"), server.hub.name)
    size = server.hub.row_bytes(request, "=", "#არხი")
    text = "a b" + "x" * (size - 3)
    line = Line(server.hub.name, "353", ("ალისა", "=", "#არხი", text))
    data = render(line, 0)
    assert len(data) == LINE_BYTES_MAX
    assert parse(data[:-2]).params[-1] == text, "nothing of it was cut"
