"""WALLOPS (modern.ircdocs.horse, WALLOPS message)."""

from __future__ import annotations

from tests.chat.commands.operators import CONFIG, operator
from tests.chat.pair import OpenServer


def test_it_reaches_those_who_want_it(open_server: OpenServer) -> None:
    """The WALLOPS command is used to send a message to all currently connected users who have set
    the 'w' user mode for themselves. Servers MAY echo WALLOPS messages to their sender.
    """
    server = open_server(config=CONFIG)
    root, alice, bob = (server.client(nick) for nick in ("root", "alice", "bob"))
    alice.ask("MODE alice +w")
    operator(root)
    assert root.ask("WALLOPS :hi everyone") == [":root WALLOPS :hi everyone"]
    assert alice.heard() == [":root WALLOPS :hi everyone"]
    assert bob.heard() == []
    assert root.ask("WALLOPS :") == ["412 root :No text to send"]


def test_of_operators_only(open_server: OpenServer) -> None:
    """ERR_NOPRIVILEGES (481)."""
    alice = open_server().client("alice")
    refused = "481 alice :Permission Denied- You're not an IRC operator"
    assert alice.ask("WALLOPS :hi everyone") == [refused]
    assert alice.ask("WALLOPS") == ["461 alice WALLOPS :Not enough parameters"]
