"""Names: what may be one, when two are one, when two look like one."""

from __future__ import annotations

import subprocess
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xchat.irc.names import (
    BadName,
    _prototypes,
    check_channel,
    check_nick,
    clean_user,
    fold,
    fold_text,
    is_channel,
    skeleton,
    skeletons,
    visible,
)

NICK_MAX, CHANNEL_MAX, USER_MAX = 30, 50, 20

letters = st.characters(categories=["Ll", "Lu", "Lo", "Lt", "Nd", "Mn"])
names = st.text(letters | st.sampled_from("ΣσςİıßÅåＡé٣אبკ"), min_size=1, max_size=8)
ascii_names = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1)


def look_alike(one: str, other: str) -> bool:
    return not skeletons(one).isdisjoint(skeletons(other))


def folded_or_none(name: str) -> str | None:
    try:
        return fold(name)
    except BadName:
        return None


def refusal_of_nick(nick: str) -> str:
    with pytest.raises(BadName) as caught:
        check_nick(nick, NICK_MAX)
    assert visible(caught.value.why) == caught.value.why
    return caught.value.why


# -- one name ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Alice", "aLICE"),
        ("#Lobby", "#lobby"),
        ("ЖЕНЯ", "женя"),
        ("é", "e\u0301"),
        ("Ａｌｉｃｅ", "alice"),
        ("#Ａ", "#a"),
        ("ΑΒΓ", "αβγ"),
        ("გიორგი", "გიორგი"),
    ],
)
def test_case_width_and_composition_make_no_other_name(one: str, other: str) -> None:
    """RFC 8265, 3.3: width mapping, case mapping, then NFC."""
    assert fold(one) == fold(other)


@pytest.mark.parametrize(("one", "other"), [("[a]", "{a}"), ("a|", "a\\"), ("a^", "a~")])
def test_the_scandinavian_letters_of_rfc_1459_are_not_alike(one: str, other: str) -> None:
    """Announced as CASEMAPPING=rfc8265, not rfc1459."""
    assert fold(one) != fold(other)


@given(name=ascii_names)
def test_ascii_folds_as_precis_has_it(name: str) -> None:
    """The fast path must not differ from the profile."""
    from precis_i18n import get_profile

    assert fold(name) == get_profile("UsernameCaseMapped").enforce(name)


@given(name=names | names.map(lambda name: f"#{name}"))
def test_what_is_folded_stays_as_it_is(name: str) -> None:
    folded = folded_or_none(name)
    if folded is not None:
        assert fold(folded) == folded
        assert is_channel(folded) == is_channel(name)


@given(name=names)
def test_text_that_is_a_name_folds_as_the_name(name: str) -> None:
    folded = folded_or_none(name)
    if folded is not None:
        assert fold_text(name) == folded.replace("ς", "σ")


# -- nicks ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "nick",
    [
        "a", "Alice", "alice_", "[x]{}", "a|b", "a-b", "a~", "a9", "`^\\", "გიორგი", "Жанна",
        "אבגד", "علی", "नमस्ते", "太郎", "がぎ", "ñandú", "x" * NICK_MAX, "می\u200cخواهم",
    ],
)  # fmt: skip
def test_nicks_of_every_script_are_welcome(nick: str) -> None:
    """Georgian nicks welcome."""
    assert check_nick(nick, NICK_MAX) == fold(nick)


@pytest.mark.parametrize("char", " ,*?!@.:#&/$")
def test_signs_that_mean_something_are_refused(char: str) -> None:
    assert ("a space" if char == " " else char) in refusal_of_nick(f"a{char}b")


@pytest.mark.parametrize("char", "~&@%+-:#$0123456789٣९")
def test_signs_and_digits_at_the_start_are_refused(char: str) -> None:
    refusal_of_nick(f"{char}a")


@pytest.mark.parametrize(
    "char",
    [
        "\0", "\x02", "\x03", "\x07", "\x1b", "\x7f", "\x85", "\x9b", "\u00ad", "\u034f", "\u061c",
        "\u115f", "\u17b4", "\u180b", "\u180e", "\u200b", "\u200c", "\u200d", "\u200e", "\u2028",
        "\u202e", "\u2060", "\u2066", "\u2800", "\u3164", "\ufe0f", "\ufeff", "\uffa0", "\ufff9",
        "\ud800", "\ue000", "\uffff", "\U000e0041", "\U000e0100", "\U000f0000", "\U0010ffff",
        "\t", "\n", "\r", "\xa0", "\u2003", "\u3000",
    ],
)  # fmt: skip
@pytest.mark.parametrize("nick", ["a{}b", "{}", "b{}"])
def test_what_hides_or_controls_a_terminal_is_refused(nick: str, char: str) -> None:
    refusal_of_nick(nick.format(char))


@pytest.mark.parametrize("nick", ["אa", "aא", "אבגx", "1א", "א-"])
def test_mixed_directions_are_refused(nick: str) -> None:
    """The Bidi Rule of RFC 5893."""
    refusal_of_nick(nick)


@pytest.mark.parametrize("nick", ["ﬁ", "Ⅷ", "①", "☕", "🙂", "½", "x²"])
def test_what_is_neither_letter_nor_digit_is_refused(nick: str) -> None:
    """RFC 8264, IdentifierClass: no symbols, no characters with compatibility equivalents."""
    assert nick[-1] in refusal_of_nick(nick)


