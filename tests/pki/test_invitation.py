"""`xchat.pki.invite.invitation`: the link that brings a person in."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xchat.chat.tokens import Token
from xchat.errors import UsageError
from xchat.limits import LINK_CHARS_MAX
from xchat.pki.invite.invitation import (
    CA_BYTES,
    Link,
    format_capitals,
    format_link,
    parse_link,
)
from xchat.pki.mint.names import parse_name

CA, SECRET = bytes(range(CA_BYTES)), bytes(range(16))
LINK = Link(host="chat.lan", port=8080, ca=CA, token=Token(SECRET))
TEXT = (
    "xchat://chat.lan:8080/?ca=AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8&t=AAECAwQFBgcICQoLDA0ODw"
)
CAPITALS = (
    "XCHAT://CHAT.LAN:8080/AAAQEAYEAUDAOCAJBIFQYDIOB4IBCEQTCQKRMFYYDENBWHA5DYPQ/"
    "AAAQEAYEAUDAOCAJBIFQYDIOB4"
)

hosts = st.sampled_from(
    [
        "chat.lan",
        "vm",
        "xn--moded2d.lan",
        "192.168.1.20",
        "fd00::1",
        "a." * 100 + "lan",
        "1.2.3.lan",
    ]
)
links = st.builds(
    Link,
    host=hosts,
    port=st.integers(1, 65535),
    ca=st.binary(min_size=CA_BYTES, max_size=CA_BYTES),
    token=st.builds(Token, st.binary(min_size=16, max_size=16)),
)


def test_a_link_is_as_the_design_says() -> None:
    """`xchat://host:8080/?ca=<43 chars base64url SHA-256 of the root's DER>&t=<22 chars>`."""
    assert format_link(LINK) == TEXT
    assert format_capitals(LINK) == CAPITALS
    assert re.fullmatch("[0-9A-Z $%*+./:-]*", CAPITALS), "the letters that a QR code packs tightest"


@given(links)
def test_a_link_is_read_back_in_both_forms(link: Link) -> None:
    assert parse_link(format_link(link)) == parse_link(format_capitals(link)) == link
    assert max(len(format_link(link)), len(format_capitals(link))) <= LINK_CHARS_MAX


@pytest.mark.parametrize(
    "text",
    [
        f"  {TEXT}\n",
        f"<{TEXT}>",
        f"'{TEXT}'",
        TEXT.replace("&", "&amp;"),
        TEXT.replace("/?", "?"),
        TEXT.replace("xchat", "XChat").replace("chat.lan", "CHAT.Lan."),
        TEXT.replace(":8080", ""),
        f"{TEXT}&name=a+newer+server",
        f"{TEXT}#seen",
        CAPITALS.lower(),
        f"{CAPITALS}/",
    ],
)
def test_a_link_is_read_as_people_and_programs_pass_it_on(text: str) -> None:
    assert parse_link(text) == LINK


@pytest.mark.parametrize(
    ("typed", "host"),
    [
        ("ბუდე.lan", "xn--moded2d.lan"),
        ("%E1%83%91%E1%83%A3%E1%83%93%E1%83%94.lan", "xn--moded2d.lan"),
        ("[fd00::1]", "fd00::1"),
        ("[FD00:0::1]", "fd00::1"),
        ("10.0.0.7", "10.0.0.7"),
    ],
)
def test_a_host_is_as_its_certificate_has_it(typed: str, host: str) -> None:
    assert parse_link(TEXT.replace("chat.lan", typed)).host == host


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "does not begin with xchat://"),
        ("hello", "does not begin with xchat://"),
        (TEXT.replace("xchat", "https"), "does not begin with xchat://"),
        (TEXT.replace("chat.lan", ""), "names no host"),
        (TEXT.replace("chat.lan", "chat lan"), "its host is none"),
        (TEXT.replace("chat.lan", "%ff.lan"), "its host is none"),
        (TEXT.replace("chat.lan", "-x.lan"), "its host is none"),
        (TEXT.replace("chat.lan", "a" * 300), "its host is none"),
        (TEXT.replace("chat.lan", "ana@chat.lan"), "names a person"),
        (TEXT.replace("chat.lan", "fd00::1"), "an IPv6 address stands in brackets"),
        (TEXT.replace("chat.lan", "fd00%3A%3A1"), "brackets stand around an IPv6 address"),
        (TEXT.replace("chat.lan", "[chat.lan]"), "its host is none"),
        (TEXT.replace("chat.lan", "[fe80::1%eth0]"), "has a zone"),
        (TEXT.replace("8080", "0"), "its port is no number"),
        (TEXT.replace("8080", "65536"), "its port is no number"),
        (TEXT.replace("8080", "irc"), "its port is no number"),
        (TEXT.replace("8080", "٨٠"), "its port is no number"),
        (TEXT.replace("8080", ""), "its port is no number"),
        (TEXT.partition("&")[0], "a shell cuts a link at the &"),
        (TEXT.replace("ca=", "cb="), "does not say which CA"),
        (TEXT.partition("?")[0], "does not say which CA"),
        (TEXT.replace("?ca=", "?ca=A"), "(ca=) is no SHA-256"),
        (TEXT.replace("REh", "R!h"), "(ca=) is no SHA-256"),
        (TEXT.replace("Hh8", "Hh9"), "(ca=) is no SHA-256"),
        (TEXT[:-1], "its token (t=) is cut or mistyped"),
        (f"{TEXT}.", "its token (t=) is cut or mistyped"),
        (f"{TEXT}&t=AAECAwQFBgcICQoLDA0ODw", "twice"),
        (TEXT.replace("/?", "/join?"), "between its host and the question mark"),
        (CAPITALS.rpartition("/")[0], "the token is missing"),
        (CAPITALS[:-1], "its token (t=) is cut or mistyped"),
        (f"{CAPITALS}/MORE", "its token (t=) is cut or mistyped"),
        (TEXT + "&x=" + "y" * LINK_CHARS_MAX, "longer than the 1,024 characters"),
    ],
)
def test_what_is_no_link_is_refused_in_a_sentence(text: str, why: str) -> None:
    """Every malformed link: one clear sentence, what to type next, and never the token."""
    with pytest.raises(UsageError) as refused:
        parse_link(text)
    said = str(refused.value)
    assert why in said
    assert said.splitlines()[1:] == [
        "  Copy the whole link, in quotes: xchat-client join 'xchat://...'"
    ]
    assert "AAECAwQFBgcICQoLDA0ODw" not in said
    assert "AAAQEAYEAUDAOCAJBIFQYDIOB4" not in said


@given(st.text(max_size=200))
def test_any_text_is_a_link_or_refused_in_words(text: str) -> None:
    for each in (text, f"xchat://{text}", f"xchat://chat.lan:8080/?{text}", f"{TEXT}&{text}"):
        try:
            link = parse_link(each)
        except UsageError:
            continue
        assert str(parse_name(link.host)) == link.host


def test_the_token_is_in_no_repr() -> None:
    assert "AAECAwQFBgcICQoLDA0ODw" not in f"{LINK!r} {LINK}"
    assert repr(SECRET) not in f"{LINK!r} {LINK}"
