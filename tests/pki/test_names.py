"""`xchat.pki.mint.names`: what a certificate may carry, and what a CA may hand out."""

from __future__ import annotations

import contextlib
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xchat.errors import UsageError
from xchat.pki.mint.names import LOCAL, Name, parse_name, shown


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("chat.lan", "chat.lan"),
        ("Chat.LAN.", "chat.lan"),
        ("vm", "vm"),
        ("xn--4dbrk0ce.lan", "xn--4dbrk0ce.lan"),
        ("ბუდე.lan", "xn--moded2d.lan"),
        ("10.1.2.3", ip_address("10.1.2.3")),
        ("[fd00::1]", ip_address("fd00::1")),
    ],
)
def test_a_name_is_a_host_or_an_address(text: str, name: Name) -> None:
    assert parse_name(text) == name


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("xn--moded2d.lan", "ბუდე.lan"),
        ("any.xn--moded2d.lan", "any.ბუდე.lan"),
        ("chat.lan", "chat.lan"),
        (ip_address("fd00::1"), "fd00::1"),
        ("xn--.lan", "xn--.lan"),
        ("xn--a\ud800.lan", "xn--a\ud800.lan"),
        ("XN--MODED2D.lan", "XN--MODED2D.lan"),
        ("", ""),
    ],
)
def test_a_name_is_shown_as_people_write_it(name: Name, text: str) -> None:
    """Only where what is shown, typed again, is the same name."""
    assert shown(name) == text


@given(st.text("აბგxn-ßé\u200d\u202e.a1", min_size=1, max_size=20))
def test_what_is_shown_is_the_name_when_typed(text: str) -> None:
    with contextlib.suppress(UsageError):
        name = parse_name(text)
        assert parse_name(shown(name)) == name
        assert shown(name).isprintable()


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            ".",
            "a..b",
            "a b",
            "a_b.lan",
            "-a.lan",
            "a-.lan",
            "a" * 64,
            ".".join(["a" * 60] * 5),
        ),
        *("chat.lan:8080", "https://chat.lan", "*.lan", "10.1.2.999", "10.0.0.0/8", "\x1b[31m"),
    ],
)
def test_anything_else_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(UsageError) as refused:
        parse_name(text)
    assert "as in chat.lan or 10.1.2.3" in str(refused.value)
    assert "\x1b" not in str(refused.value)


@given(st.text())
def test_no_text_breaks_the_parser(text: str) -> None:
    with contextlib.suppress(UsageError):
        assert str(parse_name(text))


@pytest.mark.parametrize(
    "text",
    ["localhost", "vm.local", "a.b.lan", "x.home.arpa", "127.9.9.9", "192.168.1.1", "fd00::1"],
)
def test_local_names_are_within_bounds(text: str) -> None:
    assert LOCAL.allow(parse_name(text))


@pytest.mark.parametrize(
    "text", ["vm", "example.com", "notlocal", "xlan", "192.0.2.2", "2001:db8::1"]
)
def test_other_names_are_not_until_they_are_asked_for(text: str) -> None:
    """ "every public `--name` as /32 or /128": and nothing beside it."""
    name = parse_name(text)
    assert not LOCAL.allow(name)
    wider = LOCAL.widened([name])
    assert wider.allow(name)
    assert not wider.allow(parse_name("198.51.100.7"))
    assert not wider.allow(parse_name("example.org"))


def test_a_domain_covers_what_is_beneath_it_and_is_listed_once() -> None:
    wider = LOCAL.widened(["example.com", "chat.example.com", "vm.local"])
    assert wider.allow("chat.example.com")
    assert wider.domains == (*LOCAL.domains, "example.com")


def test_a_ca_may_name_what_the_table_has() -> None:
    """ "DNS: localhost, local, lan, internal, home.arpa, test [...] IP: 127/8 10/8 172.16/12
    192.168/16 169.254/16 100.64/10 ::1 fc00::/7 fe80::/10": nothing else, whatever is added."""
    assert set(LOCAL.domains) == {"localhost", "local", "lan", "internal", "home.arpa", "test"}
    assert {str(each) for each in LOCAL.networks} == {
        *("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16"),
        *("100.64.0.0/10", "::1/128", "fc00::/7", "fe80::/10"),
    }
