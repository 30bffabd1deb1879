"""P1 to P4: what anyone was shown survives `kill -9`, once, in the order in which it was shown."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Event

import pytest

from tests.e2e.history import CAPS, Spoken, history, live
from tests.e2e.programs import Server
from tests.e2e.raw import GoneError, RawClient

CHANNELS = ("#lobby", "#ქართული")
WRITERS = 4
IN_FLIGHT = 4
MESSAGES_MAX = 100_000
ECHOES_WANTED = 20
"""A round in which fewer messages came back proves nothing."""
SECONDS_UNTIL_KILL_MAX = 0.4


@dataclass(slots=True)
class Writer:
    """Keeps messages in flight until the server is gone, and remembers all that it was shown."""

    name: str
    client: RawClient
    enough: Event
    sent: list[str] = field(default_factory=list)

    def write(self) -> None:
        try:
            for number in range(MESSAGES_MAX):
                self.send(number)
                if number >= IN_FLIGHT:
                    self.client.wait(rf" PRIVMSG \S+ :?{self.text(number - IN_FLIGHT)}$")
                if number >= ECHOES_WANTED:
                    self.enough.set()
        except GoneError:
            return  # the server was killed, as it had to be
        raise AssertionError("the server outlived every message")

    def text(self, number: int) -> str:
        return f"{self.name} {number} 👋"

    def send(self, number: int) -> None:
        self.sent.append(self.text(number))
        self.client.send(f"PRIVMSG {CHANNELS[number % 2]} :{self.sent[-1]}")


def write_until_killed(server: Server, round_number: int, chance: random.Random) -> list[Writer]:
    """Let the writers write, kill the server at a random moment, and return them as they ended."""
    enough = [Event() for _ in range(WRITERS)]
    writers = [
        Writer(
            f"r{round_number}w{i}",
            RawClient.join(server.port, server.ca, f"writer{i}", *CHANNELS, caps=CAPS),
            enough[i],
        )
        for i in range(WRITERS)
    ]
    with ThreadPoolExecutor(WRITERS) as pool:
        ends = [pool.submit(writer.write) for writer in writers]
        try:
            for event in enough:
                assert event.wait(30), "the writers were not answered"
            if round_number % 2:  # in odd rounds at random, in even ones at the instant of an echo
                Event().wait(chance.uniform(0, SECONDS_UNTIL_KILL_MAX))
        finally:
            server.kill()
        for end in ends:
            end.result()
    for writer in writers:
        writer.client.close()
    return writers


def assert_kept(kept: list[Spoken], writers: Iterable[Writer], channel: str) -> None:
    """The promises, for one channel: nothing lost, doubled, changed, made up or out of order."""
    place = {message.msgid: i for i, message in enumerate(kept)}
    twice = [text for text, count in Counter(m.text for m in kept).items() if count > 1]
    assert not twice
    for writer in writers:
        shown = live(writer.client, channel)
        assert shown, "nothing was shown: the round proves nothing"
        assert [m for m in shown if m.msgid not in place] == [], "shown, then lost"
        assert [kept[place[m.msgid]] for m in shown] == shown, "shown otherwise than kept"
        places = [place[m.msgid] for m in shown]
        assert places == sorted(places), "kept in another order than shown"
        assert places == list(range(places[0], places[-1] + 1)), "kept, and shown with a hole"


def run_rounds(server: Server, rounds: int) -> None:
    chance = random.Random(2)
    sent: set[str] = set()
    for number in range(rounds):
        writers = write_until_killed(server, number, chance)
        sent.update(text for writer in writers for text in writer.sent)
        server.start()
        with RawClient.join(server.port, server.ca, "reader", *CHANNELS, caps=CAPS) as reader:
            for channel in CHANNELS:
                kept = history(reader, channel)
                assert_kept(kept, writers, channel)
                assert {message.text for message in kept} <= sent, "never sent"


def test_every_message_shown_survives_kill_9(server: Server) -> None:
    """ "Echo means kept. A message that anyone was shown … survives kill -9 and power loss." """
    run_rounds(server, 4)


@pytest.mark.long
@pytest.mark.timeout(7200)
def test_every_message_shown_survives_kill_9_two_hundred_times(server: Server) -> None:
    run_rounds(server, 200)


def test_a_conversation_is_there_on_return(server: Server) -> None:
    """First light: "a conversation survives `kill -9` of the server and is there on return"."""
    lines = ("Good morning", "გამარჯობა, როგორ ხარ?", "👋🏽 🇬🇪 👨‍👩‍👧")
    with (
        RawClient.join(server.port, server.ca, "nino", "#lobby", caps=CAPS) as nino,
        RawClient.join(server.port, server.ca, "anna", "#lobby", caps=CAPS) as anna,
    ):
        for line in lines:
            nino.send(f"PRIVMSG #lobby :{line}")
            nino.wait(f"PRIVMSG #lobby :?{re.escape(line)}")
            anna.wait(f"PRIVMSG #lobby :?{re.escape(line)}")
        shown = live(anna, "#lobby")
        server.kill()
    server.start()
    with RawClient.join(server.port, server.ca, "nino", "#lobby", caps=CAPS) as back:
        assert history(back, "#lobby") == shown
        assert [message.text for message in shown] == list(lines)
