"""NOTICE (modern.ircdocs.horse, NOTICE message; RFC 2812, 3.3.2)."""

from __future__ import annotations

import pytest

from tests.chat.pair import Server
from xchat.chat.events import UserQuit


def test_it_is_told_as_a_message_is(server: Server) -> None:
    alice, bob = server.client("alice"), server.client("bob")
    server.channel("#a", alice, bob)
    assert alice.ask("NOTICE #a,bob :hello there") == []
    assert bob.heard() == [":alice NOTICE #a :hello there", ":alice NOTICE bob :hello there"]


@pytest.mark.parametrize(
    "line",
    [
        "NOTICE",
        "NOTICE bob",
        "NOTICE bob :",
        "NOTICE nobody :hi",
        "NOTICE #nowhere :hi",
        "NOTICE #a :hi",
        "NOTICE a,b,c,d,e :hi",
        f"NOTICE bob :{'x' * 490}",
        "NOTICE , :hi",
    ],
)
def test_it_is_never_answered(server: Server, line: str) -> None:
    """Automatic replies MUST NEVER be sent in response to a NOTICE message. This rule applies to
    servers too - they MUST NOT send any error reply back to the client on receipt of a notice.
    """
    alice, bob, carl = (server.client(nick) for nick in ("alice", "bob", "carl"))
    server.channel("#a", carl)
    bob.ask("AWAY :x")
    assert alice.ask(line) == []
    assert bob.heard() == carl.heard() == []


def test_not_even_by_the_log(server: Server) -> None:
    """A notice that is refused at its place in the log is not answered either."""
    alice, bob = server.client("alice"), server.client("bob")
    quit_ = UserQuit(uid=bob.session.uid, reason="gone")
    server.hub.ledger.append_own(bob.session.uid, quit_)
    assert alice.ask("NOTICE bob :hi") == []


def test_nor_by_who_is_away(server: Server) -> None:
    alice, bob = server.client("alice"), server.client("bob")
    bob.ask("AWAY :x")
    assert alice.ask("NOTICE bob :hi") == []
    assert bob.heard() == [":alice NOTICE bob hi"]
