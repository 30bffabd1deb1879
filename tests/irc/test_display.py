"""What a terminal may be shown: nothing that acts, hides or reorders; all that is writing."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from xchat.irc.display import MARKS_MAX, clean_text, visible

ACTS = "".join(map(chr, [*range(0x20), *range(0x7F, 0xA0)]))
BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
FORMATTING = "\x02\x03\x04\x0f\x11\x16\x1d\x1e\x1f"

# Text in which what hides stands beside what it would hide in.
nasty = st.lists(
    st.sampled_from(
        "a 14,🙂❤ქعक\u094d\u0301\u200d\u200c\ufe0f\U000e0100\U0001f3f4\U000e0067\U000e007f\u20e3"
        "\u034f\u3164\x1b\x03\x02\x04\u202e\x9b\U0001fae9\ue000"
    ),
    max_size=30,
).map("".join)


@pytest.mark.parametrize(
    "text",
    [
        "plain", "naïve café", "გამარჯობა", "漢字かな交じり", "한국어", "العربية", "עברית", "नमस्ते",
        "می\u200cخواهم", "र\u200d्य", "ශ්\u200dරී", "👩\u200d👩\u200d👧\u200d👦", "🏳\ufe0f\u200d🌈",
        "🇬🇪🇺🇦", "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f", "1\ufe0f\u20e3",
        "❤\ufe0f", "👍🏽", "\U0001fae9", "葛\U000e0100", "x\u0301\u0302", "a\u3000b", "\xa0", "",
        "\U000323b0", "\u06dd\u0661", "e\u0301" * 20,
    ],
)  # fmt: skip
def test_writing_stays_as_it_is(text: str) -> None:
    """Emoji ZWJ sequences, flags, Georgian, CJK, Arabic stay untouched."""
    assert visible(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred", "␛[31mred"),
        ("\x1b]52;c;YQ==\x07", "␛]52;c;YQ==␇"),
        ("\x9b31m", "<U+009B>31m"),
        ("a\nb\tc\r", "a␊b␉c␍"),
        ("\x7f", "␡"),
        ("\0", "␀"),
        ("a\u202eb", "a<U+202E>b"),
        ("\u2028", "<U+2028>"),
        ("\ud800", "<U+D800>"),
        ("a\u200bb", "a<U+200B>b"),
        ("\ufeffa", "<U+FEFF>a"),
        ("a\u200db", "a<U+200D>b"),
        ("\u200d", "<U+200D>"),
        ("🙂\u200d", "🙂<U+200D>"),
        ("ა\u200d\u200dბ", "ა<U+200D><U+200D>ბ"),
        ("❤\ufe0f\ufe0f", "❤\ufe0f<U+FE0F>"),
        ("a\ufe0f", "a<U+FE0F>"),
        ("\ufe0f", "<U+FE0F>"),
        ("\u3164", "<U+3164>"),
        ("\ue000", "<U+E000>"),
        ("\ufffe", "<U+FFFE>"),
        ("\u0378", "<U+0378>"),
        ("a\U000e0041", "a<U+E0041>"),
        ("🏴\U000e0067\U000e007f", "🏴<U+E0067><U+E007F>"),
        ("\xad", "<U+00AD>"),
    ],
)
def test_what_acts_or_hides_is_made_visible(text: str, shown: str) -> None:
    assert visible(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x02bold\x0f", "bold"),
        ("\x0304red\x03", "red"),
        ("\x034,12red", "red"),
        ("\x03123", "3"),
        ("\x03,5", ",5"),
        ("\x03٣", "٣"),
        ("\x04ff00aared", "red"),
        ("\x04ff00aa,00ff00red", "red"),
        ("\x04ffz", "ffz"),
        (FORMATTING, ""),
    ],
)
def test_formatting_codes_are_removed(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_marks_in_a_row_are_bounded() -> None:
    assert visible("z" + "\u0301" * 50) == "z" + "\u0301" * MARKS_MAX
    assert visible("z" + "\u0301\u0302" * 50 + "z\u0301").endswith("z\u0301")


def test_a_joiner_or_a_code_between_does_not_lift_the_bound() -> None:
    for between in ("\u200d", "\x02"):
        shown = visible("क" + f"\u0301{between}" * 40)
        assert sum(char == "\u0301" for char in shown) <= MARKS_MAX


@pytest.mark.parametrize("texts", [st.text(), nasty])
def test_nothing_that_acts_is_ever_shown(texts: st.SearchStrategy[str]) -> None:
    @given(text=texts)
    def holds(text: str) -> None:
        shown = visible(text)
        assert not set(shown) & set(ACTS + BIDI)
        assert not any(
            unicodedata.category(char) in ("Cc", "Cs", "Co", "Zl", "Zp") for char in shown
        )
        shown.encode()

    holds()


@pytest.mark.parametrize("texts", [st.text(), nasty])
def test_twice_is_as_once(texts: st.SearchStrategy[str]) -> None:
    @given(text=texts)
    def holds(text: str) -> None:
        once = visible(text)
        assert visible(once) == once

    holds()


def test_a_whole_line_costs_little() -> None:
    """Every line of every channel passes here: quadratic time would be felt."""
    worst = "क\u0301\u200d" * 100_000
    assert len(visible(worst)) <= 2 * len(worst) * len("<U+200D>")


# -- what is kept -----------------------------------------------------------------------------


def test_topics_and_reasons_keep_their_formatting() -> None:
    assert clean_text("\x0304,05red\x03 \x02bold\x0f") == "\x0304,05red\x03 \x02bold\x0f"


@given(text=st.text() | nasty)
@example("\x03\u200b12\ufe0f")
@example("x" + "\u0301" * 8 + "\u202e" + "\u0301" * 8)
@example("x" + "\u0301" * 8 + "\x02" + "\u0301" * 8)
def test_what_is_kept_is_shown_as_it_is_but_for_its_formatting(text: str) -> None:
    """Nothing is accepted that a terminal would not be shown."""
    cleaned = clean_text(text)
    unformatted = re.sub(
        r"\x03(\d{1,2}(,\d{1,2})?)?|\x04([\da-f]{6}(,[\da-f]{6})?)?|[\x02\x0f\x11\x16\x1d-\x1f]",
        "",
        cleaned,
        flags=re.ASCII | re.IGNORECASE,
    )
    assert visible(cleaned) == unformatted


@pytest.mark.parametrize("text", ["\u200b\u2060", "\u202e", "\u3164\u2800", "\u200d"])
def test_what_nobody_sees_is_nothing(text: str) -> None:
    assert clean_text(text) == ""


@given(text=st.text() | nasty)
def test_topics_and_reasons_lose_what_acts(text: str) -> None:
    cleaned = clean_text(text)
    assert not set(cleaned) & (set(ACTS + BIDI) - set(FORMATTING))
    assert clean_text(cleaned) == cleaned
    cleaned.encode()


def test_topics_and_reasons_keep_writing() -> None:
    text = "👩\u200d👧 می\u200cخواهم გამარჯობა 1\ufe0f\u20e3"
    assert clean_text(text) == text
