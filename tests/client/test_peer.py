"""`[NICK@]HOST[:PORT]`, as people write it."""

from __future__ import annotations

import getpass

import pytest

from xchat.client.peer import Peer, channel_named, login_nick, parse_address


@pytest.mark.parametrize(
    ("text", "nick", "peer"),
    [
        ("chat.lan", None, Peer("chat.lan", 8080)),
        ("ana@chat.lan:9000", "ana", Peer("chat.lan", 9000)),
        ("ანა@localhost", "ანა", Peer("localhost", 8080)),
        ("10.0.0.5:8081", None, Peer("10.0.0.5", 8081)),
        ("ana@[::1]:9000", "ana", Peer("::1", 9000)),
        ("[fe80::1%eth0]", None, Peer("fe80::1%eth0", 8080)),
        ("::1", None, Peer("::1", 8080)),
    ],
)
def test_addresses(text: str, nick: str | None, peer: Peer) -> None:
    assert parse_address(text) == (nick, peer)


def test_is_written_as_it_is_typed() -> None:
    assert str(Peer("chat.lan", 9000)) == "chat.lan:9000"
    assert str(Peer("::1", 9000)) == "[::1]:9000"


def test_the_name_to_verify_has_no_zone_and_no_last_dot() -> None:
    assert Peer("fe80::1%eth0").name == "fe80::1"
    assert Peer("chat.lan.").name == "chat.lan"


@pytest.mark.parametrize(
    ("login", "nick"),
    [("ana", "ana"), ("ana.k", "anak"), ("42", "guest"), ("7up", "up"), ("ანა", "guest")],
)
def test_the_login_name_as_a_nick(monkeypatch: pytest.MonkeyPatch, login: str, nick: str) -> None:
    monkeypatch.setattr(getpass, "getuser", lambda: login)
    assert login_nick() == nick


def test_a_channel_may_be_named_without_its_sign() -> None:
    """Most shells take `#lobby` for a comment."""
    assert [channel_named(text) for text in ("lobby", "#lobby", "&a", "")] == [
        "#lobby", "#lobby", "&a", "",
    ]  # fmt: skip
