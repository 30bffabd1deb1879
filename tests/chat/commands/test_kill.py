"""KILL (modern.ircdocs.horse, KILL message)."""

from __future__ import annotations

import pytest

from tests.chat.commands.operators import CONFIG, operator
from tests.chat.pair import OpenServer, Server


@pytest.fixture
def server(open_server: OpenServer) -> Server:
    return open_server(config=CONFIG)


def test_an_operator_parts_with_a_user(server: Server) -> None:
    """The KILL command is used to close the connection between a given client and the server they
    are connected to. When a client is removed as the result of a KILL message, the server SHOULD
    add the nickname to the list of available nicknames.
    """
    root, alice, bob = operator(server.client("root")), server.client("alice"), server.client("bob")
    server.channel("#a", alice, bob)
    assert root.ask("KILL Alice :bad manners") == []
    assert alice.heard() == [
        ":root KILL alice :bad manners",
        "ERROR :Closing link (127.0.0.1): Killed (root (bad manners))",
    ]
    assert alice.closed
    assert bob.heard() == [":alice QUIT :Killed (root (bad manners))"]
    server.client("alice")


def test_without_a_reason(server: Server) -> None:
    root, alice = operator(server.client("root")), server.client("alice")
    root.ask("KILL alice")
    assert alice.heard()[0] == ":root KILL alice :no reason given"


@pytest.mark.parametrize("target", ["alice", "bob", "nobody"])
def test_others_may_not(server: Server, target: str) -> None:
    """ERR_NOPRIVILEGES (481), whoever it is asked of."""
    alice, bob = server.client("alice"), server.client("bob")
    refused = "481 alice :Permission Denied- You're not an IRC operator"
    assert alice.ask(f"KILL {target} :x") == [refused]
    assert bob.sync() == []


def test_who_is_not_here(server: Server) -> None:
    root = operator(server.client("root"))
    assert root.ask("KILL nobody") == ["401 root nobody :No such nick/channel"]
    assert root.ask("KILL XCHAT.local") == ["483 root :You cannot kill a server"]
    assert root.ask("KILL") == ["461 root KILL :Not enough parameters"]


def test_oneself(server: Server) -> None:
    root = operator(server.client("root"))
    assert root.ask("KILL root :bye")[-1].startswith("ERROR ")
    assert root.closed
