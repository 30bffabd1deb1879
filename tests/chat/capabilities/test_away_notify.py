"""away-notify (IRCv3)."""

from __future__ import annotations

from tests.chat.pair import Client, Server


def three(server: Server) -> tuple[Client, Client, Client]:
    """Return who is watched, who watches, and who has not asked to, in #a and #b together."""
    alice, bob, carl = (
        server.client("alice"),
        server.client("bob", "away-notify"),
        server.client("carl"),
    )
    server.channel("#a", alice, bob, carl)
    server.channel("#b", alice, bob)
    return alice, bob, carl


def test_going_and_coming_back(server: Server) -> None:
    """Clients will be sent an AWAY message when a user sharing a channel with them sets, changes or
    removes their away state. If the message is not present, the user is removing it.
    """
    alice, bob, carl = three(server)
    alice.ask("AWAY :at lunch", "AWAY :asleep", "AWAY")
    assert bob.heard() == [":alice AWAY :at lunch", ":alice AWAY asleep", ":alice AWAY"]
    assert carl.heard() == []


def test_what_changes_nothing_is_not_told(server: Server) -> None:
    alice, bob, _ = three(server)
    alice.ask("AWAY :x", "AWAY :x", "AWAY", "AWAY")
    assert bob.heard() == [":alice AWAY x", ":alice AWAY"]


def test_those_who_share_no_channel_hear_nothing_of_it(server: Server) -> None:
    alice, bob = server.client("alice"), server.client("bob", "away-notify")
    server.channel("#a", alice)
    server.channel("#b", bob)
    alice.ask("AWAY :x")
    assert bob.heard() == []


def test_who_joins_while_away(server: Server) -> None:
    """... as well as when a user joins and has an away message set. (AWAY will not be sent for
    joining users with no away message set.)
    """
    alice, bob, carl = three(server)
    dora, emil = server.client("dora"), server.client("emil")
    dora.ask("AWAY :already", "JOIN #a")
    emil.ask("JOIN #a")
    assert bob.heard() == [":dora JOIN #a", ":dora AWAY already", ":emil JOIN #a"]
    assert carl.heard() == alice.heard() == [":dora JOIN #a", ":emil JOIN #a"]


def test_ones_own_is_answered_not_notified(server: Server) -> None:
    _, bob, _ = three(server)
    assert bob.ask("AWAY :x") == ["306 bob :You have been marked as being away"]
