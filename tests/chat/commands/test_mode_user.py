"""MODE of users (modern.ircdocs.horse, User mode)."""

from __future__ import annotations

import msgspec
import pytest

from tests.chat.pair import OpenServer, Server
from xchat.config import Config
from xchat.config.settings import Server as ServerSettings
from xchat.limits import ACCEPTS_MAX


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


def test_whom_one_accepts_may_talk_to_one(server: Server) -> None:
    """ACCEPT authorizes somebody to send direct messages, overriding mode R; `-` takes it back."""
    alice, bob = server.client("alice"), server.client("bob")
    alice.ask("MODE alice +R")
    assert alice.ask("ACCEPT bob,bob,alice") == []
    assert alice.ask("ACCEPT") == ["281 alice :bob alice", "282 alice :End of /ACCEPT list"]
    assert bob.ask("PRIVMSG alice :hey") == []
    assert alice.heard() == [":bob PRIVMSG alice hey"]
    assert alice.ask("ACCEPT -BOB,nobody") == ["401 alice nobody :No such nick/channel"]
    assert "477" in bob.ask("PRIVMSG alice :hey")[0]
    bob.drop()
    assert alice.ask("ACCEPT *") == ["281 alice alice", "282 alice :End of /ACCEPT list"]


def test_whom_one_addresses_may_answer(server: Server) -> None:
    alice, bob = server.client("alice"), server.client("bob")
    alice.ask("MODE alice +R", "PRIVMSG bob :hey", "PRIVMSG bob :there")
    assert bob.ask("PRIVMSG alice :yes?") == [":alice PRIVMSG bob hey", ":alice PRIVMSG bob there"]
    assert alice.heard() == [":bob PRIVMSG alice yes?"]


def test_so_many_are_accepted_and_no_more(server: Server) -> None:
    alice = server.client("alice")
    for number in range(ACCEPTS_MAX + 1):
        server.client(f"n{number}")
        alice.ask(f"ACCEPT n{number}")
    listed = " ".join(line.params[1] for line in alice.read("ACCEPT")[:-1]).split()
    assert listed == [f"n{number}" for number in range(1, ACCEPTS_MAX + 1)]


def test_no_ctcp(server: Server) -> None:
    """Mode T: CTCP is blocked; what is meant to be read goes through."""
    bar, qux = server.client("bar"), server.client("qux")
    qux.ask("PRIVMSG bar :\x01VERSION\x01")
    assert bar.heard() == [":qux PRIVMSG bar \x01VERSION\x01"]
    assert bar.ask("MODE bar +T") == [":bar MODE bar +T"]
    refused = ["531 qux bar :They want no CTCP (mode T)"]
    assert qux.ask("PRIVMSG bar :\x01VERSION\x01", "NOTICE bar :\x01VERSION x\x01") == refused
    qux.ask("PRIVMSG bar :\x01ACTION waves\x01")
    assert bar.heard() == [":qux PRIVMSG bar :\x01ACTION waves\x01"]


def test_modes_of_everybody_who_comes(open_server: OpenServer) -> None:
    """RPL_UMODEIS (221): sent to a client to inform that client of their currently-set user
    modes.
    """
    server = open_server(config=Config(server=ServerSettings(default_user_modes="iR")))
    alice = server.connect()
    welcome = alice.ask("NICK alice", "USER alice 0 * :Alice")
    assert "221 alice +Ri" in welcome
    assert "251 alice :There are 0 users and 1 invisible on 1 server" in welcome
    assert alice.ask("MODE alice -i") == [":alice MODE alice -i"]


@pytest.mark.parametrize("modes", ["o", "io", "x", "i\n"])
def test_nobody_is_an_operator_by_default(modes: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"server": {"default_user_modes": modes}}, Config)
