"""TAGMSG (IRCv3 message-tags)."""

from __future__ import annotations

import pytest

from tests.chat.pair import Server


def test_tags_without_a_text(server: Server) -> None:
    """This message MUST be delivered to targets in the same way as PRIVMSG and NOTICE messages.
    Servers MUST NOT deliver TAGMSG to clients that haven't negotiated the message tags capability.
    """
    alice, bob = server.client("alice", "message-tags"), server.client("bob", "message-tags")
    plain = server.client("plain", "server-time")
    server.channel("#a", alice, bob, plain)
    assert alice.read(r"@+draft/react=:\:);+x TAGMSG #a,bob") == []
    to_channel, to_bob = bob.read()
    assert to_channel.command == "TAGMSG"
    assert (to_channel.params, to_bob.params) == (("#a",), ("bob",))
    assert to_channel.tags["+draft/react"] == ":;)"
    assert to_channel.tags["+x"] == ""
    assert to_channel.tags["msgid"] != to_bob.tags["msgid"]
    assert plain.read() == []


def test_typing_is_passed_on_and_not_kept(server: Server) -> None:
    """It has no msgid, since nothing could ever refer to it."""
    alice, bob = server.client("alice", "message-tags"), server.client("bob", "message-tags")
    server.channel("#a", alice, bob)
    seq = server.store.seq
    alice.ask("@+typing=active TAGMSG #a")
    (typing,) = bob.read()
    assert typing.tags == {"+typing": "active"}
    assert server.store.seq == seq


def test_an_echo_comes_with_echo_message(server: Server) -> None:
    alice = server.client("alice", "message-tags", "echo-message")
    alice.ask("JOIN #a")
    (echo,) = alice.read("@+x=y TAGMSG #a")
    assert (echo.source, echo.command, echo.tags["+x"]) == (alice.source, "TAGMSG", "y")


def test_what_is_refused_is_answered_as_for_privmsg(server: Server) -> None:
    alice, bob = server.client("alice", "message-tags"), server.client("bob")
    bob.ask("JOIN #a")
    assert alice.ask("@+x TAGMSG nobody", "@+x TAGMSG #nowhere", "@+x TAGMSG #a", "TAGMSG") == [
        "401 alice nobody :No such nick/channel",
        "403 alice #nowhere :No such channel",
        "404 alice #a :Cannot send to channel (+n): you are not in it",
        "461 alice TAGMSG :Not enough parameters",
    ]
    assert alice.ask("@+x TAGMSG :") == ["411 alice :No recipient given (TAGMSG)"]
    assert alice.ask("@+x TAGMSG a,b,c,d,e")[0].startswith("407 alice a,b,c,d,e")


@pytest.mark.parametrize("caps", [(), ("server-time",)])
def test_without_message_tags_there_is_nothing_to_say(
    server: Server, caps: tuple[str, ...]
) -> None:
    """This capability enables the use of client-only tags and the TAGMSG command."""
    alice, bob = server.client("alice", *caps), server.client("bob", "message-tags")
    assert alice.ask("@+x TAGMSG bob") == []
    assert bob.heard() == []


def test_who_is_away_says_nothing_to_tags(server: Server) -> None:
    alice, bob = server.client("alice", "message-tags"), server.client("bob")
    bob.ask("AWAY :x")
    assert alice.ask("@+typing=active TAGMSG bob") == []
