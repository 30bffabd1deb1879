"""NPC, NPCA and SCENE: channels in which a game is played (mode E)."""

from __future__ import annotations

import pytest

from tests.chat.pair import Client, Server


@pytest.fixture
def ana(server: Server) -> Client:
    ana = server.client("ana", "draft/chathistory", "batch")
    server.channel("#a", ana)
    ana.ask("MODE #a +E")
    return ana


def test_a_character_speaks(server: Server, ana: Client) -> None:
    """+E: members speak as characters; who does so hears it, as everybody else."""
    bob = server.client("bob")
    server.channel("#a", bob)
    assert ana.ask("NPC #a bilbo too much bread") == [":*bilbo* PRIVMSG #a :too much bread"]
    assert bob.heard() == [":*bilbo* PRIVMSG #a :too much bread"]
    assert bob.ask("NPCA #a გოლემი hisses") == [":*გოლემი* PRIVMSG #a :\x01ACTION hisses\x01"]
    assert bob.ask("SCENE #a dark and stormy night") == [
        ":=Scene= PRIVMSG #a :dark and stormy night"
    ]


def test_who_speaks_is_no_secret(ana: Client) -> None:
    (line,) = ana.read("NPC #a bilbo :bread")
    assert line.source == "*bilbo*!ana@character"


def test_history_has_it_as_it_was_told(ana: Client) -> None:
    ana.ask("NPC #a bilbo :bread")
    found = ana.ask("CHATHISTORY LATEST #a * 5")
    assert ":*bilbo* PRIVMSG #a bread" in found


def test_only_where_it_is_played(server: Server, ana: Client) -> None:
    """ERR_CANNOTSENDRP (573)"""
    ana.ask("MODE #a -E")
    refused = "573 ana #a :Nobody speaks as a character in this channel (mode E)"
    assert ana.ask("NPC #a bilbo :x", "SCENE #a :x") == [refused, refused]
    eve = server.client("eve")
    ana.ask("MODE #a +E-n")
    assert eve.ask("NPC #a bilbo :x") == ["442 eve #a :You're not on that channel"]
    assert eve.ask("NPC #b bilbo :x") == ["403 eve #b :No such channel"]
    ana.ask("MODE #a +m", "MODE #a -q ana", "MODE #a -o ana")
    assert ana.ask("NPC #a bilbo :x")[0].startswith("404 ")


@pytest.mark.parametrize("name", ["a!b", "a*", "a/b", "a\u202eb", "x" * 200])
def test_what_is_no_name(ana: Client, name: str) -> None:
    assert ana.ask(f"NPC #a {name} :x")[0].startswith("FAIL NPC INVALID_NICK :")


def test_no_nick_is_taken_for_a_character(server: Server) -> None:
    client = server.connect()
    for nick in ("*bilbo*", "=Scene="):
        assert client.ask(f"NICK {nick}")[0].startswith("432 ")


def test_too_little(ana: Client) -> None:
    assert ana.ask("NPC #a bilbo", "SCENE #a") == [
        "461 ana NPC :Not enough parameters",
        "461 ana SCENE :Not enough parameters",
    ]
    assert ana.ask("SCENE #a :") == ["412 ana :No text to send"]
