"""Whatever is asked of MODE: what a channel is told is what then holds in it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.chat.pair import Server
from xchat.chat.entities import Ban, Channel
from xchat.config import Config
from xchat.irc.message import Message
from xchat.limits import Limits

NICKS = ("alice", "bob", "carl")
ARGUMENTS = st.sampled_from(
    [
        *NICKS,
        "BOB",
        "nobody",
        "key",
        "a,b",
        "5",
        "0",
        "-1",
        "x*",
        "X*",
        "m:x*",
        "a:x",
        "m:",
        ":",
        "*!*@*",
    ]
)
LETTERS = st.text(st.sampled_from("+-qaohvbeIklCEMRUimnstxyz"), max_size=14)
ASKED = st.tuples(st.sampled_from(NICKS), LETTERS, st.lists(ARGUMENTS, max_size=14))
LISTS = {"b": "bans", "e": "exceptions", "I": "invexes"}


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A server with alice, bob and carl on it, for all examples."""
    with tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder), Config(limits=Limits(bans_per_channel_max=3)))
        yield server
        server.close()


class Told:
    """What somebody knows of a channel who has read every MODE of it."""

    def __init__(self) -> None:
        self.flags = set("nt")
        self.lists: dict[str, list[str]] = {letter: [] for letter in LISTS}
        self.key = self.limit = ""
        self.roles: dict[str, set[str]] = {"alice": {"o"}, "bob": set(), "carl": set()}

    def read(self, message: Message) -> None:
        """Take in one MODE; it holds nothing that holds already."""
        words, sign = iter(message.params[2:]), ""
        for letter in message.params[1]:
            if letter in "+-":
                sign = letter
            else:
                self._change(letter, sign == "+", words)
        assert next(words, None) is None, "an argument that belongs to nothing"

    def _change(self, letter: str, is_set: bool, words: Iterator[str]) -> None:
        if letter in "qaohv":
            held = self.roles[next(words)]
            assert (letter in held) is not is_set
            held ^= {letter}
        elif letter in LISTS:
            mask, listed = next(words), self.lists[letter]
            assert (mask in listed) is not is_set
            listed.append(mask) if is_set else listed.remove(mask)
        elif letter == "k":
            given = next(words)
            self.key = given if is_set else ""
        elif letter == "l":
            self.limit = next(words) if is_set else ""
        else:
            assert (letter in self.flags) is not is_set
            self.flags ^= {letter}


@given(st.lists(ASKED, max_size=8))
@settings(max_examples=60, deadline=None)
def test_what_is_told_is_what_holds(
    server: Server, asked: list[tuple[str, str, list[str]]]
) -> None:
    """When the server is done processing the modes, a MODE command is sent to all members of the
    channel containing the mode changes.
    """
    clients = {nick: server.client(nick) for nick in NICKS}
    server.channel("#a", *clients.values())
    told, witness = Told(), clients["carl"]
    for nick, letters, arguments in asked:
        clients[nick].send(" ".join(["MODE #a", letters or "+", *arguments]))
        for message in witness.read():
            if message.command == "MODE":
                told.read(message)
        compare(server, told)
    for client in clients.values():
        client.drop()
    server.run()


def compare(server: Server, told: Told) -> None:
    """Hold what was told against the channel as it is."""
    channel = server.hub.state.channels["#a"]
    assert set(channel.flags) == told.flags
    assert (channel.key, str(channel.limit or "")) == (told.key, told.limit)
    for letter in LISTS:
        assert [entry.mask for entry in listed(channel, letter)] == told.lists[letter]
    assert sum(len(listed(channel, letter)) for letter in LISTS) <= 3
    for uid, bits in server.hub.state.members["#a"].items():
        nick = server.hub.state.users[uid].nick
        letters = {"q": 16, "a": 8, "o": 2, "h": 4, "v": 1}
        assert {letter for letter, bit in letters.items() if bits & bit} == told.roles[nick]


def listed(channel: Channel, letter: str) -> tuple[Ban, ...]:
    """Return one of a channel's lists."""
    entries: tuple[Ban, ...] = getattr(channel, LISTS[letter])
    return entries
