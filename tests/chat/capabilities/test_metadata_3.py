"""draft/metadata-3 (IRCv3): who is told of which change, and of what is there already."""

from __future__ import annotations

import pytest

from tests.chat.pair import Client, Server, commands
from xchat.chat.metadata import telling

CAPS = ("draft/metadata-3", "batch")


def subscribed(server: Server, nick: str, *caps: str) -> Client:
    client = server.client(nick, *(caps or CAPS))
    assert client.ask("METADATA * SUB display-name avatar") == [f"770 {nick} display-name avatar"]
    return client


def test_its_value_says_the_limits(server: Server) -> None:
    (listed,) = [
        word
        for line in server.connect().ask("CAP LS 302")
        for word in line.replace(":", "").split()
        if word.startswith("draft/metadata-3")
    ]
    value = "before-connect,max-subs=64,max-keys=32,max-value-bytes=300"
    assert listed == f"draft/metadata-3={value}"


def test_changes_are_told_in_numerics(server: Server) -> None:
    """If a channel/user the client is receiving updates for changes one of the keys the client is
    subscribed to, they will receive a message notifying them of the change.
    """
    alice, bob = server.client("alice", *CAPS), subscribed(server, "bob")
    server.channel("#a", alice, bob)
    server.channel("#b", alice, bob)
    alice.ask("METADATA * SET display-name :Foo", "METADATA * SET color red")
    alice.ask("METADATA * SET display-name :Foo", "METADATA * SET display-name")
    assert bob.heard() == [
        "761 bob alice display-name * Foo",
        "766 bob alice display-name :key not set",
    ]
    alice.ask("METADATA #a SET avatar x", "METADATA #a CLEAR")
    assert bob.heard() == ["761 bob #a avatar * x", "766 bob #a avatar :key not set"]


def test_strangers_hear_nothing(server: Server) -> None:
    alice, bob = server.client("alice", *CAPS), subscribed(server, "bob")
    server.channel("#a", alice)
    alice.ask("METADATA * SET display-name x", "METADATA #a SET display-name x")
    assert bob.heard() == []


def test_those_who_watch_and_ones_other_devices_do(server: Server) -> None:
    """When a user's metadata is updated, all users either sharing a channel with that user or
    monitoring that user will receive a message. Clients automatically receive metadata updates for
    themselves (excluding changes they make themselves).
    """
    account = server.account("alice")
    one = server.client("alice", *CAPS, account=account)
    other = server.client("alice", *CAPS, account=account)
    bob = subscribed(server, "bob")
    bob.ask("MONITOR + alice")
    other.ask("METADATA * SUB avatar")
    assert one.ask("METADATA * SET avatar x") == ["761 alice alice avatar * x"]
    assert other.heard() == ["761 alice alice avatar * x"]
    assert bob.heard() == ["761 bob alice avatar * x"]


def test_what_is_there_already_is_told_to_who_joins(server: Server) -> None:
    """On joining a channel, users will get the channel's current metadata, and the same information
    for all users who are in the channel, for the keys they are subscribed to.
    """
    alice, bob = server.client("alice", *CAPS), subscribed(server, "bob")
    server.channel("#a", alice)
    alice.ask("METADATA * SET display-name Foo", "METADATA * SET color red")
    alice.ask("METADATA #a SET avatar x")
    told = bob.read("JOIN #a")
    assert [line.params[1:] for line in told if line.command == "761"] == [
        ("#a", "avatar", "*", "x"),
        ("alice", "display-name", "*", "Foo"),
    ]
    start = next(line for line in told if line.command == "BATCH")
    assert start.params[1:] == ("metadata", "#a")


def test_what_is_there_already_is_told_to_who_subscribes(server: Server) -> None:
    """When subscribing to a key, clients SHOULD receive the current value of that key for
    channels/users they are receiving updates for.
    """
    alice, bob = server.client("alice", *CAPS), server.client("bob", *CAPS)
    server.channel("#a", alice, bob)
    server.channel("#b", alice, bob)
    alice.ask("METADATA * SET avatar x")
    told = bob.read("METADATA * SUB avatar url")
    assert commands(told) == ["770", "BATCH", "761", "BATCH"]
    assert commands(bob.read("METADATA * SUB avatar url")) == ["770"]


def test_a_large_channel_is_to_be_asked_for(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If the client joins a large channel, the server MAY choose to respond with a
    METADATASYNCLATER numeric. SYNC: the server responds with a `metadata` batch.
    """
    monkeypatch.setattr(telling, "METADATA_SYNC_MEMBERS_MAX", 2)
    alice, bob, carl = (subscribed(server, nick) for nick in ("alice", "bob", "carl"))
    alice.ask("METADATA * SET avatar x")
    server.channel("#a", alice, bob)
    assert carl.ask("JOIN #a")[-1] == "774 carl #a 2"
    start, value, end = carl.read("METADATA #a SYNC")
    assert start.params[1:] == ("metadata", "#a")
    assert value.params == ("carl", "alice", "avatar", "*", "x")
    assert end.command == "BATCH"
    assert commands(carl.read("METADATA alice SYNC")) == ["BATCH", "761", "BATCH"]


def test_whois_tells_what_people_read(server: Server) -> None:
    """When a user runs WHOIS on a user with metadata, a subset of that metadata MAY be sent with
    RPL_WHOISKEYVALUE numerics.
    """
    alice, bob, carl = server.client("alice", *CAPS), server.client("bob", *CAPS), None
    carl = server.client("carl")
    alice.ask("METADATA * SET display-name :Foo The First", "METADATA * SET avatar x")
    assert "760 bob alice display-name * :Foo The First" in bob.ask("WHOIS alice")
    assert commands(bob.read("WHOIS alice")).count("760") == 1
    assert "760" not in commands(carl.read("WHOIS alice"))


def test_ones_own_is_told_on_coming_and_when_asked_for_later(server: Server) -> None:
    """This batch MUST be sent to clients on connection. If none exists, the server MUST send an
    empty batch instead.
    """
    alice = server.connect()
    told = alice.read(f"CAP REQ :{' '.join(CAPS)}", "NICK alice", "USER a 0 * :x", "CAP END")
    start, end = (line for line in told if line.command == "BATCH")
    assert (start.params[1:], end.params[0][0]) == (("metadata", "alice"), "-")
    bob = server.client("bob")
    bob.ask("METADATA * SET a b")
    assert bob.ask("CAP REQ :draft/metadata-3")[1:] == ["761 bob bob a * b"]
