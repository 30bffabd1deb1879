"""Flood control slows and never drops (SAFERATE), and costs nobody else anything."""

from __future__ import annotations

import pytest

from tests.chat.pair import OpenServer, Server
from xchat.chat.flood import FloodGate
from xchat.chat.session import Session
from xchat.limits import Limits

BURST, RATE = 10, 2.0
LIMITS = Limits(flood_burst=BURST, flood_lines_per_second=RATE)


@pytest.fixture
def gate() -> FloodGate:
    return FloodGate(LIMITS)


def session(*, exempt: bool = False, tokens: float = BURST) -> Session:
    made = Session("1.1", "127.0.0.1", 0.0, exempt=exempt)
    made.tokens = tokens
    return made


def admitted(gate: FloodGate, one: Session, now: float) -> int:
    """Return how many lines in a row are let through at a moment."""
    count = 0
    while count < 1000 and gate.admits(one, now):
        gate.charge(one, 1)
        count += 1
    return count


# -- the bucket -------------------------------------------------------------------------------


def test_a_burst_then_a_steady_rate(gate: FloodGate) -> None:
    one = session()
    assert admitted(gate, one, 0.0) == BURST
    assert admitted(gate, one, 0.4) == 0
    assert admitted(gate, one, 0.5) == 1
    assert admitted(gate, one, 3.0) == 5
    assert admitted(gate, one, 1000.0) == BURST, "no more than a burst is ever saved"


def test_who_must_wait_is_told_when(gate: FloodGate) -> None:
    one = session()
    admitted(gate, one, 0.0)
    assert gate.next_release() == 0.5
    assert gate.released(0.49) == []
    assert gate.released(0.5) == [one]
    assert gate.next_release() is None


def test_a_dear_command_runs_into_debt(gate: FloodGate) -> None:
    one = session(tokens=1)
    assert gate.admits(one, 0.0)
    gate.charge(one, 3)
    assert not gate.admits(one, 1.0)
    assert gate.next_release() == 1.5
    assert gate.admits(one, 1.5)


def test_the_exempt_are_not_counted(gate: FloodGate) -> None:
    one = session(exempt=True, tokens=0)
    assert admitted(gate, one, 0.0) == 1000


def test_who_is_gone_is_forgotten(gate: FloodGate) -> None:
    one = session()
    admitted(gate, one, 0.0)
    gate.forget(one)
    gate.forget(one)
    assert gate.next_release() is None
    assert gate.released(1e6) == []


# -- on the server ----------------------------------------------------------------------------


@pytest.fixture
def slow(open_server: OpenServer) -> Server:
    server = open_server(flood_burst=BURST, flood_lines_per_second=RATE)
    server.pass_time(10)
    return server


def test_lines_wait_their_turn_and_none_is_lost(slow: Server) -> None:
    alice, bob = slow.client("alice", exempt=False), slow.client("bob")
    slow.pass_time(60)
    alice.send(*(f"PRIVMSG bob :{number}" for number in range(30)))
    first = bob.heard()
    assert len(first) == BURST
    later = []
    for _ in range(20):
        slow.pass_time(0.5)
        heard = bob.heard()
        assert len(heard) == 1
        later += heard
    assert first + later == [f":alice PRIVMSG bob {number}" for number in range(30)]
    assert not alice.closed


def test_the_others_are_not_slowed(slow: Server) -> None:
    alice, bob = slow.client("alice", exempt=False), slow.client("bob", exempt=False)
    slow.pass_time(60)
    alice.send(*(f"PING {number}" for number in range(100)))
    assert bob.ask("PING x") == ["PONG xchat.local x"]


def test_who_floods_for_ever_is_slowed_for_ever_and_never_dropped(slow: Server) -> None:
    """SAFERATE: the server never disconnects a client for sending too fast."""
    alice, bob = slow.client("alice", exempt=False), slow.client("bob")
    slow.channel("#a", alice, bob)
    seconds = 600
    for _ in range(seconds):
        alice.send(*(f"PING {number}" for number in range(5)))
        slow.pass_time(1.0)
    assert not alice.closed
    assert bob.heard() == []
    assert abs(len(alice.heard()) - seconds * RATE) <= BURST
    assert "SAFERATE" in " ".join(bob.ask("VERSION"))


def test_exempt_networks_are_not_slowed(slow: Server) -> None:
    alice = slow.client("alice")
    assert len(alice.ask(*(f"PING {number}" for number in range(500)))) == 500


def test_a_pong_is_a_line_like_any_other(slow: Server) -> None:
    """Free ones would let a client keep the loop busy for ever, registered or not."""
    alice = slow.client("alice", exempt=False)
    slow.pass_time(60)
    alice.ask(*["PONG x"] * (BURST + 20))
    assert alice.ask("PING now") == []
    for _ in range(5):
        slow.pass_time(5)
    assert alice.heard() == ["PONG xchat.local now"]


def test_what_is_dear_to_answer_is_dear_to_ask(slow: Server) -> None:
    alice = slow.client("alice", exempt=False)
    slow.pass_time(60)
    assert alice.ask(*["WHO *"] * BURST).count("315 alice * :End of WHO list") < BURST / 2


def test_a_turn_handles_a_bounded_share_of_each(open_server: OpenServer) -> None:
    """Who sends a thousand lines at once delays nobody by more than a share of them."""
    server = open_server(lines_a_turn=8)
    alice, bob = server.client("alice"), server.client("bob")
    alice.send(*(f"PING {number}" for number in range(100)))
    bob.send("PING mine")
    server.turn()
    assert len(alice.received) == 8
    assert len(bob.received) == 1
    assert len(alice.ask()) == 100
