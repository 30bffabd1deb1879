"""Whatever a server sends, a session goes on: nothing raises, nothing grows."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.client.scripted import Script
from xchat.client.session.core import HANDLERS, LABELLED
from xchat.client.session.events import Event
from xchat.errors import XChatError
from xchat.limits.client import BATCHED_MESSAGES_MAX, BATCHES_OPEN_MAX, CHANNELS_MAX

COMMANDS = [*HANDLERS, *LABELLED, "BATCH", "471", "403", "404", "999", "CAP"]
NAMES = ["ana", "gio", "#lobby", "#b", "*", "", "@#lobby", "+b", "-b", "+c", "b", "c", "s", "LS"]
NAMES += ["ACK", "NAK", "NEW", "DEL", "chathistory", "labeled-response", "CHATHISTORY", "+ov-v"]
NAMES += ["#a b", ":x", "PREFIX=(o)@", "CASEMAPPING=ascii", "x1", "x2", "\x01ACTION x\x01", "ა"]
NAMES += ["9" * 400, "msgid=m1", "draft/chathistory batch echo-message", "\u202e", "\x1b[2J"]
TAGS = ["", "@batch=b ", "@batch=c;label=x1 ", "@label=x2;msgid=m1 ", "@time=x ", "@msgid=:a ", "@"]
TAGS += ["@msgid=m2;time=2026-01-01T10:00:00.000Z ", "@time=0000-00-00T00:00:00Z;msgid=m9 "]
SOURCES = ["", ":ana!u@h ", ":gio!u@h ", ":s ", ": ", ":!@ ", ":ana "]


def lines(seed: int, count: int) -> list[str]:
    """Return lines that look enough like IRC to get somewhere."""
    chance = random.Random(seed)
    return [
        chance.choice(TAGS)
        + chance.choice(SOURCES)
        + " ".join([chance.choice(COMMANDS), *chance.choices(NAMES, k=chance.randrange(6))])
        for _ in range(count)
    ]


def survive(seed: int, count: int) -> None:
    """Let a session through lines, losses, time and commands, then ask whether it lives."""
    chance = random.Random(seed)
    script = Script()
    script.register()
    script.enter()
    for line in lines(seed, count):
        script.server(line)
        if chance.random() < 0.05:
            trouble(script, chance)
    script.lose()
    script.register()
    script.sent()
    script.server("PING alive")
    assert "PONG alive" in script.sent()


def trouble(script: Script, chance: random.Random) -> None:
    """Do something in between, as people and networks do."""
    script.pass_time(chance.random() * 30)
    try:
        script.session.say(chance.choice(["#lobby", "gio", "#b"]), "hello")
        script.session.join(chance.choice(["#lobby", "#b"]))
        script.session.ask_history("#lobby", 5)
        script.session.change_topic("#lobby", "Tea")
        script.session.change_nick(chance.choice(["ana", "eka"]))
        script.session.part(chance.choice(["#lobby", "#b", "#none"]))
    except XChatError:
        pass
    if chance.random() < 0.3:
        script.lose()
        script.register()


@pytest.mark.parametrize("seed", range(10))
def test_a_thousand_lines_of_nonsense(seed: int) -> None:
    survive(seed, 1_000)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(100, 200))
def test_ten_thousand_lines_of_nonsense(seed: int) -> None:
    survive(seed, 10_000)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.binary(max_size=200), max_size=10))
def test_bytes_of_any_kind(chunks: list[bytes]) -> None:
    script = Script()
    script.register()
    for chunk in chunks:
        events: list[Event] = script.session.feed(chunk + b"\n", script.now)
        assert isinstance(events, list)
    script.server("", "PING alive")
    assert script.sent()[-1] == "PONG alive"


def test_a_batch_that_never_ends_does_not_grow_without_bound() -> None:
    script = Script()
    script.register()
    script.server(*(f"BATCH +b{number} chathistory #lobby" for number in range(100)))
    for number in range(BATCHED_MESSAGES_MAX + 1000):
        script.server(f"@batch=b{number % BATCHES_OPEN_MAX} :gio!u@h PRIVMSG #lobby :x")
    open_now = script.session._state.batches._open
    assert len(open_now) == BATCHES_OPEN_MAX
    assert sum(len(batch.content) for batch in open_now.values()) == BATCHED_MESSAGES_MAX


def test_members_and_names_have_bounds() -> None:
    script = Script()
    script.register()
    script.enter()
    script.server(f":{'n' * 5000}!u@h JOIN #lobby", f":s 353 ana = #lobby :{'n' * 5000} gio")
    script.server(":s 366 ana #lobby :-")
    assert script.session.members("#lobby") == ("gio",)
    script.server(*(f":ana!u@h JOIN #x{number}" for number in range(CHANNELS_MAX + 50)))
    assert len(script.session.channels) == CHANNELS_MAX
