"""server-time (IRCv3)."""

from __future__ import annotations

import re

from tests.chat.pair import START_MS, Server


def test_messages_carry_their_time(server: Server) -> None:
    """The value of the tag MUST have the syntax YYYY-MM-DDThh:mm:ss.sssZ."""
    alice, bob = server.client("alice"), server.client("bob", "server-time")
    assert server.now_ms == START_MS
    server.pass_time(0.042)
    alice.ask("PRIVMSG bob :hi")
    (message,) = bob.read()
    assert message.tags == {"time": "2025-06-15T15:06:40.042Z"}


def test_all_hear_one_time(server: Server) -> None:
    alice = server.client("alice", "server-time", "echo-message")
    bob = server.client("bob", "server-time")
    server.channel("#a", alice, bob)
    (echo,), (heard,) = alice.read("PRIVMSG #a :hi"), bob.read()
    assert echo.tags == heard.tags


def test_replies_and_events_too(server: Server) -> None:
    alice = server.client("alice", "server-time")
    lines = alice.read("JOIN #a", "WHOIS alice", "NICK bob", "AWAY :x")
    stamp = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
    assert all(stamp.fullmatch(line.tags["time"]) for line in lines)


def test_without_it_no_line_has_a_tag(server: Server) -> None:
    """Servers ... MUST NOT do so before acknowledging the client capability using CAP ACK."""
    alice, bob = server.client("alice", "server-time"), server.client("bob")
    server.channel("#a", alice, bob)
    alice.ask("PRIVMSG #a :hi", "TOPIC #a :x")
    bob.send("WHOIS bob", "CHATHISTORY LATEST #a * 5", "LIST")
    assert not any(line.startswith(b"@") for line in bob.read_raw())


def test_time_never_falls(server: Server) -> None:
    """A clock that is set back does not put what is said now before what was said."""
    alice, bob = server.client("alice"), server.client("bob", "server-time")
    alice.ask("PRIVMSG bob :one")
    server.now_ms -= 60_000
    alice.ask("PRIVMSG bob :two")
    one, two = bob.read()
    assert one.tags["time"] == two.tags["time"]
