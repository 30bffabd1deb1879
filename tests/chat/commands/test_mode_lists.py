"""Bans, exceptions, invitations by mask, and mutes (modern.ircdocs.horse, Channel Modes)."""

from __future__ import annotations

import pytest

from tests.chat.pair import Client, OpenServer, Server, commands
from xchat.limits import MASK_BYTES_MAX


@pytest.fixture
def alice(server: Server) -> Client:
    """The operator of #a."""
    alice = server.client("alice")
    server.channel("#a", alice)
    return alice


@pytest.mark.parametrize(
    ("letter", "row", "ending"),
    [
        ("b", "367", "368 alice #a :End of channel ban list"),
        ("e", "348", "349 alice #a :End of channel exception list"),
        ("I", "346", "347 alice #a :End of channel invite exception list"),
    ],
)
def test_lists_are_told(server: Server, alice: Client, letter: str, row: str, ending: str) -> None:
    """If a type A mode has been sent without an argument, the contents of the list MUST be sent to
    the user, unless it contains sensitive information the user is not allowed to access.
    """
    when = server.now_ms // 1000
    assert alice.ask(f"MODE #a +{letter} bob") == [f":alice MODE #a +{letter} bob!*@*"]
    told = [f"{row} alice #a bob!*@* alice {when}", ending]
    assert alice.ask(f"MODE #a {letter}") == alice.ask(f"MODE #a +{letter}") == told
    assert alice.ask(f"MODE #a -{letter} BOB") == [f":alice MODE #a -{letter} bob!*@*"]
    assert alice.ask(f"MODE #a +{letter} :") == [ending]


def test_several_lists_at_once_and_the_friends_of_a_channel_to_members_only(
    server: Server, alice: Client
) -> None:
    alice.ask("MODE #a +beI x y z")
    rows = commands(alice.read("MODE #a Ibeb"))
    assert rows == ["346", "347", "367", "368", "348", "349"]
    stranger = server.client("bob")
    assert commands(stranger.read("MODE #a b")) == ["367", "368"]
    for letter in "eI":
        assert stranger.ask(f"MODE #a {letter}") == ["442 bob #a :You're not on that channel"]


def test_an_exception_lets_in_and_lets_speak(server: Server, alice: Client) -> None:
    """Users who match an exception may join the channel and send messages, ban or not."""
    alice.ask("MODE #a +b *!*@127.0.0.1")
    bob, carl = server.client("bob"), server.client("carl")
    alice.ask("MODE #a +e bob")
    assert commands(carl.read("JOIN #a")) == ["474"]
    assert commands(bob.read("JOIN #a"))[0] == "JOIN"
    assert bob.ask("PRIVMSG #a :here") == []
    alice.ask("MODE #a -e bob")
    bob.heard()
    assert commands(bob.read("PRIVMSG #a :gone")) == ["404"]


def test_an_invitation_by_mask_passes_invite_only_and_nothing_else(
    server: Server, alice: Client
) -> None:
    """INVEX: clients matching the mask may join an invite-only channel without an invitation."""
    bob, carl = server.client("bob"), server.client("carl")
    alice.ask("MODE #a +iI bob")
    assert commands(carl.read("JOIN #a")) == ["473"]
    assert commands(bob.read("JOIN #a"))[0] == "JOIN"
    bob.ask("PART #a")
    alice.ask("MODE #a +k key")
    assert commands(bob.read("JOIN #a")) == ["475"]
    alice.ask("MODE #a -k+b * bob")
    assert commands(bob.read("JOIN #a")) == ["474"]
    alice.ask("MODE #a -b-I bob bob")
    assert commands(bob.read("JOIN #a")) == ["473"]


# -- mutes ------------------------------------------------------------------------------------


