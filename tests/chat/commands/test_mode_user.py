"""MODE of users (modern.ircdocs.horse, User mode)."""

from __future__ import annotations

from tests.chat.pair import Server


def test_ones_own_modes(server: Server) -> None:
    """If modestring is not given, the RPL_UMODEIS (221) numeric is sent back. If it is given, the
    supplied modes will be applied, and a MODE message will be sent to the user containing the
    changed modes.
    """
    alice = server.client("alice")
    assert alice.ask("MODE ALICE") == ["221 alice +"]
    assert alice.ask("MODE alice +i") == [":alice MODE alice +i"]
    assert alice.ask("MODE alice") == ["221 alice +i"]
    assert alice.ask("MODE alice +i") == []
    assert alice.ask("MODE alice -i") == [":alice MODE alice -i"]


def test_unknown_modes_are_named_once_and_the_known_are_set(server: Server) -> None:
    """If one or more modes sent are not implemented on the server, the server MUST apply the modes
    that are implemented, and then send the ERR_UMODEUNKNOWNFLAG (501).
    """
    alice = server.client("alice")
    answers = alice.ask("MODE alice +xiyo")
    assert sorted(answers) == ["501 alice :Unknown MODE flag", ":alice MODE alice +i"]
    assert alice.ask("MODE alice +Bw-i") == [":alice MODE alice +Bw-i"]


def test_of_others(server: Server) -> None:
    """If target is a nickname that does not exist on the network, the ERR_NOSUCHNICK (401) numeric
    is returned. If it is a different nick, the ERR_USERSDONTMATCH (502).
    """
    alice, _ = server.client("alice"), server.client("bob")
    refused = ["502 alice :Can't change mode for other users"]
    assert alice.ask("MODE bob") == alice.ask("MODE bob +i") == refused
    assert alice.ask("MODE nobody +i") == ["401 alice nobody :No such nick/channel"]


def test_nobody_makes_themselves_an_operator(server: Server) -> None:
    """If a user attempts to make themselves an operator using the +o flag, the attempt SHOULD be
    ignored (RFC 2812, 3.1.5).
    """
    alice = server.client("alice")
    assert alice.ask("MODE alice +o") == []
    assert alice.ask("MODE alice") == ["221 alice +"]


def test_only_those_who_are_logged_in_may_address_me(server: Server) -> None:
    """ERR_NEEDREGGEDNICK (477)."""
    alice, bob = server.client("alice"), server.client("bob")
    carl = server.client("carl", account=server.account("carl"))
    assert alice.ask("MODE alice +R") == [":alice MODE alice +R"]
    refused = "477 bob alice :You must be logged in to talk to them"
    assert bob.ask("PRIVMSG alice :hey", "NOTICE alice :hey") == [refused]
    carl.ask("PRIVMSG alice :hey")
    assert alice.heard() == [":carl PRIVMSG alice hey"]
    assert alice.ask("PRIVMSG alice :to myself") == [":alice PRIVMSG alice :to myself"]
