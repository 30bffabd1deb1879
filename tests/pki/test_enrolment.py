"""The enrolment protocol's lines: what is asked, what is answered, and what is neither."""

from __future__ import annotations

import msgspec
import pytest

from xchat.limits import ENROLMENT_LINE_BYTES_MAX
from xchat.pki.invite.enrolment import (
    Ask,
    Enrolled,
    NotTheProtocol,
    Redeem,
    Refused,
    Renew,
    Roots,
    Trusted,
    decode_answer,
    decode_ask,
    encode,
)

TOKEN = "abcdefghijklmnopqrstu-"
ASKS: list[Ask] = [
    Roots(),
    Roots(have=("0" * 64,)),
    Redeem(token=TOKEN, request="-----BEGIN", device="laptop"),
    Renew(request="-----BEGIN"),
]


@pytest.mark.parametrize("ask", ASKS)
def test_what_is_asked_comes_back(ask: Ask) -> None:
    line = encode(ask)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert decode_ask(line) == ask


def test_a_question_is_told_apart_by_its_ask() -> None:
    assert msgspec.json.decode(encode(Roots())) == {"ask": "roots", "have": []}
    assert msgspec.json.decode(encode(Renew(request="x"))) == {"ask": "renew", "request": "x"}


def test_an_answer_is_what_was_wanted_or_a_refusal() -> None:
    enrolled = Enrolled(account="anna", device="laptop", certificate="c", roots="r")
    refused = Refused(code="TOKEN_SPENT", what="It was used already")
    assert decode_answer(encode(enrolled), Enrolled) == enrolled
    assert decode_answer(encode(refused), Enrolled) == refused
    assert decode_answer(encode(Trusted(roots="r")), Trusted) == Trusted(roots="r")
    with pytest.raises(NotTheProtocol):
        decode_answer(encode(Trusted(roots="r")), Enrolled)


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"NICK anna\r\n",
        b"{}",
        b"[]",
        b"\xff\xfe",
        b'{"ask": "steal"}',
        b'{"ask": "redeem", "token": "short", "request": "x", "device": "y"}',
        b'{"ask": "roots", "have": ["' + b"0" * 63 + b'"]}',
        b'{"ask": "renew", "request": "' + b"x" * (ENROLMENT_LINE_BYTES_MAX + 1) + b'"}',
        b'{"ask": "roots", "have": [' + b",".join([b'"' + b"0" * 64 + b'"'] * 9) + b"]}",
        b"[" * 10_000,
    ],
)
def test_what_is_no_question_is_said_so_and_not_repeated(line: bytes) -> None:
    with pytest.raises(NotTheProtocol) as refusal:
        decode_ask(line)
    assert "short" not in str(refusal.value)


def test_a_token_is_not_shown() -> None:
    ask = Redeem(token=TOKEN, request="x", device="laptop")
    assert TOKEN not in repr(ask)
    assert TOKEN not in repr([ask])
