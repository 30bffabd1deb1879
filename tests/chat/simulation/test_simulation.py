"""P20: "The whole server core runs in a seeded simulation": P1 to P4 and P6 after each step."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.chat.simulation.world import World, run
from xchat.chat.commands.table import COMMANDS, NOTHING
from xchat.chat.fanout import Fanout
from xchat.chat.hub import Hub
from xchat.chat.ledger import CannotKeep, Ledger, Settled, Writing
from xchat.chat.lines import Line
from xchat.chat.session import Request
from xchat.chat.state import State
from xchat.store.store import SqliteStore

ROOT = Path(__file__).parents[3]
STEPS = 60
SEEDS_A_TEST = 25
SEEDS = 250
SEEDS_OF_A_NIGHT = 10_000


def run_all(seeds: Sequence[int], steps: int = STEPS) -> list[World]:
    return [run(seed, steps) for seed in seeds]


@pytest.mark.parametrize("first", range(0, SEEDS, SEEDS_A_TEST))
def test_the_promises_hold_after_each_step(first: int) -> None:
    """Echo means kept; one order; nobody hears what is not theirs; no input stops the server."""
    worlds = run_all(range(first, first + SEEDS_A_TEST))
    assert sum(len(world.referee.history) for world in worlds) > SEEDS_A_TEST * 10
    assert sum(world.refusals for world in worlds) > SEEDS_A_TEST / 2
    assert any(world.crashes for world in worlds)


def test_the_promises_hold_for_long() -> None:
    """One life of a server, long enough for everything to have happened to everybody."""
    run(1_000_000, 1_200)


@pytest.mark.long
@pytest.mark.timeout(0)
@pytest.mark.parametrize("first", range(SEEDS, SEEDS + SEEDS_OF_A_NIGHT, 500))
def test_the_promises_hold_all_night(first: int) -> None:
    """P20: "10 000 seeds a night, the failing seed is printed"."""
    run_all(range(first, first + 500), steps=120)


def test_a_seed_decides_everything() -> None:
    """What everybody is told, byte by byte, does not depend on the order of a set."""
    command = [sys.executable, "-m", "tests.chat.simulation", "7", "--count", "4"]
    told = [
        subprocess.run(
            command,
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
            text=True,
            timeout=60,
        ).stdout
        for seed in ("1", "4242")
    ]
    assert told[0] == told[1]
    assert told[0].count("told") == 4


# -- the simulation itself can fail -----------------------------------------------------------


Kinds = type[Exception] | tuple[type[Exception], ...]


def fails_with(words: str, seeds: int = 40, kinds: Kinds = AssertionError) -> None:
    """Expect that one of the first seeds fails, saying this, its seed and how to see it again."""
    with pytest.raises(kinds, match=words) as caught:
        run_all(range(seeds))
    notes = "\n".join(caught.value.__notes__)
    assert "python -m tests.chat.simulation " in notes


def test_notices_an_echo_before_the_commit(monkeypatch: pytest.MonkeyPatch) -> None:
    settle = Ledger.settle

    def speak_anyway(ledger: Ledger) -> Settled:
        keep = ledger.store.keep

        def hope(turn: Writing) -> None:
            try:
                keep(turn)
            except CannotKeep:
                return

        monkeypatch.setattr(ledger.store, "keep", hope)
        return settle(ledger)

    monkeypatch.setattr(Ledger, "settle", speak_anyway)
    fails_with(
        "not kept|not the one in the file|counts otherwise|refused|cannot be kept is no start"
    )


def test_notices_a_message_that_is_not_in_the_history(monkeypatch: pytest.MonkeyPatch) -> None:
    keep = SqliteStore.keep

    def forget(store: SqliteStore, turn: Writing) -> None:
        keep(store, turn._replace(history=turn.history[1:]))

    monkeypatch.setattr(SqliteStore, "keep", forget)
    fails_with("the history is not what the log comes to")


def test_notices_state_that_is_not_restored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(State, "take_back", lambda state: None)
    fails_with("in the file|from the log|shown")


def test_notices_somebody_who_hears_after_they_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Fanout, "leave", lambda fanout, uid, folded: None)
    fails_with("who hears is not who is there|who is gone still hears|heard|should have|stranger")


def test_notices_a_line_that_nobody_sends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Fanout, "take_dirty", lambda fanout: set())
    fails_with("lines wait and nobody knows of them")


def test_notices_an_order_that_is_not_the_logs(monkeypatch: pytest.MonkeyPatch) -> None:
    def speak_at_once(request: Request, line: Line, tag: str = "") -> None:
        request._collected.insert(0, (line, tag))
        Request.speak(request)

    monkeypatch.setattr(Request, "put", speak_at_once)
    fails_with("answered|within another")


def test_notices_an_answer_older_than_the_lines_before_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(COMMANDS, "NAMES", COMMANDS["NAMES"]._replace(waits_for=NOTHING))
    fails_with("NAMES says otherwise", seeds=400)


def test_notices_a_nick_with_two_holders(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(State, "nick_taken", lambda state, nick, uid="": None)
    fails_with(".", kinds=(AssertionError, KeyError))  # the state itself may break at it


def test_notices_a_server_that_forgets_to_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Hub, "next_work", lambda hub: None)
    fails_with("wait for ever|never answered")
