"""Bytes to lines: the same lines however the bytes come, and bounds that are exact."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xchat.irc.framing import ENDLESS, TOO_LONG, LineBuffer
from xchat.limits import LINE_BYTES_ENDLESS, LINE_BYTES_MAX, TAGS_FROM_CLIENT_BYTES_MAX

SMALL_LINE, SMALL_TAGS, SMALL_ENDLESS = 12, 8, 30

# Few distinct bytes, so that line endings, tags and spaces meet often.
streams = st.lists(st.sampled_from(b"\r\n@ ab"), max_size=200).map(bytes)


def small() -> LineBuffer:
    return LineBuffer(tags_max=SMALL_TAGS, line_max=SMALL_LINE, endless=SMALL_ENDLESS)


def split(data: bytes, cuts: list[int]) -> list[bytes]:
    edges = [0, *sorted(cut for cut in cuts if cut <= len(data)), len(data)]
    return [data[start:end] for start, end in pairwise(edges)]


@given(data=streams, cuts=st.lists(st.integers(0, 200)))
def test_any_split_of_the_bytes_gives_the_same_lines(data: bytes, cuts: list[int]) -> None:
    buffer = small()
    lines = [line for part in split(data, cuts) for line in buffer.feed(part)]
    assert lines == small().feed(data)


@given(data=streams)
def test_a_byte_at_a_time_gives_the_same_lines(data: bytes) -> None:
    buffer = small()
    lines = [line for byte in data for line in buffer.feed(bytes([byte]))]
    assert lines == small().feed(data)


@given(data=st.binary(max_size=2000), cuts=st.lists(st.integers(0, 2000)))
def test_what_is_kept_is_never_more_than_the_longest_line(data: bytes, cuts: list[int]) -> None:
    buffer = small()
    for part in split(data, cuts):
        buffer.feed(part)
        assert len(buffer._partial) <= SMALL_TAGS + SMALL_LINE


@pytest.mark.parametrize(
    ("data", "lines"),
    [
        (b"PING\r\n", [b"PING"]),
        (b"PING\n", [b"PING"]),
        (b"A\r\nB\r\n", [b"A", b"B"]),
        (b"\r\n\n\r\n", []),
        (b"PING", []),
        (b"A\rB\n", [b"A\rB"]),
        (b"", []),
    ],
)
def test_lines_end_in_lf_with_or_without_cr(data: bytes, lines: list[bytes]) -> None:
    """Servers SHOULD handle single LF as well; empty messages are ignored (modern, Messages)."""
    assert LineBuffer().feed(data) == lines


def test_a_line_without_tags_has_512_bytes_with_its_ending() -> None:
    """IRC messages, tags aside, SHALL NOT exceed 512 characters, the trailing CR-LF counted."""
    exact = b"x" * (LINE_BYTES_MAX - 2)
    assert LineBuffer().feed(exact + b"\r\n") == [exact]
    assert LineBuffer().feed(exact + b"x\r\n") == [TOO_LONG]
    assert LineBuffer().feed(exact + b"x\n") == [TOO_LONG]


def test_tags_of_a_client_have_4096_bytes_with_at_sign_and_space() -> None:
    """4094 bytes of tag data a client may send, the `@` and the space besides (message-tags)."""
    tags = b"@" + b"t" * (TAGS_FROM_CLIENT_BYTES_MAX - 2) + b" "
    rest = b"x" * (LINE_BYTES_MAX - 2)
    assert LineBuffer().feed(tags + rest + b"\r\n") == [tags + rest]
    assert LineBuffer().feed(b"@t" + tags[1:] + b"PING\r\n") == [TOO_LONG]
    assert LineBuffer().feed(tags + rest + b"x\r\n") == [TOO_LONG]


def test_tags_lend_nothing_to_the_rest_and_the_rest_nothing_to_tags() -> None:
    rest = b"x" * (LINE_BYTES_MAX - 1)
    assert LineBuffer().feed(b"@a=b " + rest + b"\r\n") == [TOO_LONG]


def test_tags_without_a_line_are_not_too_long() -> None:
    """They are not a message, and that is for the parser to say."""
    assert LineBuffer().feed(b"@abc\r\n") == [b"@abc"]
    assert LineBuffer().feed(b"@\r\n") == [b"@"]
    assert LineBuffer().feed(b"@" + b"a" * TAGS_FROM_CLIENT_BYTES_MAX + b"\r\n") == [TOO_LONG]


def test_a_line_too_long_is_told_once_and_the_next_is_whole() -> None:
    buffer = LineBuffer()
    assert buffer.feed(b"x" * 6_000) == [TOO_LONG]
    assert buffer.feed(b"x" * 6_000) == []
    assert buffer.feed(b"x\r\nPING\r\n") == [b"PING"]


def test_it_is_told_before_its_end_has_come() -> None:
    """Who never ends a line is named all the same, and costs one line of memory."""
    buffer = LineBuffer()
    assert TOO_LONG in buffer.feed(b"x" * (TAGS_FROM_CLIENT_BYTES_MAX + LINE_BYTES_MAX + 1))
    assert buffer._partial == b""


def test_a_line_that_may_never_end_is_named_once() -> None:
    buffer = LineBuffer()
    assert buffer.feed(b"x" * LINE_BYTES_ENDLESS) == [TOO_LONG]
    assert buffer.feed(b"x") == [ENDLESS]
    assert buffer.feed(b"x" * LINE_BYTES_ENDLESS) == []
    assert buffer.feed(b"x\r\nPING\r\n") == [b"PING"]
