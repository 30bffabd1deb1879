"""TIME (modern.ircdocs.horse, Server queries)."""

from __future__ import annotations

from tests.chat.pair import Server


def test_time(server: Server) -> None:
    """RPL_TIME (391): "<client> <server> ... :<human-readable time>"."""
    assert server.client("alice").ask("TIME") == ["391 alice xchat.local 2025-06-15T15:06:40.000Z"]
