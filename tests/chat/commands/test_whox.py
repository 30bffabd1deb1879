"""WHOX: WHO with fields (IRCv3 whox)."""

from __future__ import annotations

import pytest

from tests.chat.pair import Server

END = "315 bob {} :End of WHO list"
ALL = "123 * ~alice 127.0.0.1 127.0.0.1 xchat.local alice H 0 5 0 n/a :alice's name"


@pytest.mark.parametrize("fields", ["tcuihsnfdlaor", "roaldfnshiuct", "ttcuihsnfdlaorxyz"])
def test_all_fields_in_the_one_order(server: Server, fields: str) -> None:
    """Servers MUST NOT rely on the ordering of the fields. Servers MUST send the fields in the
    order specified above, and MUST ignore any non-standard field they don't support.
    """
    _, bob = server.client("alice"), server.client("bob")
    server.pass_time(5)
    assert bob.ask(f"WHO alice %{fields},123") == [f"354 bob {ALL}", END.format("alice")]


def test_exactly_the_fields_asked_for(server: Server) -> None:
    """Exactly the fields requested by the client MUST be returned by the server."""
    _, bob = server.client("alice"), server.client("bob")
    assert bob.ask("WHO alice %tn,321") == ["354 bob 321 alice", END.format("alice")]
    assert bob.ask("WHO alice %na") == ["354 bob alice 0", END.format("alice")]
    assert bob.ask("WHO alice %r") == ["354 bob :alice's name", END.format("alice")]


@pytest.mark.parametrize("token", ["", ",", ",1234", ",x", ",1 2"])
def test_a_token_that_is_none(server: Server, token: str) -> None:
    """The token MUST contain only digit characters and MUST contain at most 3 characters."""
    bob = server.client("bob")
    assert bob.ask(f"WHO bob :%tn{token}") == ["354 bob 0 bob", END.format("bob")]


def test_a_channel(server: Server) -> None:
    """Servers MUST NOT send RPL_WHOREPLY replies."""
    alice, bob = server.client("alice"), server.client("bob", "multi-prefix")
    server.channel("#a", alice, bob)
    alice.ask("AWAY :x", "MODE #a +v alice", "MODE alice +B")
    bob.heard()
    assert bob.ask("WHO #A %cnf") == [
        "354 bob #a alice G@+B",
        "354 bob #a bob H",
        END.format("#A"),
    ]


def test_flags_before_the_percent_sign(server: Server) -> None:
    """Servers MAY support additional non-standard flags before the percent character."""
    _, bob = server.client("alice"), server.client("bob")
    assert bob.ask("WHO * o%n") == [END.format("*")]


def test_the_account(server: Server) -> None:
    """`0` is used for [account] when the user is logged out."""
    server.client("alice", account=server.account("Alice"))
    bob = server.client("bob")
    assert bob.ask("WHO alice %na")[0] == "354 bob alice Alice"
