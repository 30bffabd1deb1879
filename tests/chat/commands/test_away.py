"""AWAY (modern.ircdocs.horse, AWAY message)."""

from __future__ import annotations

from tests.chat.pair import Server

GONE, BACK = (
    "306 alice :You have been marked as being away",
    ("305 alice :You are no longer marked as being away"),
)


def test_away_and_back(server: Server) -> None:
    """The server acknowledges the change in away status by returning the RPL_NOWAWAY and
    RPL_UNAWAY numerics.
    """
    alice = server.client("alice")
    assert alice.ask("AWAY :at lunch") == [GONE]
    assert alice.ask("AWAY") == [BACK]
    assert alice.ask("AWAY :x", "AWAY :", "AWAY") == [GONE, BACK, BACK]


def test_who_writes_to_them_is_told(server: Server) -> None:
    """RPL_AWAY, with the away message, when a PRIVMSG command is directed at the away user (not to
    a channel they are on); in replies to WHOIS messages; in the RPL_USERHOST numeric.
    """
    alice, bob = server.client("alice"), server.client("bob")
    server.channel("#a", alice, bob)
    assert bob.ask("PRIVMSG alice :hi", "USERHOST alice") == ["302 bob alice=+~alice@127.0.0.1"]
    alice.ask("AWAY :at lunch")
    away = "301 bob alice :at lunch"
    assert bob.ask("PRIVMSG alice :hi") == [away]
    assert bob.ask("PRIVMSG #a :hi") == []
    assert away in bob.ask("WHOIS alice")
    assert bob.ask("USERHOST alice") == ["302 bob alice=-~alice@127.0.0.1"]
    alice.ask("AWAY")
    assert bob.ask("PRIVMSG alice :hi") == []


def test_as_long_as_announced_and_clean(server: Server) -> None:
    """The AWAYLEN parameter."""
    alice, bob = server.client("alice"), server.client("bob")
    alice.ask(f"AWAY :\x1b{'ა' * 67}")
    assert bob.read("PRIVMSG alice :hi")[0].params[2] == "ა" * 66


def test_it_ends_with_the_connection(server: Server) -> None:
    server.client("alice").ask("AWAY :x", "QUIT")
    server.client("alice")
    assert server.client("bob").ask("PRIVMSG alice :hi") == []
