"""PART (modern.ircdocs.horse, PART message)."""

from __future__ import annotations

from tests.chat.pair import Server


def test_part_with_and_without_a_reason(server: Server) -> None:
    """On sending a successful PART command, the user will receive a PART message from the server
    for each channel they have been removed from.
    """
    alice, bob = server.client("alice"), server.client("bob")
    server.channel("#a", alice, bob)
    server.channel("#b", alice, bob)
    assert bob.ask("PART #a,#b :so long") == [":bob PART #a :so long", ":bob PART #b :so long"]
    assert alice.heard() == [":bob PART #a :so long", ":bob PART #b :so long"]
    assert alice.ask("PART #a") == [":alice PART #a"]


def test_who_is_not_there_cannot_leave(server: Server) -> None:
    """If the channel exists and the client is not joined to it, they will receive an
    ERR_NOTONCHANNEL (442) reply. If the channel does not exist, ERR_NOSUCHCHANNEL (403).
    """
    alice, bob = server.client("alice"), server.client("bob")
    alice.ask("JOIN #a")
    assert bob.ask("PART #a,#nowhere") == [
        "442 bob #a :You're not on that channel",
        "403 bob #nowhere :No such channel",
    ]
    assert alice.heard() == []


def test_without_a_channel(server: Server) -> None:
    alice = server.client("alice")
    assert alice.ask("PART") == alice.ask("PART :") == ["461 alice PART :Not enough parameters"]


def test_who_left_hears_no_more_of_it(server: Server) -> None:
    alice, bob = server.client("alice"), server.client("bob")
    server.channel("#a", alice, bob)
    bob.ask("PART #a")
    alice.ask("PRIVMSG #a :is he gone?", "TOPIC #a :yes")
    assert bob.heard() == []


def test_a_long_reason_is_cut_between_characters(server: Server) -> None:
    """A kick's and a part's reason are as long as KICKLEN says."""
    alice = server.client("alice")
    alice.ask("JOIN #a")
    (parted,) = alice.read(f"PART #a :{'ა' * 101}")
    assert parted.params == ("#a", "ა" * 100)


def test_a_channel_where_nothing_was_said_ends_with_its_last_member(server: Server) -> None:
    alice = server.client("alice")
    alice.ask("JOIN #a", "TOPIC #a :x", "MODE #a -t", "PART #a")
    assert alice.ask("MODE #a") == ["403 alice #a :No such channel"]


def test_a_channel_where_something_was_said_stays(server: Server) -> None:
    alice = server.client("alice")
    alice.ask("JOIN #a", "TOPIC #a :x", "PRIVMSG #a :hello", "PART #a")
    assert "332 alice #a x" in alice.ask("JOIN #a")
