"""SETNAME (IRCv3 setname)."""

from __future__ import annotations

import pytest

from tests.chat.pair import Client, Server


def realname(client: Client, nick: str) -> str:
    """Return the real name that WHOIS tells."""
    return client.read(f"WHOIS {nick}")[0].params[-1]


def test_it_is_confirmed_and_told_to_common_channels(server: Server) -> None:
    """They MUST send the server-to-client version of the SETNAME message to all clients in common
    channels, as well as to the client from which it originated. The SETNAME message MUST NOT be
    sent to clients which do not have the capability negotiated.
    """
    alice, bob = server.client("alice", "setname"), server.client("bob", "setname")
    carl, dora = server.client("carl"), server.client("dora", "setname")
    server.channel("#a", alice, bob, carl)
    server.channel("#b", alice, bob)
    assert alice.ask("SETNAME :ალისა ლიდელი 🐇") == [":alice SETNAME :ალისა ლიდელი 🐇"]
    assert bob.heard() == [":alice SETNAME :ალისა ლიდელი 🐇"]
    assert carl.heard() == dora.heard() == []
    assert realname(carl, "alice") == "ალისა ლიდელი 🐇"


def test_without_the_capability_it_is_done_in_silence(server: Server) -> None:
    """If a client sends a SETNAME command without having negotiated the capability, the server
    SHOULD handle it silently, as the historic implementations did.
    """
    alice = server.client("alice")
    assert alice.ask("SETNAME Liddell") == []
    assert realname(alice, "alice") == "Liddell"


@pytest.mark.parametrize("name", ["", " ", "x" * 151, "ა" * 51, "\u202e"])
def test_what_is_no_name(server: Server, name: str) -> None:
    """The server MUST use the FAIL spec to notify the client of failed SETNAME commands:
    FAIL SETNAME INVALID_REALNAME :Realname is not valid.
    """
    alice = server.client("alice", "setname")
    before = realname(alice, "alice")
    assert alice.ask(f"SETNAME :{name}") == [
        "FAIL SETNAME INVALID_REALNAME :A real name has from 1 to 150 bytes"
    ]
    assert realname(alice, "alice") == before


def test_at_its_longest(server: Server) -> None:
    """The NAMELEN parameter."""
    alice = server.client("alice", "setname")
    assert alice.ask(f"SETNAME :{'ა' * 50}") == [f":alice SETNAME {'ა' * 50}"]


def test_without_a_name(server: Server) -> None:
    assert server.client("alice").ask("SETNAME") == ["461 alice SETNAME :Not enough parameters"]
