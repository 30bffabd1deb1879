"""PRIVMSG (modern.ircdocs.horse, PRIVMSG message; RFC 2812, 3.3.1)."""

from __future__ import annotations

import pytest

from tests.chat.pair import OpenServer, Server, commands
from xchat.chat.events import UserQuit

SCRIPTS = (
    "hello there",
    "გამარჯობა, როგორ ხარ?",
    "👩‍👩‍👧 🇬🇪 ❤️",
    "مرحبا",
    "\x01ACTION waves\x01",
    ":)",
)


@pytest.mark.parametrize("text", SCRIPTS, ids=ascii)
def test_to_a_channel(server: Server, text: str) -> None:
    """PRIVMSG is used to send private messages between users, as well as to send messages to
    channels. Not a byte of the text is changed.
    """
    alice, bob, carl = (server.client(nick) for nick in ("alice", "bob", "carl"))
    server.channel("#a", alice, bob)
    assert alice.read(f"PRIVMSG #A :{text}") == []
    (heard,) = bob.read()
    assert (heard.source, heard.command, heard.params) == (alice.source, "PRIVMSG", ("#a", text))
    assert carl.read() == []


def test_to_a_user(server: Server) -> None:
    alice, bob = server.client("alice"), server.client("Bob")
    assert alice.ask("PRIVMSG bob :hey there!") == []
    assert bob.heard() == [":alice PRIVMSG Bob :hey there!"]


def test_to_oneself(server: Server) -> None:
    alice = server.client("alice")
    assert alice.ask("PRIVMSG alice :note") == [":alice PRIVMSG alice note"]


def test_to_several(server: Server) -> None:
    alice, bob, carl = (server.client(nick) for nick in ("alice", "bob", "carl"))
    server.channel("#a", alice, bob, carl)
    assert alice.ask("PRIVMSG bob,nobody,#a,bob :hi") == ["401 alice nobody :No such nick/channel"]
    assert bob.heard() == [":alice PRIVMSG bob hi", ":alice PRIVMSG #a hi"]
    assert carl.heard() == [":alice PRIVMSG #a hi"]


def test_as_many_targets_as_announced(open_server: OpenServer) -> None:
    """ERR_TOOMANYTARGETS (407)."""
    server = open_server(targets_max=2)
    alice, bob = server.client("alice"), server.client("bob")
    assert alice.ask("PRIVMSG bob,alice,carl :hi") == [
        "407 alice bob,alice,carl :Too many targets: 2 at most, and nothing was sent"
    ]
    assert bob.heard() == []
    assert alice.ask("PRIVMSG bob,alice :hi") == [":alice PRIVMSG alice hi"]


def test_what_is_missing(server: Server) -> None:
    """ERR_NORECIPIENT (411), ERR_NOTEXTTOSEND (412)."""
    alice = server.client("alice")
    assert alice.ask("PRIVMSG") == ["411 alice :No recipient given (PRIVMSG)"]
    assert alice.ask("PRIVMSG :, hi") == ["412 alice :No text to send"]
    assert alice.ask("PRIVMSG , :hi") == ["411 alice :No recipient given (PRIVMSG)"]
    assert alice.ask("PRIVMSG #a", "PRIVMSG alice :") == ["412 alice :No text to send"] * 2


def test_who_is_not_there(server: Server) -> None:
    """ERR_NOSUCHNICK (401), ERR_NOSUCHCHANNEL (403)."""
    alice = server.client("alice")
    assert alice.ask("PRIVMSG nobody :hi", "PRIVMSG #nowhere :hi") == [
        "401 alice nobody :No such nick/channel",
        "403 alice #nowhere :No such channel",
    ]


def test_what_a_line_cannot_carry_is_refused_whole(server: Server) -> None:
    """ERR_INPUTTOOLONG (417): a text that would not reach its readers whole is not sent at all."""
    alice, bob = server.client("alice"), server.client("bob")
    room = 512 - len(f":{alice.source} PRIVMSG bob :\r\n")
    assert alice.ask(f"PRIVMSG bob :{'x ' * (room // 2)}{'x' * (room % 2)}") == []
    (line,) = bob.read_raw()
    assert len(line) == 512
    assert alice.ask(f"PRIVMSG bob :{'x ' * (room // 2)}{'x' * (room % 2)}y") == [
        "417 alice :Not sent: it is 1 bytes too long for a line"
    ]
    assert bob.heard() == []


def test_a_text_is_measured_with_the_name_that_is_told(server: Server) -> None:
    """However the target is spelt: what is relayed names it as it is called."""
    alice, bob = server.client("alice"), server.client(f"ｂ{'ob' * 9}")
    wide = f"#{'ａ' * 49}"
    server.channel(wide, alice, bob)
    for typed, told in ((f"#{'a' * 49}", wide), (f"b{'ob' * 9}", bob.nick)):
        room = 512 - len(f":{alice.source} PRIVMSG {told} :\r\n".encode())
        assert alice.ask(f"PRIVMSG {typed} :{'x' * (room + 1)}") == [
            "417 alice :Not sent: it is 1 bytes too long for a line"
        ]
        assert alice.ask(f"PRIVMSG {typed} :{'x' * room}") == []
        assert bob.heard() == [f":alice PRIVMSG {told} {'x' * room}"]


def test_who_is_away_says_so(server: Server) -> None:
    """If target is a user and that user has been set as away, the server may reply with an RPL_AWAY
    (301) numeric and the command will continue.
    """
    alice, bob = server.client("alice"), server.client("bob")
    bob.ask("AWAY :not here right now")
    assert alice.ask("PRIVMSG BOB :hi") == ["301 alice bob :not here right now"]
    assert bob.heard() == [":alice PRIVMSG bob hi"]


def test_a_message_to_who_leaves_in_the_same_turn(server: Server) -> None:
    """Two claims: what the log has first counts, and both are answered."""
    alice, bob = server.client("alice"), server.client("bob")
    uid = bob.session.uid
    server.hub.ledger.append_own(uid, UserQuit(uid=uid, reason="gone"))
    assert commands(alice.read("PRIVMSG bob :hi")) == ["401"]


def test_messages_of_two_have_one_order_for_all(server: Server) -> None:
    alice, bob = server.client("alice", "echo-message"), server.client("bob", "echo-message")
    carl = server.client("carl")
    server.channel("#a", alice, bob, carl)
    for number in range(10):
        alice.send(f"PRIVMSG #a :a{number}")
        bob.send(f"PRIVMSG #a :b{number}", f"PRIVMSG #a :c{number}")
    seen = carl.heard()
    assert len(seen) == 30
    assert alice.heard() == bob.heard() == seen
