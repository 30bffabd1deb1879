"""The time of the log: a clock is believed as far as a steady one bears it out."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xchat.store.clock import JUMP_MS_MAX, STAYED_MS, BelievedClock, steady_ms

START_MS = 1_700_000_000_000
YEARS = 70 * 365 * 86_400_000


class Clocks:
    """The machine's clock and a steady one, which a test moves."""

    def __init__(self) -> None:
        self.wall, self.steady = START_MS, 7_000
        self.read = BelievedClock(lambda: self.wall, lambda: self.steady)

    def after(self, passed: int, *, set_by: int = 0) -> int:
        """Let time pass, set the clock by so much; return the time as it is believed."""
        self.steady += passed
        self.wall += passed + set_by
        return self.read() - START_MS


@pytest.fixture
def clocks() -> Clocks:
    return Clocks()


def test_a_clock_that_goes_is_followed_to_the_millisecond(clocks: Clocks) -> None:
    assert [clocks.after(step) for step in (0, 1, 999, 86_400_000)] == [0, 1, 1000, 86_401_000]


@pytest.mark.parametrize("jump", [-JUMP_MS_MAX, -1, 1, JUMP_MS_MAX])
def test_small_corrections_are_followed_at_once(clocks: Clocks, jump: int) -> None:
    assert clocks.after(1_000, set_by=jump) == 1_000 + jump
    assert clocks.after(1_000, set_by=jump) == 2_000 + 2 * jump


@pytest.mark.parametrize("jump", [JUMP_MS_MAX + 1, YEARS])
def test_a_jump_ahead_that_is_put_right_leaves_no_trace(clocks: Clocks, jump: int) -> None:
    assert clocks.after(1_000, set_by=jump) == 1_000
    assert clocks.after(1_000) == 2_000
    assert clocks.after(1_000, set_by=-jump) == 3_000


def test_a_clock_that_has_stayed_ahead_was_put_right(clocks: Clocks) -> None:
    """A machine without a battery starts with a time long past, until the network tells it."""
    clocks.after(0, set_by=YEARS)
    assert clocks.after(STAYED_MS - 1) == STAYED_MS - 1
    assert clocks.after(1) == STAYED_MS + YEARS
    assert clocks.after(1_000) == STAYED_MS + YEARS + 1_000


def test_a_clock_that_jumps_about_has_not_stayed(clocks: Clocks) -> None:
    for passed in range(60_000, 3 * STAYED_MS, 60_000):
        assert clocks.after(60_000, set_by=YEARS) == passed


def test_a_clock_that_is_set_back_is_followed_at_once(clocks: Clocks) -> None:
    """And on its way back to what it was it has not jumped."""
    hour = 3_600_000
    assert clocks.after(1_000, set_by=-hour) == 1_000 - hour
    assert clocks.after(1_000, set_by=hour) == 2_000
    clocks.after(0, set_by=-hour)
    assert clocks.after(STAYED_MS) == 2_000 + STAYED_MS - hour
    assert clocks.after(1_000, set_by=hour) == 3_000 + STAYED_MS - hour, "now it is a jump"


@given(st.lists(st.tuples(st.integers(0, 200_000), st.integers(-200_000, 200_000)), max_size=50))
def test_it_is_ahead_of_the_clock_by_no_more_than_what_has_passed(
    steps: list[tuple[int, int]],
) -> None:
    clocks, last = Clocks(), 0
    for passed, set_by in steps:
        now = clocks.after(passed, set_by=set_by)
        assert now + START_MS <= max(clocks.wall, START_MS + last + passed)
        last = now


def test_the_steady_clock_of_this_machine_never_falls() -> None:
    times = [steady_ms() for _ in range(1_000)]
    assert all(one <= other for one, other in itertools.pairwise(times))
