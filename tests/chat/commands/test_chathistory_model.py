"""CHATHISTORY against a list: all subcommands, both kinds of reference, redactions and bans."""

from __future__ import annotations

import tempfile
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.chat.pair import Client, Server
from xchat.config import Config
from xchat.irc.message import Message

CAPS = ("batch", "draft/chathistory", "message-tags", "server-time")
ALL = (*CAPS, "echo-message", "draft/event-playback", "draft/message-redaction")
SAID = ("PRIVMSG", "NOTICE")
HAPPENED = ("JOIN", "PART", "MODE", "TOPIC", "TAGMSG", "REDACT")


class Told(NamedTuple):
    """A line of the channel, as alice was told it."""

    msgid: str
    time: datetime
    command: str


class Reference(NamedTuple):
    """What a request refers to: how it is written, and which lines lie before and after it."""

    text: str
    first: int
    """The first line that is not before it."""
    last: int
    """The last that is not after it."""


class World:
    """Alice, who runs #a and is told all that happens; bob is kept out now and then."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.alice, self.bob = server.client("alice", *ALL), server.client("bob", *CAPS)
        self.lines: list[Told] = []
        self.gone: set[str] = set()
        self.open_from = 0
        """The first line that bob may read."""
        self.act(self.alice, "JOIN #a")
        self.act(self.bob, "JOIN #a")

    def act(self, client: Client, line: str) -> None:
        """Let something happen, and remember what was told of it."""
        told = client.read(line)
        if client is not self.alice:
            told = self.alice.read()
        self.lines += [as_line(message) for message in told if message.command in SAID + HAPPENED]

    def redact(self, place: int) -> None:
        """Take back a message, if there is one at that place."""
        line = self.lines[place % len(self.lines)]
        if line.command in SAID and line.msgid not in self.gone:
            self.act(self.alice, f"REDACT #a {line.msgid} :secret")
            self.gone.add(line.msgid)

    def shut_out(self) -> None:
        """Ban bob, who is not there, let something be said, and let him in again."""
        for client, line in (
            (self.bob, "PART #a"),
            (self.alice, "MODE #a +b bob!*@*"),
            (self.alice, "PRIVMSG #a :not for bob"),
            (self.alice, "MODE #a -b bob!*@*"),
        ):
            self.act(client, line)
        self.open_from = len(self.lines)
        self.act(self.bob, "JOIN #a")

    def readable(self, client: Client) -> list[int]:
        """Return the places of the lines that somebody may read, and has the capabilities for."""
        commands = SAID + HAPPENED if client is self.alice else SAID
        first = 0 if client is self.alice else self.open_from
        return [
            place
            for place, line in enumerate(self.lines)
            if place >= first and line.command in commands and line.msgid not in self.gone
        ]

    def reference(self, place: int, kind: str) -> Reference:
        """Return a line of which there may be no trace, or a time at, before or after it."""
        at = place % len(self.lines)
        line = self.lines[at]
        if kind == "msgid":
            return Reference(f"msgid={line.msgid}", at, at)
        time = line.time + timedelta(milliseconds=int(kind))
        times = [other.time for other in self.lines]
        first = sum(1 for other in times if other < time)
        last = sum(1 for other in times if other <= time) - 1
        return Reference(f"timestamp={as_text(time)}", first, last)

    def ask(self, client: Client, request: str) -> list[str]:
        """Return the msgids of what a request is answered with."""
        start, *inside, end = client.read(f"CHATHISTORY {request}")
        assert (start.command, end.command) == ("BATCH", "BATCH")
        return [message.tags["msgid"] for message in inside]

    def ids(self, places: list[int]) -> list[str]:
        """Return the msgids of lines."""
        return [self.lines[place].msgid for place in places]


def as_line(message: Message) -> Told:
    time = datetime.strptime(message.tags["time"], "%Y-%m-%dT%H:%M:%S.%f%z")
    return Told(message.tags["msgid"], time, message.command)


def as_text(time: datetime) -> str:
    return f"{time:%Y-%m-%dT%H:%M:%S}.{time.microsecond // 1000:03}Z"


def last_of(places: list[int], count: int) -> list[int]:
    return places[max(len(places) - count, 0) :]


# -- what is expected of each subcommand ------------------------------------------------------


def check_one(world: World, client: Client, one: Reference, limit: int) -> None:
    """LATEST, BEFORE, AFTER and AROUND a reference."""
    own = world.readable(client)
    newer = [place for place in own if place > one.last]
    older = [place for place in own if place < one.first]
    text = f"#a {one.text} {limit}"
    assert world.ask(client, f"LATEST #a * {limit}") == world.ids(last_of(own, limit))
    assert world.ask(client, f"LATEST {text}") == world.ids(last_of(newer, limit))
    assert world.ask(client, f"BEFORE {text}") == world.ids(last_of(older, limit))
    assert world.ask(client, f"AFTER {text}") == world.ids(newer[:limit])
    around = world.ask(client, f"AROUND {text}")
    assert len(around) == min(limit, len(own)), "as many as there are"
    if around:
        begin = world.ids(own).index(around[0])
        assert around == world.ids(own[begin : begin + limit]), "without a gap"
        at = len(older)  # of what may be read, the first that is not before the reference
        assert begin <= at <= begin + len(around), "around it"


def check_between(
    world: World, client: Client, ends: tuple[Reference, Reference], limit: int
) -> None:
    """BETWEEN, which begins at the first reference; TARGETS, between two times."""
    one, other = ends
    forwards = one.first <= other.first
    low, high = (one, other) if forwards else (other, one)
    inner = [place for place in world.readable(client) if low.last < place < high.first]
    expected = inner[:limit] if forwards else last_of(inner, limit)
    request = f"BETWEEN #a {one.text} {other.text} {limit}"
    assert world.ask(client, request) == world.ids(expected)


def check_targets(world: World, client: Client, ends: tuple[Reference, Reference]) -> None:
    """TARGETS tells a channel whose last message is between two times."""
    said = [world.lines[place] for place in world.readable(client)]
    latest = [line.time for line in said if line.command in SAID][-1:]
    low, high = sorted(end.text for end in ends)  # as text they are in the order of their times
    found = client.read(f"CHATHISTORY TARGETS {ends[0].text} {ends[1].text} 10")[1:-1]
    within = [f"#a {as_text(time)}" for time in latest if low < f"timestamp={as_text(time)}" < high]
    assert [" ".join(message.params[1:]) for message in found] == within


# -- what happens, and what is asked ----------------------------------------------------------

PLACES = st.integers(0, 50)
KINDS = st.sampled_from(["msgid", "0", "-1", "1", "-300", "300"])
TIMES = st.sampled_from(["0", "-1", "1", "-300", "300"])
HAPPENINGS = st.lists(
    st.sampled_from(["say", "say", "say", "notice", "topic", "tag", "wait", "wait", "shut"])
    | st.tuples(st.just("redact"), PLACES),
    max_size=25,
)
ASKED = st.tuples(PLACES, KINDS, PLACES, KINDS, TIMES, st.sampled_from([0, 1, 2, 3, 5, 99]))


def let(world: World, happening: str | tuple[str, int], number: int) -> None:
    lines = {
        "say": f"PRIVMSG #a :words {number}",
        "notice": f"NOTICE #a :words {number}",
        "topic": f"TOPIC #a :topic {number}",
        "tag": "@+draft/react=x TAGMSG #a",
    }
    if isinstance(happening, tuple):
        world.redact(happening[1])
    elif happening == "wait":
        world.server.pass_time(0.3)
    elif happening == "shut":
        world.shut_out()
    else:
        world.act(world.alice, lines[happening])


@given(happenings=HAPPENINGS, asked=st.lists(ASKED, min_size=1, max_size=4))
@settings(max_examples=120, deadline=None)
def test_it_answers_as_a_list_would(
    happenings: list[str | tuple[str, int]],
    asked: list[tuple[int, str, int, str, str, int]],
) -> None:
    """Request up to limit number of messages ... excluding the given timestamp or msgid.

    What was taken back is nowhere; what was said before a ban ended is not for whom it meant.
    """
    with tempfile.TemporaryDirectory(prefix="xchat-") as folder:
        server = Server(Path(folder), Config())
        with closing(server):
            world = World(server)
            for number, happening in enumerate(happenings):
                let(world, happening, number)
            server.quiet()
            for at, kind, to, to_kind, time, limit in asked:
                one, other = world.reference(at, kind), world.reference(to, to_kind)
                times = world.reference(at, time), world.reference(to, "0")
                for client in (world.alice, world.bob):
                    check_one(world, client, one, limit)
                    check_between(world, client, (one, other), limit)
                    check_targets(world, client, times)
