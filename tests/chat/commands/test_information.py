"""What is asked of a server by its name: MOTD VERSION TIME INFO ADMIN LINKS."""

from __future__ import annotations

import pytest

from tests.chat.pair import Server

ASKED_OF_A_SERVER = ("MOTD", "VERSION", "TIME", "INFO", "ADMIN", "LINKS")


@pytest.mark.parametrize("command", ASKED_OF_A_SERVER)
def test_asked_of_this_server_or_of_no_other(server: Server, command: str) -> None:
    """If target is a client, the information for the server that client is connected to is
    requested. If a matching server cannot be found, the server will respond with the
    ERR_NOSUCHSERVER numeric. Wildcards are allowed.
    """
    alice, _ = server.client("alice"), server.client("bob")
    plain = alice.ask(command)
    for target in ("xchat.local", "XChat.Local", "*.local", "bob"):
        assert alice.ask(f"{command} {target}") == plain
    assert alice.ask(f"{command} nowhere.example") == ["402 alice nowhere.example :No such server"]
