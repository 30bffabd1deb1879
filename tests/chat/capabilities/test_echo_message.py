"""echo-message (IRCv3)."""

from __future__ import annotations

import pytest

from tests.chat.pair import Server


@pytest.mark.parametrize("command", ["PRIVMSG", "NOTICE"])
@pytest.mark.parametrize("target", ["#a", "bob"])
def test_what_was_sent_comes_back(server: Server, command: str, target: str) -> None:
    """If enabled, servers MUST send PRIVMSG and NOTICE messages back to the client that sent
    them.
    """
    alice, bob = server.client("alice", "echo-message"), server.client("bob")
    server.channel("#a", alice, bob)
    told = [f":alice {command} {target} :hello everyone"]
    assert alice.ask(f"{command} {target} :hello everyone") == told == bob.heard()
    assert bob.ask(f"{command} #a :no echo for me") == []


def test_tags_with_message_tags(server: Server) -> None:
    """When the message-tags capability has been enabled, the same rules apply to TAGMSG."""
    alice = server.client("alice", "echo-message", "message-tags")
    server.channel("#a", alice)
    assert alice.ask("@+x=y TAGMSG #a", "@+typing=done TAGMSG #a") == [":alice TAGMSG #a"] * 2


def test_a_message_to_oneself_comes_twice(server: Server) -> None:
    alice = server.client("alice", "echo-message")
    assert alice.ask("PRIVMSG alice :hi") == [":alice PRIVMSG alice hi"] * 2


def test_what_is_refused_is_not_echoed(server: Server) -> None:
    """An echo means that the message is kept; what could not be sent is only refused."""
    alice, bob = server.client("alice", "echo-message"), server.client("bob")
    server.channel("#a", bob)
    assert alice.ask("PRIVMSG #a :hi", "PRIVMSG nobody :hi") == [
        "404 alice #a :Cannot send to channel (+n): you are not in it",
        "401 alice nobody :No such nick/channel",
    ]


def test_the_echo_comes_from_outside_a_channel_too(server: Server) -> None:
    alice, bob = server.client("alice", "echo-message"), server.client("bob")
    server.channel("#a", bob)
    bob.ask("MODE #a -n")
    assert alice.ask("PRIVMSG #a :hi") == [":alice PRIVMSG #a hi"]
