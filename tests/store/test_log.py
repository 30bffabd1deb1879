"""One order, time that never falls, and a bound on what may wait."""

from __future__ import annotations

import pytest

from tests.store.entries import START_MS
from xchat.chat.events import AwayChanged, UserQuit
from xchat.chat.ledger import Writing
from xchat.chat.log import Entry, LogBusy
from xchat.store import log as module
from xchat.store.log import EmbeddedLog
from xchat.store.store import SqliteStore

EVENT = UserQuit(uid="1.1", reason="")


class Clock:
    """A clock that says what it is told to."""

    def __init__(self, ms: int) -> None:
        self.ms = ms

    def __call__(self) -> int:
        return self.ms


@pytest.fixture
def clock(now_ms: int) -> Clock:
    return Clock(now_ms)


@pytest.fixture
def log(store: SqliteStore, clock: Clock) -> EmbeddedLog:
    return EmbeddedLog(store, clock)


def poll(log: EmbeddedLog, limit: int = 100) -> list[Entry]:
    """Return what has a place now; one machine loses nothing."""
    entries = list(log.poll(limit))
    assert all(isinstance(entry, Entry) for entry in entries)
    return entries  # type: ignore[return-value]


def test_places_follow_each_other_in_the_order_of_the_appends(log: EmbeddedLog) -> None:
    tokens = [log.append(key, EVENT) for key in ("a", "b", "a")]
    entries = poll(log)
    assert [(entry.seq, entry.token) for entry in entries] == list(enumerate(tokens, 1))


def test_what_is_not_kept_takes_no_place_but_keeps_its_turn(log: EmbeddedLog) -> None:
    log.append("a", EVENT)
    log.ephemeral("a", AwayChanged(uid="1.1", message=None))
    log.append("a", EVENT)
    assert [entry.seq for entry in poll(log)] == [1, 0, 2]


def test_time_never_falls(log: EmbeddedLog, store: SqliteStore, clock: Clock) -> None:
    """A clock that is set back costs a while of equal times, not the order of history."""
    times = []
    for ms in (START_MS, START_MS - 3_600_000, START_MS + 5, 0):
        clock.ms = ms
        log.append("a", EVENT)
        entries = poll(log)
        store.keep(Writing(entries))
        times += [entry.ts for entry in entries]
    assert times == [START_MS, START_MS, START_MS + 5, START_MS + 5]
    clock.ms = 0
    log.ephemeral("a", AwayChanged(uid="1.1", message=None))
    assert poll(log)[0].ts == START_MS + 5


def test_time_does_not_fall_over_a_start(store: SqliteStore) -> None:
    store.keep(Writing([Entry(1, START_MS, EVENT)]))
    log = EmbeddedLog(store, lambda: 7)
    log.append("a", EVENT)
    assert poll(log)[0].ts == START_MS


def test_a_clock_that_jumps_ahead_and_back_stamps_nothing_for_ever(
    store: SqliteStore, clock: Clock
) -> None:
    """Not even over a restart: what was kept meanwhile has the time that had passed."""
    steady = Clock(5_000)
    log = EmbeddedLog(store, clock, steady)
    times = []
    for jump in (0, 70 * 365 * 86_400_000, 0):
        clock.ms += 1_000
        steady.ms += 1_000
        clock.ms, before = clock.ms + jump, clock.ms
        log.append("a", EVENT)
        entries = poll(log)
        store.keep(Writing(entries))
        times += [entry.ts - START_MS for entry in entries]
        clock.ms = before
    assert times == [1_000, 2_000, 3_000]
    again = EmbeddedLog(store, clock, steady)
    again.append("a", EVENT)
    assert poll(again)[0].ts == START_MS + 3_000


def test_the_place_of_what_was_not_kept_is_given_again(log: EmbeddedLog) -> None:
    log.append("a", EVENT)
    assert poll(log)[0].seq == 1
    log.append("b", EVENT)
    assert poll(log)[0].seq == 1, "the first was not kept, and nobody has seen it"


def test_no_more_wait_than_may(log: EmbeddedLog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "APPENDS_MAX", 3)
    for _ in range(3):
        log.append("a", EVENT)
    with pytest.raises(LogBusy):
        log.append("a", EVENT)
    with pytest.raises(LogBusy):
        log.ephemeral("a", EVENT)
    assert len(poll(log)) == 3
    log.append("a", EVENT)


def test_a_turn_takes_no_more_than_its_limit(log: EmbeddedLog) -> None:
    for key in "abcde":
        log.append(key, EVENT)
    assert [len(poll(log, 2)) for _ in range(4)] == [2, 2, 1, 0]


def test_a_command_is_not_taken_apart(log: EmbeddedLog) -> None:
    """The answer to a JOIN of two channels must not end between lines of the first."""
    for key in "aabbbc":
        log.append(key, EVENT)
    assert [len(poll(log, limit)) for limit in (1, 1, 1)] == [2, 3, 1]
