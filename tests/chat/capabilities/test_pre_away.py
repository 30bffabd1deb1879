"""draft/pre-away (ircv3.net/specs/extensions/pre-away)."""

from __future__ import annotations

from tests.chat.pair import Server

CAP = "draft/pre-away"


def test_away_is_taken_before_registration(server: Server) -> None:
    """If the capability has been negotiated, servers MUST accept the AWAY command before
    connection registration has completed.
    """
    client = server.connect()
    told = client.ask(f"CAP REQ {CAP}", "AWAY :asleep")
    assert told[-1] == "306 * :You have been marked as being away"
    client.ask("NICK ana", "USER a 0 * :a", "CAP END")
    assert server.client("bob").ask("PRIVMSG ana :x") == ["301 bob ana asleep"]


def test_without_it_registration_comes_first(server: Server) -> None:
    """451: only with the capability."""
    assert server.connect().ask("AWAY :x") == ["451 * :You have not registered"]


def test_a_star_counts_for_nobodys_presence(server: Server) -> None:
    """An away message of `*` should be treated as though the connection did not exist at all."""
    account = server.account("ana")
    person, machine = server.client("ana", account=account), server.connect()
    bob = server.client("bob", "away-notify")
    server.channel("#a", person, bob)
    machine.session.claim.account = account.aid
    machine.ask(f"CAP REQ {CAP}", "AWAY *", "NICK ana", "USER a 0 * :a", "CAP END")
    assert bob.heard() == []
    person.ask("AWAY :lunch")
    assert bob.heard() == [":ana AWAY lunch"]


def test_it_does_not_bring_back_who_is_not_connected(server: Server) -> None:
    """A client may connect without active involvement from the user."""
    account = server.account("ana", always_present=True)
    first, bob = server.client("ana", account=account), server.client("bob", "away-notify")
    server.channel("#a", first, bob)
    first.drop()
    server.quiet()
    machine = server.connect()
    machine.session.claim.account = account.aid
    machine.ask(f"CAP REQ {CAP}", "AWAY *", "NICK ana", "USER a 0 * :a", "CAP END")
    assert bob.heard() == [":ana AWAY *"]
