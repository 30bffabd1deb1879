"""The turn: what one round of the server does, and in which order."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from functools import partial

import pytest

from tests.server.house import Guest, House
from xchat.limits import FAILURE_SECONDS
from xchat.server import turn as turn_module

MakeHouse = Callable[..., House]


def test_what_came_in_one_moment_shares_one_commit(make_house: MakeHouse) -> None:
    """ "every ready socket is read once, before anything is answered" """
    house = make_house()
    crowd = [house.join(f"member{number}", "#a") for number in range(5)]
    for client in crowd:
        client.say(f"PRIVMSG #a :from {client.sock.fileno()}")
    commits: list[str] = []
    house.store._db.set_trace_callback(commits.append)
    house.until(lambda: all(client.count(":from ") == 4 for client in crowd), "all")
    assert sum(statement == "COMMIT" for statement in commits) <= 2


def test_nothing_is_spoken_before_it_is_kept(make_house: MakeHouse) -> None:
    """ "Nothing has been spoken before this line: echo means kept" """
    house = make_house()
    ana, ben = house.join("ana", "#a"), house.join("ben", "#a")
    kept: list[bool] = []

    def spoken_when_committing(statement: str) -> None:
        if statement == "COMMIT":
            for client in (ana, ben):
                client.go_on()
            kept.append(ben.said("hello") is None)

    house.store._db.set_trace_callback(spoken_when_committing)
    ana.say("PRIVMSG #a :hello")
    house.until(lambda: ben.said("hello"), "the message")
    assert kept
    assert all(kept)


def refuse_to_keep(house: House) -> None:
    house.store._db.execute("PRAGMA query_only = ON")


def keep_again(house: House) -> None:
    house.store._db.execute("PRAGMA query_only = OFF")


def test_a_commit_that_fails_is_said_to_who_spoke_and_to_nobody_else(
    make_house: MakeHouse,
) -> None:
    house = make_house()
    ana, ben = house.join("ana", "#a"), house.join("ben", "#a")
    refuse_to_keep(house)
    ana.say("PRIVMSG #a :lost")
    house.until(lambda: ana.said("CANNOT_KEEP"), "the refusal")
    keep_again(house)
    ana.say("PRIVMSG #a :kept")
    house.until(lambda: ben.said("kept"), "the next message")
    assert ben.said("lost") is None


def heard(guest: Guest, refusals: int) -> bool:
    return guest.count("CANNOT_KEEP") == refusals


def test_commits_that_fail_are_said_once_and_not_each_turn(make_house: MakeHouse) -> None:
    house = make_house(flood_burst=1000)
    ana = house.join("ana", "#a")
    refuse_to_keep(house)
    for number in range(20):
        ana.say(f"PRIVMSG #a :{number}")
        house.until(partial(heard, ana, number + 1), "the refusal")
    (entry,) = [entry for entry in house.journal if entry["level"] == "error"]
    assert entry["event"].startswith("a commit failed")
    assert entry["why"] == "the database cannot be written"
    house.turn._failed_at -= FAILURE_SECONDS
    ana.say("PRIVMSG #a :again")
    house.until(partial(heard, ana, 21), "the refusal")
    _, second = [entry for entry in house.journal if entry["level"] == "error"]
    assert second["commits"] == 20


def test_an_idle_turn_waits_no_longer_than_the_next_thing_to_do(
    make_house: MakeHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turn_module, "IDLE_SECONDS", 30.0)
    house = make_house(ping_seconds=0.3, ping_seconds_max=0.6)
    ana = house.join("ana")
    begun = time.monotonic()
    house.until(lambda: ana.said("PING"), "the question", seconds=25)
    assert time.monotonic() - begun < 10, "told in the turn it was found, not a second later"
    house.until(lambda: ana.end, "the end", seconds=25)
    assert time.monotonic() - begun < 20


def test_an_idle_server_sleeps(make_house: MakeHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turn_module, "IDLE_SECONDS", 0.1)
    house = make_house()
    for number in range(20):
        house.join(f"member{number}", "#a")
    house.until(lambda: house.hub.next_work() is None, "rest")
    turns, before, end = 0, time.process_time(), time.monotonic() + 0.5
    while time.monotonic() < end:
        house.turn.run()
        turns += 1
    assert turns < 10
    assert time.process_time() - before < 0.25


def test_a_lone_speaker_is_never_made_to_wait_for_others(make_house: MakeHouse) -> None:
    """ "Only right after a turn that told many" """
    house = make_house(exempt=("127.0.0.1",))
    ana = house.join("ana")
    took = sorted(house.ping(ana) for _ in range(50))
    assert took[25] < 0.05


def test_the_store_is_asked_for_nothing_where_nothing_was_said(make_house: MakeHouse) -> None:
    house = make_house()
    ana = house.join("ana")
    statements: list[str] = []
    house.store._db.set_trace_callback(statements.append)
    house.ping(ana)
    assert statements == []
    assert isinstance(house.store._db, sqlite3.Connection)


def test_the_first_turn_waits_for_newcomers(
    make_house: MakeHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And not for a second of idleness before it begins to listen."""
    monkeypatch.setattr(turn_module, "IDLE_SECONDS", 8.0)
    house = make_house()
    begun = time.monotonic()
    house.join("first")
    assert time.monotonic() - begun < 6
