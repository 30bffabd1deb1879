"""A line, written out for each variant of capabilities (chat/lines.py)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xchat.chat.lines import Line, format_time, render
from xchat.irc.capabilities import BATCH, EXTENDED_JOIN, MESSAGE_TAGS, SERVER_TIME
from xchat.irc.message import parse
from xchat.limits import LINE_BYTES_MAX

TIME = b"@time=1970-01-01T00:00:01.000Z"
HELLO = Line("a!b@c", "PRIVMSG", ("#a", "hi you"), 1_000, "id-1", {"+x": "a b", "+y": ""})


@pytest.mark.parametrize(
    ("caps", "written"),
    [
        (0, b":a!b@c PRIVMSG #a :hi you\r\n"),
        (BATCH, b":a!b@c PRIVMSG #a :hi you\r\n"),
        (SERVER_TIME, TIME + b" :a!b@c PRIVMSG #a :hi you\r\n"),
        (MESSAGE_TAGS, rb"@msgid=id-1;+x=a\sb;+y :a!b@c PRIVMSG #a :hi you" + b"\r\n"),
        (
            SERVER_TIME | MESSAGE_TAGS,
            TIME + rb";msgid=id-1;+x=a\sb;+y :a!b@c PRIVMSG #a :hi you" + b"\r\n",
        ),
    ],
)
def test_tags_by_capability(caps: int, written: bytes) -> None:
    """Any server-initiated tags attached to messages MUST be included before client-only tags."""
    assert render(HELLO, caps) == written


def test_one_more_tag_comes_first() -> None:
    assert render(HELLO, 0, "label=x") == b"@label=x :a!b@c PRIVMSG #a :hi you\r\n"
    assert render(HELLO, MESSAGE_TAGS, "batch=1").startswith(b"@batch=1;msgid=id-1;")


def test_what_has_no_time_or_id_has_no_tag() -> None:
    line = Line("s", "PONG", ("s", "x"))
    assert render(line, SERVER_TIME | MESSAGE_TAGS) == b":s PONG s x\r\n"


def test_the_richer_form_is_for_its_capability() -> None:
    line = Line("a", "JOIN", ("#a",), richer_need=EXTENDED_JOIN, richer=("#a", "*", "A B"))
    assert render(line, 0) == b":a JOIN #a\r\n"
    assert render(line, EXTENDED_JOIN) == b":a JOIN #a * :A B\r\n"


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n\0"), max_size=600))
def test_a_line_is_never_too_long_nor_half_a_character(text: str) -> None:
    """Implementations must ensure that if they truncate messages to meet a length limit, they do
    not do so in the middle of a UTF-8-encoded codepoint.
    """
    data = render(Line("a!b@c", "TOPIC", ("#a", text)), 0)
    assert len(data) <= LINE_BYTES_MAX
    assert data.endswith(b"\r\n")
    kept = parse(data[:-2]).params[1]
    assert text.startswith(kept)
    room = LINE_BYTES_MAX - len(b":a!b@c TOPIC #a :\r\n")
    assert kept == text or len(kept.encode()) > room - 4


ANYTHING = st.text(st.sampled_from("ab: \r\n\0*@!#აǅ👋\ud800\u202e"), max_size=8)


@given(
    ANYTHING,
    st.sampled_from(["PRIVMSG", "NOTICE", "TAGMSG", "JOIN", "MODE", "353", "ACK"]),
    st.lists(ANYTHING | st.just("x" * 600), max_size=4).map(tuple),
    st.lists(ANYTHING, max_size=4).map(tuple),
)
def test_whatever_a_line_holds_it_is_one_line_each_parameter_in_its_place(
    source: str, command: str, params: tuple[str, ...], richer: tuple[str, ...]
) -> None:
    """A middle parameter that cannot stand becomes `*`: no turn ends at a line."""
    line = Line(source, command, params, 1_000, "id", {}, EXTENDED_JOIN, richer)
    for caps in (0, EXTENDED_JOIN, SERVER_TIME | MESSAGE_TAGS):
        data = render(line, caps)
        assert data.endswith(b"\r\n")
        assert not set(b"\r\n\0") & set(data[:-2])
        message = parse(data[:-2])
        assert message.command == command
        if len(data) < LINE_BYTES_MAX:
            assert len(message.params) == len(richer if caps & EXTENDED_JOIN else params)


@pytest.mark.parametrize(
    ("params", "written"),
    [
        (("#a", "", "c"), b"#a * c"),
        (("a b", ":c", ":d e"), b"* * ::d e"),
        (("a\r\nQUIT", "b\r\nQUIT c"), b"a**QUIT :b**QUIT c"),
        (("",), b":"),
    ],
)
def test_what_cannot_stand_in_the_middle_is_a_star(params: tuple[str, ...], written: bytes) -> None:
    assert render(Line("s", "MODE", params), 0) == b":s MODE " + written + b"\r\n"


def test_what_was_said_brings_no_line_of_its_own() -> None:
    line = Line("a!b@c", "PRIVMSG", ("#a", "hi\r\n:x KICK #a b"))
    assert render(line, 0) == b":a!b@c PRIVMSG #a :hi**:x KICK #a b\r\n"
    tagged = Line("a", "TAGMSG", ("#a",), tags={"+x": "\0\r"})
    assert render(tagged, MESSAGE_TAGS) == b"@+x=*\\r :a TAGMSG #a\r\n"


def test_tags_do_not_count_for_the_length_of_a_line() -> None:
    line = Line("a", "PRIVMSG", ("#a", "x y" * 165), tags={"+x": "t" * 4000})
    tags, _, rest = render(line, MESSAGE_TAGS).partition(b" ")
    assert len(tags) > 4000
    assert rest.endswith(b"x y\r\n")
    assert len(rest) <= LINE_BYTES_MAX


@pytest.mark.parametrize(
    ("ts", "text"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (1_750_000_000_042, "2025-06-15T15:06:40.042Z"),
        (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
    ],
)
def test_times(ts: int, text: str) -> None:
    assert format_time(ts) == text
