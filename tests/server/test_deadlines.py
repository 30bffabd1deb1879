"""Deadlines that move away: looked at again when they come, due once, forgotten at once."""

from __future__ import annotations

import weakref

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xchat.server.deadlines import Deadlines


class Item:
    """Something with a deadline that the test moves."""

    def __init__(self, when: float | None) -> None:
        self.when = when
        self.asked = 0

    def deadline(self) -> float | None:
        self.asked += 1
        return self.when


@pytest.fixture
def deadlines() -> Deadlines:
    return Deadlines()


def test_without_items_there_is_nothing_to_wait_for(deadlines: Deadlines) -> None:
    assert deadlines.next() is None
    assert deadlines.due(1e9) == []


def test_an_item_is_due_when_its_time_has_come_and_not_before(deadlines: Deadlines) -> None:
    item = Item(10)
    deadlines.watch(item)
    assert deadlines.next() == 10
    assert deadlines.due(9.99) == []
    assert deadlines.due(10) == [item]


def test_an_item_is_due_once(deadlines: Deadlines) -> None:
    """ "each is to be watched again or closed" """
    deadlines.watch(Item(10))
    assert len(deadlines.due(11)) == 1
    assert deadlines.due(12) == []
    assert deadlines.next() is None


def test_moving_a_deadline_away_costs_nothing_until_it_comes(deadlines: Deadlines) -> None:
    item = Item(10)
    deadlines.watch(item)
    asked = item.asked
    for when in range(11, 1000):
        item.when = when
    assert item.asked == asked
    assert deadlines.due(500) == []
    assert deadlines.next() == 999


def test_a_deadline_that_comes_earlier_counts_when_watched_again(deadlines: Deadlines) -> None:
    item = Item(100)
    deadlines.watch(item)
    item.when = 5
    deadlines.watch(item)
    assert deadlines.next() == 5
    assert deadlines.due(5) == [item]


def test_however_often_it_was_watched_an_item_is_due_once(deadlines: Deadlines) -> None:
    """Due twice, a client would be asked whether it lives, and dropped in the same breath."""
    item = Item(10)
    for _ in range(5):
        deadlines.watch(item)
    assert deadlines.due(10) == [item]
    assert deadlines.due(10) == []


def test_an_item_watched_again_while_due_waits_for_its_new_time(deadlines: Deadlines) -> None:
    item = Item(10)
    deadlines.watch(item)
    assert deadlines.due(10) == [item]
    item.when = 20
    deadlines.watch(item)
    assert deadlines.due(19) == []
    assert deadlines.due(20) == [item]


def test_an_item_without_a_deadline_is_never_due(deadlines: Deadlines) -> None:
    item = Item(10)
    deadlines.watch(item)
    item.when = None
    assert deadlines.due(1e9) == []
    deadlines.watch(item)
    assert deadlines.next() is None


def test_a_forgotten_item_is_never_due(deadlines: Deadlines) -> None:
    item = Item(10)
    deadlines.watch(item)
    deadlines.forget(item)
    assert deadlines.due(1e9) == []
    assert item.asked == 1


def test_forgetting_what_was_never_watched_is_nothing(deadlines: Deadlines) -> None:
    deadlines.forget(Item(10))
    assert len(deadlines) == 0


def test_a_forgotten_item_leaves_memory_at_once(deadlines: Deadlines) -> None:
    """A connection that comes and goes must not be kept, TLS and all, until its deadline."""
    item = Item(1e9)
    deadlines.watch(item)
    deadlines.watch(item)
    gone = weakref.ref(item)
    deadlines.forget(item)
    del item
    assert gone() is None


def test_what_came_and_went_leaves_nothing_when_its_time_has_passed(deadlines: Deadlines) -> None:
    for number in range(1000):
        item = Item(number)
        deadlines.watch(item)
        deadlines.forget(item)
    assert len(deadlines) == 0
    assert deadlines.due(1000) == []
    assert deadlines.next() is None


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["watch", "forget", "pass"]), st.integers(0, 4), st.integers(0, 9)
        )
    )
)
def test_the_due_are_those_that_a_list_of_all_would_find(
    steps: list[tuple[str, int, int]],
) -> None:
    deadlines, items, watched, now = Deadlines(), [Item(0) for _ in range(5)], set[Item](), 0
    for act, which, amount in steps:
        item = items[which]
        if act == "watch":
            item.when = now + amount
            deadlines.watch(item)
            watched.add(item)
        elif act == "forget":
            deadlines.forget(item)
            watched.discard(item)
        else:
            now += amount
            expected = {item for item in watched if item.when is not None and item.when <= now}
            due = deadlines.due(now)
            assert set(due) == expected
            assert len(due) == len(expected)
            watched -= expected
        assert len(deadlines) == len(watched)