def test_the_bound_is_exact_and_named() -> None:
    assert check_nick("x" * NICK_MAX, NICK_MAX)
    assert f"at most {NICK_MAX}" in refusal_of_nick("x" * (NICK_MAX + 1))
    assert "empty" in refusal_of_nick("")


@given(nick=st.text(max_size=40))
def test_no_text_does_more_than_raise_bad_name(nick: str) -> None:
    try:
        folded = check_nick(nick, NICK_MAX)
    except BadName as error:
        why = error.why
    else:
        why = ""
        assert visible(nick) == nick
        assert folded == fold(nick)
    assert visible(why) == why


@pytest.mark.parametrize(("letter", "most"), [("ა", 30), ("𐐨", 22), ("漢", 30)])
def test_names_are_bounded_in_bytes_too(letter: str, most: int) -> None:
    assert check_nick(letter * most, NICK_MAX)
    assert "at most" in refusal_of_nick(letter * (most + 1))
    with pytest.raises(BadName, match="at most 150 bytes, this one has 153"):
        check_channel(f"#{'𐐨' * 38}", CHANNEL_MAX)


def test_more_marks_than_a_line_can_hold_are_refused() -> None:
    refusal_of_nick("z" + "\u0301" * 12)


# -- channels ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["#a", "##", "#lobby", "#c++", "#a.b!@/", "#ოთახი", "#אב", "#" + "x" * 49]
)
def test_channels_may_hold_more_than_nicks(name: str) -> None:
    assert check_channel(name, CHANNEL_MAX) == fold(name)


@pytest.mark.parametrize(
    "name",
    [
        "", "lobby", "&lobby", "#", "#a b", "#a,b", "#a:b", "#a*", "#a?", "#a\x07", "#a\u202e",
        "#a\u200b", "#\x1b[2J", "#אa", "#" + "x" * 50,
    ],
)  # fmt: skip
def test_other_names_of_channels_are_refused(name: str) -> None:
    with pytest.raises(BadName):
        check_channel(name, CHANNEL_MAX)


# -- user names -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given_name", "cleaned"),
    [
        ("bob", "bob"),
        ("~bob", "bob"),
        ("b o!b@x", "bobx"),
        ("\x1b[31mbob", "[31mbob"),
        ("bob\u202e", "bob"),
        ("გიორგი", "გიორგი"),
        ("नमस्ते", "नमस्ते"),
        ("אב", "אב"),
        ("אבbob", "bob"),
        ("", "user"),
        ("@!*", "user"),
        ("x" * 30, "x" * USER_MAX),
        ("ა" * 20, "ა" * 19),
        ("x" + "\u0301" * 18, "x"),
        ("𐐨" * 20, "𐐨" * 14),
    ],
)
def test_user_names_lose_what_may_not_stand(given_name: str, cleaned: str) -> None:
    assert clean_user(given_name, USER_MAX) == cleaned


@given(name=st.text(max_size=60), most=st.integers(1, 30))
def test_user_names_are_never_empty_nor_long_nor_harmful(name: str, most: int) -> None:
    cleaned = clean_user(name, most)
    assert 1 <= len(cleaned) <= most
    assert not set(cleaned) & set(" !@*?:,~")
    assert visible(cleaned) == cleaned


# -- look-alikes ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("paypal", "раypal"),
        ("Sandy", "ѕаndу"),
        ("alice", "аlice"),
        ("ALICE", "аlice"),
        ("Henry", "Ηenry"),
        ("henry", "Ηenry"),
        ("coco", "сосо"),
        ("bob1", "bobl"),
        ("bob0", "bobO"),
        ("Bill", "BiIl"),
        ("istanbul", "İstanbul"),
        ("#lobby", "#lоbby"),
        ("می\u200cخواهم", "میخواهم"),
        ("modem", "rnodem"),
    ],
)
def test_look_alikes_meet(one: str, other: str) -> None:
    """UTS #39, 4: X and Y are confusable if skeleton(X) = skeleton(Y)."""
    assert fold(one) != fold(other)
    assert look_alike(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("alice", "alicia"),
        ("bob", "dod"),
        ("nina", "vina"),
        ("გია", "გიო"),
        ("женя", "зеня"),
        ("anna", "änna"),
        ("太郎", "次郎"),
        ("bill", "bell"),
    ],
)
def test_names_that_differ_to_the_eye_do_not(one: str, other: str) -> None:
    assert not look_alike(one, other)


@given(name=names)
def test_a_name_made_of_prototypes_looks_like_the_name(name: str) -> None:
    decomposed = unicodedata.normalize("NFD", name)
    replaced = "".join(_prototypes().get(char, char) for char in decomposed)
    assert skeleton(replaced) == skeleton(name)


def test_each_character_has_one_prototype_that_is_final() -> None:
    prototypes = _prototypes()
    assert len(prototypes) > 5_000
    for char, prototype in prototypes.items():
        assert len(char) == 1
        again = "".join(prototypes.get(part, part) for part in prototype)
        assert again == prototype, f"{char!r} -> {prototype!r} -> {again!r}"


def test_the_table_is_read_only_when_it_is_needed_and_quickly() -> None:
    """Under 100 ms; here ten times that, for a busy machine."""
    code = (
        "import sys, time; from xchat.irc.names import fold, skeleton; fold('Alice');"
        "assert not {'precis_i18n', 'confusable_homoglyphs'} & set(sys.modules);"
        "begun = time.perf_counter(); skeleton('alice'); print(time.perf_counter() - begun)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=True
    )
    assert float(done.stdout) < 1
