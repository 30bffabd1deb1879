"""Who may do what in a channel: ranks, and what each of them may (chat/apply/ranks.py)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.chat.pair import Client, Server, commands
from xchat.chat.modes import ROLE_OF

People = Callable[[str, str], tuple[Client, Client]]


@pytest.fixture
def people(server: Server) -> People:
    """Return a function that puts two people with these roles (letters, or `-`) into #a."""

    def put(one: str, other: str) -> tuple[Client, Client]:
        clients = server.client("alice"), server.client("bob")
        server.channel("#a", *clients)
        for client, letter in zip(clients, (one, other), strict=True):
            bit = ROLE_OF[letter].bit if letter in ROLE_OF else 0
            server.hub.state.put_member("#a", client.session.uid, bit)
        return clients

    return put


LADDER = "qaohv-"


@pytest.mark.parametrize("one", LADDER)
@pytest.mark.parametrize("other", LADDER)
def test_who_kicks_whom(people: People, one: str, other: str) -> None:
    """Halfops and above remove those below them; operators and above also their equals."""
    alice, bob = people(one, other)
    above, below = LADDER.index(one), LADDER.index(other)
    may = one in "qaoh" and (above < below or (one == other and one in "qao"))
    assert commands(alice.read("KICK #a bob")) == (["KICK"] if may else ["482"])
    assert commands(bob.read()) == (["KICK"] if may else [])


@pytest.mark.parametrize(
    ("one", "gives"), [("q", "qaohv"), ("a", "ohv"), ("o", "ohv"), ("h", "v"), ("v", ""), ("-", "")]
)
def test_who_gives_what(people: People, one: str, gives: str) -> None:
    alice, bob = people(one, "-")
    given = [
        letter
        for letter in LADDER[:-1]
        if commands(alice.read(f"MODE #a +{letter} bob")) == ["MODE"]
    ]
    assert "".join(given) == gives
    assert len(bob.read()) == len(gives)


@pytest.mark.parametrize("letter", "qaohv")
def test_everyone_may_lay_down_what_they_are(people: People, letter: str) -> None:
    alice, _ = people(letter, "-")
    assert alice.ask(f"MODE #a -{letter} alice") == [f":alice MODE #a -{letter} alice"]
    assert commands(alice.read(f"MODE #a +{letter} alice")) == ["482"]


def test_nothing_is_taken_from_who_stands_higher(people: People) -> None:
    alice, bob = people("o", "q")
    above = "You're not channel operator enough: they stand as high as you or higher"
    bob.ask("MODE #a +v bob")
    alice.heard()
    assert alice.ask("MODE #a -v bob") == [f"482 alice #a :{above}"]
    assert alice.ask("MODE #a -q bob") == ["482 alice #a :You're not channel operator"]
    assert alice.ask("KICK #a bob") == [f"482 alice #a :{above}"]


def test_what_a_halfop_may(server: Server, people: People) -> None:
    """Halfops: voices, bans, the topic under +t, invitations under +i."""
    alice, bob = people("h", "-")
    server.client("carl")
    assert alice.ask("MODE #a +v bob") == [":alice MODE #a +v bob"]
    assert alice.ask("MODE #a -v+b bob evil") == [":alice MODE #a -v+b bob evil!*@*"]
    assert alice.ask("TOPIC #a :mine") == [":alice TOPIC #a mine"]
    refused = ["482 alice #a :You're not channel operator"]
    for change in ("+e x", "+I x", "+k x", "+l 5", "+i", "+m", "-n", "+s", "-t", "+R", "+h bob"):
        assert alice.ask(f"MODE #a {change}") == refused
    bob.heard()
    server.hub.state.put_member("#a", bob.session.uid, ROLE_OF["o"].bit)
    bob.ask("MODE #a +i")
    assert alice.ask("INVITE carl #a")[1:] == ["341 alice carl #a"]


def test_who_lost_the_rank_in_the_same_turn_changes_nothing(server: Server) -> None:
    """The log decides: a change is judged again in its place."""
    alice, bob = server.client("alice"), server.client("bob")
    server.channel("#a", alice, bob)
    alice.ask("MODE #a +o bob")
    bob.heard()
    alice.send("MODE #a -o bob")
    bob.send("MODE #a +mb x")
    assert bob.heard() == [":alice MODE #a -o bob", "482 bob #a :You're not channel operator"]
