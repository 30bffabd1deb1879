"""NICK (modern.ircdocs.horse, NICK message), and what a nick may be (RFC 8265, UTS #39)."""

from __future__ import annotations

import pytest

from tests.chat.pair import Client, Server, commands

GOOD = (
    "a",
    "Alice",
    "[\\]{}|^_`",
    "x" * 30,
    "გიორგი",
    "მარიამ2",
    "Ἀλέξανδρος",
    "Жанна",
    "李雷",
    "a-b",
)
BAD = (
    "*",
    "#a",
    "1a",
    "a!b",
    "a@b",
    "a.b",
    "a,b",
    "~a",
    "@a",
    "+a",
    "-a",
    "$a",
    "x" * 31,
    "a\u200bb",
    "a\u202eb",
    "a\x1bb",
    "a\x07",
    "\u2066a\u2069",
    "a\u00adb",
    "👩‍👩‍👧",
    "אa",
)


@pytest.fixture
def alice(server: Server) -> Client:
    return server.client("alice")


@pytest.mark.parametrize("nick", GOOD)
def test_good_nicks(alice: Client, nick: str) -> None:
    """Servers MUST allow at least all alphanumerical characters, square and curly brackets,
    backslashes, and pipe characters in nicknames, and MAY disallow digits as the first character.
    """
    if nick.lower() != "alice":
        assert alice.ask(f"NICK {nick}") == [f":alice NICK {nick}"]


@pytest.mark.parametrize("nick", BAD, ids=ascii)
def test_bad_nicks(alice: Client, nick: str) -> None:
    """ERR_ERRONEUSNICKNAME (432): the words say the rule, and carry nothing that controls."""
    (refused,) = alice.read(f"NICK {nick}")
    assert refused.command == "432"
    assert refused.params[1] in (nick, "*")
    assert refused.params[-1].isprintable()
    assert alice.nick == "alice"


def test_none_given(alice: Client) -> None:
    """ERR_NONICKNAMEGIVEN (431)."""
    assert alice.ask("NICK") == alice.ask("NICK :") == ["431 alice :No nickname given"]


def test_those_who_share_a_channel_hear_it_once(server: Server, alice: Client) -> None:
    """The source of the message will be the old nickname [ [ "!" user ] "@" host ]."""
    bob, carl = server.client("bob"), server.client("carl")
    server.channel("#a", alice, bob)
    server.channel("#b", alice, bob)
    assert alice.ask("NICK ალისა") == [":alice NICK ალისა"]
    assert bob.heard() == [":alice NICK ალისა"]
    assert carl.heard() == []
    alice.ask("PRIVMSG #a :it is me")
    assert bob.heard() == [":ალისა PRIVMSG #a :it is me"]


def test_a_change_of_case_is_a_change(server: Server, alice: Client) -> None:
    bob = server.client("bob")
    server.channel("#a", alice, bob)
    assert alice.ask("NICK ALICE") == [":alice NICK ALICE"] == bob.heard()
    assert alice.ask("NICK ALICE") == [] == bob.heard()


def test_in_use(server: Server, alice: Client) -> None:
    """If the server receives a NICK command where the desired nickname is already in use on the
    network, it should issue an ERR_NICKNAMEINUSE numeric and ignore the NICK command.
    """
    bob = server.client("bob")
    assert bob.ask("NICK aLiCe") == ["433 bob aLiCe :Nickname is already in use"]
    assert alice.ask("PRIVMSG bob :still you?") == []
    assert bob.heard() == [":alice PRIVMSG bob :still you?"]


@pytest.mark.parametrize(
    ("taken", "alike"),
    [("paypal", "раураl"), ("Henry", "Ηenry"), ("გიგა", "გიგa"), ("ALICE2", "аlice2")],
)
def test_look_alikes_of_a_taken_nick_are_refused(server: Server, taken: str, alike: str) -> None:
    server.client(taken)
    other = server.client("other")
    answer = other.read(f"NICK {alike}")
    if commands(answer) == ["433"]:
        assert taken in answer[0].params[-1]
    else:
        assert alike == "გიგa", "two letters that differ to the eye"


def test_ones_own_look_alike_is_free(server: Server) -> None:
    alice = server.client("paypaI")
    assert alice.ask("NICK paypal") == [":paypaI NICK paypal"]


def test_two_who_claim_a_nick_in_one_turn(server: Server, alice: Client) -> None:
    bob = server.client("bob")
    alice.send("NICK carl")
    bob.send("NICK carl", "NICK dora")
    assert alice.heard() == [":alice NICK carl"]
    assert bob.heard() == ["433 bob carl :Nickname is already in use", ":bob NICK dora"]


def test_width_and_composition_fold(server: Server) -> None:
    """Names fold by PRECIS, UsernameCaseMapped (RFC 8265, 3.3)."""
    server.client("café")
    bob = server.client("bob")
    assert commands(bob.read("NICK cafe\u0301")) == ["433"]
    assert commands(bob.read("NICK ｃａｆé")) in (["433"], ["432"])
