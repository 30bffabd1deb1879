"""A line as a value and back: modern.ircdocs.horse, Message Format; IRCv3 message-tags."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xchat.irc.message import (
    Message,
    ParseError,
    escape_tag,
    format_line,
    format_tags,
    parse,
    parse_tags,
    unescape_tag,
)

anything = st.text(st.characters(blacklist_characters="\r\n\0", blacklist_categories=["Cs"]))
middles = anything.map(lambda text: text.replace(" ", "").lstrip(":")).filter(bool)
commands = st.from_regex(r"[A-Z]{1,12}|[0-9]{3}", fullmatch=True)
keys = st.from_regex(r"\+?([a-z.-]{1,9}/)?[a-zA-Z0-9-]{1,9}", fullmatch=True)
values = st.text(st.characters(blacklist_characters="\0", blacklist_categories=["Cs"]))


@st.composite
def messages(draw: st.DrawFn) -> Message:
    params = [*draw(st.lists(middles, max_size=13)), *draw(st.lists(anything, max_size=1))]
    return Message(
        draw(commands),
        tuple(params),
        draw(st.none() | middles),
        draw(st.dictionaries(keys, values, max_size=5)),
    )


def parsed(line: bytes) -> Message | None:
    try:
        return parse(line)
    except ParseError:
        return None


@given(message=messages())
def test_what_is_written_is_read_back(message: Message) -> None:
    line = message.encode()
    assert line.endswith(b"\r\n")
    assert line.count(b"\n") == 1
    assert parse(line[:-2]) == message


@given(line=st.binary(max_size=600))
def test_no_bytes_do_more_than_raise_parse_error(line: bytes) -> None:
    message = parsed(line)
    if message:
        assert message.command.isascii()
        assert message.command == message.command.upper()


@given(text=st.lists(st.sampled_from(":@ ;=\\aA1!#,"), max_size=30).map("".join))
def test_what_is_read_can_be_written_and_read_again(text: str) -> None:
    message = parsed(text.encode())
    if message and message.source != "":  # a source of nothing is written as none
        assert parse(message.encode()[:-2]) == message


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b"PING", Message("PING")),
        (b"ping x", Message("PING", ("x",))),
        (b"PRIVMSG #a :", Message("PRIVMSG", ("#a", ""))),
        (b"PRIVMSG #a :b c", Message("PRIVMSG", ("#a", "b c"))),
        (b"PRIVMSG #a ::)", Message("PRIVMSG", ("#a", ":)"))),
        (b"PRIVMSG #a b:c", Message("PRIVMSG", ("#a", "b:c"))),
        (b"PRIVMSG   #a   b  ", Message("PRIVMSG", ("#a", "b"))),
        (b"PRIVMSG #a : b ", Message("PRIVMSG", ("#a", " b "))),
        (b":irc.example.com 001 a :Hi there", Message("001", ("a", "Hi there"), "irc.example.com")),
        (b":a!b@c   JOIN #d", Message("JOIN", ("#d",), "a!b@c")),
        (b"@a=1;b;+c/d=x :s CMD p", Message("CMD", ("p",), "s", {"a": "1", "b": "", "+c/d": "x"})),
        (b"@a   CMD", Message("CMD", tags={"a": ""})),
        ("PRIVMSG #სალამი :🙂".encode(), Message("PRIVMSG", ("#სალამი", "🙂"))),
        (b"JOIN a\tb", Message("JOIN", ("a\tb",))),
    ],
)
def test_a_line_is_taken_apart(line: bytes, message: Message) -> None:
    assert parse(line) == message


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b"PRIVMSG #a :\xff", "INVALID_UTF8"),
        (b"PRIVMSG #a :\xed\xa0\x80", "INVALID_UTF8"),
        (b"PRIVMSG #a :\xc0\x80", "INVALID_UTF8"),
        (b"PRIVMSG #a :\0", "INVALID_MESSAGE"),
        (b"PRIVMSG #a :b\rQUIT", "INVALID_MESSAGE"),
        (b"", "INVALID_MESSAGE"),
        (b"   ", "INVALID_MESSAGE"),
        (b"@a=b", "INVALID_MESSAGE"),
        (b"@a=b ", "INVALID_MESSAGE"),
        (b":source", "INVALID_MESSAGE"),
        (b":source :", "INVALID_MESSAGE"),
        (b"PR*VMSG #a", "INVALID_MESSAGE"),
        ("ПРИВЕТ #a".encode(), "INVALID_MESSAGE"),
        ("٣٣٣ #a".encode(), "INVALID_MESSAGE"),
    ],
)
def test_what_is_no_message_is_refused_with_a_code(line: bytes, code: str) -> None:
    """The utf8only specification: a server MUST NOT relay, and SHOULD answer INVALID_UTF8."""
    with pytest.raises(ParseError) as caught:
        parse(line)
    assert caught.value.code == code


# -- tags -------------------------------------------------------------------------------------


@given(value=values)
def test_a_value_is_escaped_and_back(value: str) -> None:
    escaped = escape_tag(value)
    assert unescape_tag(escaped) == value
    assert not set(escaped) & set("; \r\n")


@pytest.mark.parametrize(
    ("escaped", "value"),
    [
        (r"\:", ";"),
        (r"\s", " "),
        (r"\\", "\\"),
        (r"\r", "\r"),
        (r"\n", "\n"),
        (r"\\s", r"\s"),
        (r"a\b", "ab"),
        ("a\\", "a"),
        ("", ""),
    ],
)
def test_escapes_are_those_of_the_specification(escaped: str, value: str) -> None:
    """If a lone \\ exists at the end, or before a character that needs none, it is dropped."""
    assert unescape_tag(escaped) == value


def test_the_last_of_equal_keys_wins() -> None:
    """Implementations MUST disregard all but the final occurrence of a tag key."""
    assert parse_tags("a=1;b=2;a=3") == {"a": "3", "b": "2"}


def test_no_value_and_an_empty_one_are_the_same() -> None:
    """Implementations MUST interpret empty tag values as equivalent to missing tag values."""
    assert parse_tags("a=;b") == {"a": "", "b": ""}
    assert format_tags({"a": "", "b": ""}) == "@a;b "


def test_no_tags_are_written_as_nothing() -> None:
    assert format_tags({}) == ""


def test_a_value_keeps_its_equals_signs() -> None:
    assert parse_tags("a=b=c;;=x") == {"a": "b=c"}


# -- writing ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "params", "line"),
    [
        (None, (), "CMD"),
        ("a!b@c", (), ":a!b@c CMD"),
        (None, ("a", "b"), "CMD a b"),
        (None, ("a", "b c"), "CMD a :b c"),
        (None, ("a", ""), "CMD a :"),
        (None, ("a", ":)"), "CMD a ::)"),
    ],
)
def test_the_last_parameter_gets_a_colon_where_it_needs_one(
    source: str | None, params: tuple[str, ...], line: str
) -> None:
    assert format_line(source, "CMD", *params) == line


@pytest.mark.parametrize(
    "params",
    [("a b", "c"), ("", "c"), (":a", "c"), ("a\nQUIT",), ("a\rQUIT",), ("a\0",), ("a", "b\nQUIT")],
)
def test_what_no_line_can_carry_is_never_written(params: tuple[str, ...]) -> None:
    """Line injection (reliability.md, class 1) ends here."""
    with pytest.raises(ValueError, match="cannot"):
        format_line(None, "CMD", *params)


@pytest.mark.parametrize(
    ("source", "nick"), [("a!b@c", "a"), ("a", "a"), ("irc.example", "irc.example"), (None, "")]
)
def test_the_nick_is_the_first_part_of_the_source(source: str | None, nick: str) -> None:
    assert Message("CMD", source=source).nick == nick
