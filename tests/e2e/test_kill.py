"""P1 to P4: what anyone was shown survives `kill -9`, once, in the order in which it was shown."""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Event

import pytest

from tests.e2e.conftest import MakeProgram
from tests.e2e.history import CAPS, LONG_AGO, Spoken, history, live
from tests.e2e.programs import Server, until
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
    """Write, kill, start again and read back what came since the round before."""
    chance = random.Random(2)
    read_up_to = dict.fromkeys(CHANNELS, LONG_AGO)
    for number in range(rounds):
        writers = write_until_killed(server, number, chance)
        sent = {text for writer in writers for text in writer.sent}
        server.start()
        with RawClient.join(server.port, server.ca, "reader", *CHANNELS, caps=CAPS) as reader:
            for channel in CHANNELS:
                kept = history(reader, channel, read_up_to[channel])
                assert_kept(kept, writers, channel)
                assert {message.text for message in kept} <= sent, "never sent"
                read_up_to[channel] = f"msgid={kept[-1].msgid}"


def test_every_message_shown_survives_kill_9(server: Server) -> None:
    """ "Echo means kept. A message that anyone was shown … survives kill -9 and power loss." """
    run_rounds(server, 4)


@pytest.mark.long
@pytest.mark.timeout(7200)
def test_every_message_shown_survives_kill_9_two_hundred_times(server: Server) -> None:
    run_rounds(server, 200)


def test_our_client_misses_and_doubles_nothing_while_the_server_is_killed(
    server: Server, make_program: MakeProgram
) -> None:
    """ "Reconnects with back-off, rejoins, fills the gap from history without a duplicate." """
    follower = make_program(
        "xchat-client", "tail", "--json", "--ca", str(server.ca),
        f"follower@localhost:{server.port}", "#lobby",
    )  # fmt: skip
    texts = []
    for number in range(4):
        with RawClient.join(server.port, server.ca, "nino", "#lobby", caps=CAPS) as nino:
            if number == 0:
                until(lambda: present(nino, "follower"), "the follower is there")
            # in later rounds it may come back while this is said, or after it
            texts += [f"{number}: {i} ქართული" for i in range(20)]
            for text in texts[-20:]:
                nino.send(f"PRIVMSG #lobby :{text}")
            nino.wait(f"PRIVMSG #lobby :?{re.escape(texts[-1])}$")
            shown = live(nino, "#lobby")
        server.kill()
        server.start()
    follower.wait_for(re.escape(json.dumps(shown[-1].msgid)), seconds=60)
    followed = [json.loads(line) for line in follower.output.splitlines()]
    assert [message["text"] for message in followed] == texts
    with RawClient.join(server.port, server.ca, "reader", "#lobby", caps=CAPS) as reader:
        kept = history(reader, "#lobby")
    assert [message["msgid"] for message in followed] == [message.msgid for message in kept]


def present(client: RawClient, nick: str) -> bool | None:
    client.send("NAMES #lobby")
    return nick in client.wait(" 353 .*").string or None


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
