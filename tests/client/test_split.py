"""Long text becomes lines that fit, cut where a reader would cut."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from xchat.client.session.split import split, text_bytes_max


def test_the_room_is_what_the_receivers_line_leaves() -> None:
    assert text_bytes_max("ana!u@h", "PRIVMSG", "#a") == 512 - len(":ana!u@h PRIVMSG #a :\r\n")


def test_the_room_is_smaller_while_our_host_is_unknown() -> None:
    assert text_bytes_max("ana", "PRIVMSG", "#a") < text_bytes_max("ana!u@h", "PRIVMSG", "#a")


def test_cuts_after_a_word() -> None:
    assert split("one two three", 9) == ["one two", "three"]


def test_cuts_a_word_that_has_no_space_in_the_later_half() -> None:
    assert split("a bcdefghij", 8) == ["a bcdefg", "hij"]


def test_never_tears_what_is_seen_as_one() -> None:
    family = "👨‍👩‍👧"
    assert split(family * 2, len(family.encode()) + 7) == [family, family]
    assert split("e\u0301" * 4, 4) == ["e\u0301", "e\u0301", "e\u0301", "e\u0301"]
    assert split("🇬🇪🇬🇪", 12) == ["🇬🇪", "🇬🇪"]


def test_lines_stay_lines_and_blank_ones_go() -> None:
    assert split("a\r\n\n  \nb\0c", 100) == ["a", "bc"]


@given(st.text(max_size=300), st.integers(min_value=64, max_value=100))
def test_every_piece_fits_and_nothing_but_space_is_lost(text: str, bytes_max: int) -> None:
    pieces = split(text, bytes_max)
    text = text.encode(errors="replace").decode()
    assert all(0 < len(piece.encode()) <= bytes_max for piece in pieces)
    bare = "".join(text.replace("\0", "").split())
    assert "".join("".join(pieces).split()) == bare
