"""extended-monitor (IRCv3): what those who share a channel are told, for those who watch."""

from __future__ import annotations

import pytest

from tests.chat.pair import Server

CHANGES = [
    ("away-notify", "AWAY :afk", ":bob AWAY afk"),
    ("setname", "SETNAME :new name", ":bob SETNAME :new name"),
]


@pytest.mark.parametrize(("need", "line", "told"), CHANGES)
def test_with_both_capabilities_it_is_told_once(
    server: Server, need: str, line: str, told: str
) -> None:
    """If `away-notify` is also enabled, the client will get AWAY notifications for monitored nicks;
    so it is with account-notify, chghost and setname.
    """
    alice, bob = server.client("alice", "extended-monitor", need), server.client("bob")
    alice.ask("MONITOR + BOB")
    bob.ask(line)
    assert alice.heard() == [told]
    server.channel("#a", alice, bob)
    server.channel("#b", alice, bob)
    bob.ask("AWAY", "SETNAME :other", line)
    assert alice.heard().count(told) == 1


@pytest.mark.parametrize(("need", "line", "_told"), CHANGES)
def test_without_one_of_them_it_is_not(server: Server, need: str, line: str, _told: str) -> None:
    """It does nothing when the other capability is not enabled, nor without itself."""
    bob = server.client("bob")
    watchers = [server.client("alice", "extended-monitor"), server.client("carl", need)]
    for watcher in watchers:
        watcher.ask("MONITOR + bob")
    bob.ask(line)
    assert [watcher.heard() for watcher in watchers] == [[], []]


def test_who_watches_themselves_is_not_told_twice(server: Server) -> None:
    alice = server.client("alice", "extended-monitor", "setname", "away-notify")
    alice.ask("MONITOR + alice")
    assert alice.ask("SETNAME :x") == [":alice SETNAME x"]
    assert alice.ask("AWAY :x") == ["306 alice :You have been marked as being away"]
