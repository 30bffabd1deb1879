"""message-tags, and the tag msgid (IRCv3 message-tags, message-ids)."""

from __future__ import annotations

import pytest

from tests.chat.pair import Server


def test_client_only_tags_are_relayed_to_who_knows_tags(server: Server) -> None:
    """Client-only tags MUST be relayed on PRIVMSG and NOTICE messages. Tags without the client-only
    prefix MUST be removed by the server before being relayed with any message to another client.
    """
    alice, bob = server.client("alice", "message-tags"), server.client("bob", "message-tags")
    carl, dave = server.client("carl"), server.client("dave", "server-time")
    server.channel("#a", alice, bob, carl, dave)
    alice.ask("@+baz=bat;fizz=buzz;time=1;msgid=forged PRIVMSG #a hi")
    (to_bob,), (to_dave,) = bob.read(), dave.read()
    assert to_bob.tags.keys() == {"+baz", "msgid"}
    assert to_bob.tags["+baz"] == "bat"
    assert to_bob.tags["msgid"] != "forged"
    assert carl.read_raw() == [f":{alice.source} PRIVMSG #a :hi\r\n".encode()]
    assert to_dave.tags.keys() == {"time"}


@pytest.mark.parametrize(
    ("sent", "relayed"),
    [
        (r"+a=raw+:=,escaped\:\s\\", "raw+:=,escaped; \\"),
        (r"+a=\r\n", "\r\n"),
        ("+a=", ""),
        ("+a", ""),
        ("+a=1;+a=2", "2"),
        ("+a=test\\", "test"),
        ("+a=😀", "😀"),
    ],
)
def test_values_are_relayed_whole(server: Server, sent: str, relayed: str) -> None:
    alice, bob = server.client("alice", "message-tags"), server.client("bob", "message-tags")
    alice.ask(f"@{sent} PRIVMSG bob :hi")
    (message,) = bob.read()
    assert message.tags["+a"] == relayed


@pytest.mark.parametrize("key", ["+", "+a\x1b[31m", "+ა", "+a/b/c", "+a_b", "+/a"], ids=ascii)
def test_keys_that_are_none_are_not_relayed(server: Server, key: str) -> None:
    """<key> ::= [ '+' ] [ <vendor> '/' ] <sequence of letters, digits, hyphens>."""
    alice, bob = server.client("alice", "message-tags"), server.client("bob", "message-tags")
    alice.ask(f"@{key}=x;+example.com/fine-1=y PRIVMSG bob :hi")
    (message,) = bob.read()
    assert message.tags.keys() == {"+example.com/fine-1", "msgid"}


def test_who_has_not_negotiated_tags_relays_none(server: Server) -> None:
    """This capability enables the use of client-only tags and the TAGMSG command."""
    alice, bob = server.client("alice"), server.client("bob", "message-tags")
    alice.ask("@+a=b PRIVMSG bob :hi")
    (message,) = bob.read()
    assert message.tags.keys() == {"msgid"}


def test_every_message_has_an_id_of_its_own_the_same_for_all(server: Server) -> None:
    """The tag value MUST be unique. If this tag is being used, it SHOULD be attached to all PRIVMSG
    and NOTICE events.
    """
    alice = server.client("alice", "message-tags", "echo-message")
    bob = server.client("bob", "message-tags")
    server.channel("#a", alice, bob)
    echoes = alice.read(*["PRIVMSG #a :same", "NOTICE #a :same"] * 10)
    heard = bob.read()
    assert [message.tags["msgid"] for message in heard] == [e.tags["msgid"] for e in echoes]
    assert len({message.tags["msgid"] for message in heard}) == 20


def test_events_have_ids_too(server: Server) -> None:
    """Servers MAY attach this tag on any event."""
    alice, bob = server.client("alice", "message-tags"), server.client("bob", "message-tags")
    server.channel("#a", alice, bob)
    told = alice.read("TOPIC #a :x", "MODE #a +v bob", "KICK #a bob", "PART #a")
    ids = [message.tags["msgid"] for message in told]
    assert len(set(ids)) == 4
    assert [message.tags["msgid"] for message in bob.read()] == ids[:3]


def test_tags_at_their_longest_are_relayed_with_the_servers_own(server: Server) -> None:
    """Servers MUST NOT truncate tags."""
    alice = server.client("alice", "message-tags", "echo-message", "server-time")
    bob = server.client("bob", "message-tags", "server-time")
    value = "a" * 4081
    line = f"@foo=bar;+baz={value} PRIVMSG bob hi!"
    assert line.index("PRIVMSG") == 4096
    (echo,) = alice.read(line)
    (heard,) = bob.read()
    assert echo.tags == heard.tags
    assert echo.tags["+baz"] == value
    assert alice.ask(line.replace("+baz=", "+baz=a")) == ["417 alice :Input line was too long"]
