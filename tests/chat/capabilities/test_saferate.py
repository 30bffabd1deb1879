"""SAFERATE (modern.ircdocs.horse, RPL_ISUPPORT Parameters)."""

from __future__ import annotations

from tests.chat.pair import OpenServer


def test_who_sends_too_fast_is_never_ended_for_it(open_server: OpenServer) -> None:
    """The server ensures that no client can be disconnected for the rate at which it sends: all is
    handled, later.
    """
    server = open_server(flood_burst=5, flood_lines_per_second=2)
    alice, bob = server.client("alice", exempt=False), server.client("bob")
    server.pass_time(60)
    server.quiet()
    alice.send(*(f"PRIVMSG bob :{number}" for number in range(100)))
    first = len(bob.heard())
    assert 0 < first < 100
    for _ in range(100):
        server.pass_time(1)
    assert first + len(bob.heard()) == 100
    assert not alice.closed


def test_it_is_announced(open_server: OpenServer) -> None:
    """`SAFERATE` takes no value."""
    assert " SAFERATE " in " ".join(open_server().client("alice").ask("VERSION"))
