"""Masks: completed as servers do, matched as anyone would, in bounded time."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xchat.irc.masks import compile_mask, complete
from xchat.irc.names import BadName, fold_text


def naive(mask: str, text: str) -> bool:
    """Match as the definition says, in exponential time."""
    if not mask:
        return not text
    if mask[0] == "*":
        return naive(mask[1:], text) or (bool(text) and naive(mask, text[1:]))
    return bool(text) and mask[0] in ("?", text[0]) and naive(mask[1:], text[1:])


masks = st.text("ab*?", max_size=8)
texts = st.text("ab", max_size=10)
anything = st.text(max_size=8)


@given(mask=masks, text=texts)
def test_it_matches_as_the_definition_does(mask: str, text: str) -> None:
    assert compile_mask(mask).matches(text) == naive(mask, text)


@given(
    mask=st.lists(st.sampled_from("*?.[]\\^$(a|") | anything, max_size=5).map("".join),
    text=anything,
)
def test_only_star_and_question_mark_are_special(mask: str, text: str) -> None:
    assert compile_mask(mask).matches(text) == naive(fold_text(mask), fold_text(text))


@given(text=anything)
def test_a_text_without_wildcards_matches_itself(text: str) -> None:
    plain = text.replace("*", "").replace("?", "")
    assert compile_mask(plain).matches(plain)
    assert compile_mask("*").matches(text)


@pytest.mark.parametrize(
    ("mask", "hostmask", "matches"),
    [
        ("bob!*@*", "BOB!x@host", True),
        ("bob!*@*", "bobby!x@host", False),
        ("*!*@10.0.0.*", "a!b@10.0.0.7", True),
        ("*!*@10.0.0.*", "a!b@10.0.1.7", False),
        ("*!*@10?0.0.1", "a!b@10.0.0.1", True),
        ("გიორ*!*@*", "გიორგი!g@host", True),
        ("ＢＯＢ!*@*", "bob!b@host", True),
        ("ÉMILE!*@*", "e\u0301mile!e@host", True),
        ("אב*!*@*", "אבג!x@host", True),
        ("ΑΣ*!*@*", "ΑΣΑ!x@host", True),
        ("ΑΣ!*@*", "ας!x@host", True),
        ("a[b]!*@*", "A[B]!x@host", True),
    ],
)
def test_masks_match_names_however_they_are_written(
    mask: str, hostmask: str, matches: bool
) -> None:
    assert compile_mask(mask).matches(hostmask) is matches


@pytest.mark.parametrize(
    "mask",
    [
        "a*" * 100 + "ba*",
        "*a" * 100 + "b*a",
        "*" * 400,
        "*" + "a?" * 200 + "b*a",
        "*?a" * 130 + "*b*a",
        "*".join(map(chr, range(0x10D0, 0x10F0))) * 10,
    ],
)
def test_a_glob_bomb_costs_no_more_than_a_mask(mask: str) -> None:
    """100 stars against 500 characters in 1 ms, made and matched; here, on a busy machine, 50.

    What backtracks needs years for it, so the test can fail.
    """
    begun = time.perf_counter()
    compile_mask.__wrapped__(mask).matches("a" * 500)
    assert time.perf_counter() - begun < 0.05


@pytest.mark.parametrize(
    ("mask", "completed"),
    [
        ("bob", "bob!*@*"),
        ("bob!", "bob!*@*"),
        ("bob!u", "bob!u@*"),
        ("bob!u@h", "bob!u@h"),
        ("u@h", "*!u@h"),
        ("@h", "*!*@h"),
        ("!u", "*!u@*"),
        ("bob!@h", "bob!*@h"),
        ("bob@", "*!bob@*"),
        ("*", "*!*@*"),
        ("*!*@*", "*!*@*"),
        ("10.0.0.1", "*!*@10.0.0.1"),
        ("*.example.org", "*!*@*.example.org"),
        ("2001:db8::*", "*!*@2001:db8::*"),
        ("გიორგი", "გიორგი!*@*"),
    ],
)
def test_missing_parts_are_filled_in(mask: str, completed: str) -> None:
    assert complete(mask) == completed
    assert complete(completed) == completed


@pytest.mark.parametrize("mask", ["", "a b", "a\x1b", "a\u202eb", "\x02a", "a\u200bb"])
def test_what_a_terminal_may_not_be_shown_is_no_mask(mask: str) -> None:
    with pytest.raises(BadName):
        complete(mask)