def test_a_mute_silences_and_does_not_ban(server: Server, alice: Client) -> None:
    """EXTBAN=,m: `m:` before a mask lets in, and not speak; a role is above it."""
    assert alice.ask("MODE #a +b m:BOB") == [":alice MODE #a +b m:BOB!*@*"]
    bob = server.client("Bob")
    assert commands(bob.read("JOIN #a"))[0] == "JOIN"
    assert commands(bob.read("PRIVMSG #a :mm")) == ["404"]
    alice.ask("MODE #a +v bob")
    bob.heard()
    assert bob.ask("PRIVMSG #a :aah") == []
    alice.ask("MODE #a -vb bob m:bob!*@*")
    bob.heard()
    assert bob.ask("PRIVMSG #a :aah") == []


@pytest.mark.parametrize(
    ("ban", "exception", "joins", "speaks"),
    [
        ("m:bob", "m:*!~bob@*", True, True),
        ("m:bob", "bob", True, True),
        ("bob", "m:bob", False, False),
        ("bob", "bob", True, True),
        ("m:bob", "m:carl", True, False),
    ],
)
def test_what_each_exception_lifts(
    server: Server, alice: Client, ban: str, exception: str, *, joins: bool, speaks: bool
) -> None:
    alice.ask(f"MODE #a +be {ban} {exception}")
    bob = server.client("bob")
    assert commands(bob.read("JOIN #a"))[0] == ("JOIN" if joins else "474")
    alice.ask(f"MODE #a -b {ban}", "INVITE bob #a", f"MODE #a +b {ban}")
    bob.ask("JOIN #a")
    assert commands(bob.read("PRIVMSG #a :me")) == ([] if speaks else ["404"])


@pytest.mark.parametrize("mask", ["m:", "m:m:x", "m:a\x1b", "m: x", f"m:{'x' * MASK_BYTES_MAX}"])
@pytest.mark.parametrize("letter", "be")
def test_mutes_that_are_none(alice: Client, letter: str, mask: str) -> None:
    """ERR_INVALIDMODEPARAM (696): "<client> <target> <mode char> <parameter> :<description>"."""
    (refused,) = alice.read(f"MODE #a +{letter} {mask}")
    assert (refused.command, *refused.params[1:3]) == ("696", "#a", letter)


def test_an_invitation_cannot_mute(alice: Client) -> None:
    assert commands(alice.read("MODE #a +I m:bob")) == ["696"]


# -- how many ---------------------------------------------------------------------------------


def test_the_lists_are_counted_together(open_server: OpenServer) -> None:
    """MAXLIST=beI:<limit>: the limit of these lists combined."""
    alice = open_server(bans_per_channel_max=3).client("alice")
    alice.ask("JOIN #a", "MODE #a +beI one two three")
    for letter in "beI":
        assert alice.ask(f"MODE #a +{letter} four") == [
            f"478 alice #a {letter} :Channel list is full"
        ]


def test_two_operators_in_one_turn_do_not_pass_the_limit(open_server: OpenServer) -> None:
    server = open_server(bans_per_channel_max=3)
    alice, bob = server.client("alice"), server.client("bob")
    server.channel("#a", alice, bob)
    alice.ask("MODE #a +o bob")
    bob.heard()
    alice.send("MODE #a +bb one two")
    bob.send("MODE #a +bbb ONE three four")
    assert bob.heard() == [
        ":alice MODE #a +bb one!*@* two!*@*",
        "478 bob #a b :Channel list is full",
        ":bob MODE #a +b three!*@*",
    ]
    assert len(server.hub.state.channels["#a"].bans) == 3


def test_lists_survive_a_restart(open_server: OpenServer) -> None:
    alice = open_server().client("alice")
    alice.ask("JOIN #a", "PRIVMSG #a :hi", "MODE #a +beIm x m:y z")
    before = open_server().hub.state.channels["#a"]
    again = [entry.mask for entry in (*before.bans, *before.exceptions, *before.invexes)]
    assert again == ["x!*@*", "m:y!*@*", "z!*@*"]
