"""`xchat.chat.tokens`: what lets a person in is chance, and shows itself to nobody."""

from __future__ import annotations

import hashlib
import traceback

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xchat.chat.tokens import TOKEN_BYTES, Token, make_token, parse_token

secrets_ = st.binary(min_size=TOKEN_BYTES, max_size=TOKEN_BYTES)


@given(secrets_)
def test_a_token_is_read_in_either_spelling(secret: bytes) -> None:
    token = Token(secret)
    assert (len(token.text), len(token.capitals)) == (22, 26)
    assert parse_token(token.text) == parse_token(token.capitals) == token
    assert parse_token(token.capitals.lower()) == token
    assert token.sha256 == hashlib.sha256(secret).hexdigest()


def test_each_token_is_another() -> None:
    """128 bits of chance."""
    assert len({make_token() for _ in range(100)}) == 100


def test_a_token_is_in_no_repr_and_no_traceback() -> None:
    token = make_token()
    with pytest.raises(ValueError, match="token") as raised:
        _fail(token)
    trace = traceback.format_exception(raised.value)
    said = "".join(trace) + repr(token) + str(token) + f"{token}"
    assert token.text not in said
    assert repr(token.secret) not in said
    assert "<token>" in said


def _fail(*values: object) -> None:
    raise ValueError(values)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "A" * 21,
        "A" * 23,
        "A" * 21 + "B",
        "A" * 21 + "=",
        "A" * 21 + "!",
        "ა" * 22,
        "A" * 25 + "B",
        "A" * 25 + "1",
        "A" * 27,
        "A" * 10_000,
    ],
)
def test_what_is_no_token_is_none(text: str) -> None:
    """Each token has one spelling: bits that say nothing are zero."""
    assert parse_token(text) is None
