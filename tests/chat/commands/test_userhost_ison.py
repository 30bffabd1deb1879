"""USERHOST and ISON (modern.ircdocs.horse; RFC 2812, 4.8 and 4.9)."""

from __future__ import annotations

from tests.chat.pair import Server


def test_userhost(server: Server) -> None:
    """The USERHOST command takes up to five nicknames, each a separate parameter.
    RPL_USERHOST (302): "<client> :[<reply>{ <reply>}]".
    """
    alice = server.client("alice")
    for nick in ("b", "c", "d", "e", "f"):
        server.client(nick)
    server.client("g").ask("AWAY :x")
    assert alice.ask("USERHOST nobody G") == ["302 alice g=-~g@127.0.0.1"]
    (reply,) = alice.read("USERHOST b c d e f g")
    assert [word.partition("=")[0] for word in reply.params[1].split()] == ["b", "c", "d", "e", "f"]
    assert alice.ask("USERHOST nobody") == ["302 alice :"]
    assert alice.ask("USERHOST") == ["461 alice USERHOST :Not enough parameters"]


def test_ison(server: Server) -> None:
    """RPL_ISON (303): "<client> :[<nickname>{ <nickname>}]"."""
    alice, _ = server.client("alice"), server.client("Bob")
    assert alice.ask("ISON nobody ALICE bob") == ["303 alice :alice Bob"]
    assert alice.ask("ISON :nobody ALICE bob") == ["303 alice :alice Bob"]
    assert alice.ask("ISON nobody") == ["303 alice :"]
    assert alice.ask("ISON") == ["461 alice ISON :Not enough parameters"]
