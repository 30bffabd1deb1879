"""KICK (modern.ircdocs.horse, KICK message; RFC 2812, 3.2.8)."""

from __future__ import annotations

import pytest

from tests.chat.pair import OpenServer, Server, commands


def test_everyone_hears_it_and_the_target_is_out(server: Server) -> None:
    """It causes the user to be removed from the channel by force."""
    alice, bob, carl = (server.client(nick) for nick in ("alice", "bob", "carl"))
    server.channel("#a", alice, bob, carl)
    told = [":alice KICK #a bob bye"]
    assert alice.ask("KICK #a bob :bye") == told
    assert bob.heard() == carl.heard() == told
    alice.ask("PRIVMSG #a :quiet now")
    assert bob.heard() == []
    assert commands(bob.read("PRIVMSG #a :hey")) == ["404"]


def test_the_default_reason_is_who_kicks(server: Server) -> None:
    """If a "comment" is given, this will be sent instead of the default message, the nickname of
    the user issuing the KICK.
    """
    alice, bob = server.client("alice"), server.client("bob")
    server.channel("#a", alice, bob)
    assert alice.ask("KICK #a BOB") == [":alice KICK #a bob alice"]


def test_several_users_are_kicked_one_by_one(server: Server) -> None:
    """The server MUST NOT send KICK messages with multiple users to clients."""
    alice, bob, carl = (server.client(nick) for nick in ("alice", "bob", "carl"))
    server.channel("#a", alice, bob, carl)
    assert alice.ask("KICK #a bob,nobody,carl,alice :out") == [
        "401 alice nobody :No such nick/channel",
        ":alice KICK #a bob out",
        ":alice KICK #a carl out",
        ":alice KICK #a alice out",
    ]


def test_as_many_channels_as_users(server: Server) -> None:
    """For the message to be syntactically correct, there MUST be either one channel parameter and
    multiple user parameter, or as many channel parameters as there are user parameters.
    """
    alice, bob = server.client("alice"), server.client("bob")
    server.channel("#a", alice, bob)
    server.channel("#b", alice, bob)
    assert alice.ask("KICK #a,#b bob,bob :x") == [":alice KICK #a bob x", ":alice KICK #b bob x"]


def test_who_may(server: Server) -> None:
    """ERR_NOSUCHCHANNEL, ERR_NOTONCHANNEL, ERR_CHANOPRIVSNEEDED, ERR_USERNOTINCHANNEL."""
    alice, bob, carl = (server.client(nick) for nick in ("alice", "bob", "carl"))
    server.channel("#a", alice, bob)
    assert carl.ask("KICK #nowhere bob") == ["403 carl #nowhere :No such channel"]
    assert carl.ask("KICK #a bob") == ["442 carl #a :You're not on that channel"]
    assert bob.ask("KICK #a alice,bob,carl") == ["482 bob #a :You're not channel operator"]
    assert alice.ask("KICK #a carl") == ["441 alice carl #a :They aren't on that channel"]
    alice.ask("MODE #a +v bob")
    bob.heard()
    assert bob.ask("KICK #a alice") == ["482 bob #a :You're not channel operator"]


def test_operators_may_be_kicked(server: Server) -> None:
    alice, bob = server.client("alice"), server.client("bob")
    server.channel("#a", alice, bob)
    alice.ask("MODE #a +o bob")
    bob.heard()
    assert bob.ask("KICK #a alice") == [":bob KICK #a alice bob"]


def test_too_few_and_too_many(open_server: OpenServer) -> None:
    alice = open_server(targets_max=2).client("alice")
    alice.ask("JOIN #a")
    needs = ["461 alice KICK :Not enough parameters"]
    assert alice.ask("KICK #a") == alice.ask("KICK #a :") == alice.ask("KICK : x") == needs
    assert alice.ask("KICK #a a,b,c") == ["407 alice a,b,c :Too many targets"]
    assert commands(alice.read("KICK #a b,c")) == ["401", "401"]


def test_pairs_are_counted_as_they_are_handled(open_server: OpenServer) -> None:
    """The same nick in three channels is three to be removed, not one."""
    alice = open_server(targets_max=2).client("alice")
    alice.ask("JOIN #a,#b,#c")
    assert alice.ask("KICK #a,#b,#c alice,alice,alice") == [
        "407 alice alice,alice,alice :Too many targets"
    ]
    assert commands(alice.read("KICK #a,#b,#b x,x,x")) == ["401", "401"], "each pair once"


@pytest.mark.parametrize(
    "lists", ["#a,#b alice", "#a,#b alice,alice,alice", "#a,,#b alice,alice,alice", "#a,#b ,alice"]
)
def test_lists_that_do_not_match_are_refused_whole(server: Server, lists: str) -> None:
    """There MUST be either one channel parameter, or as many channels as users."""
    alice = server.client("alice")
    alice.ask("JOIN #a,#b")
    assert alice.ask(f"KICK {lists}") == [
        "461 alice KICK :Name one channel, or as many channels as nicks; nobody was removed"
    ]
