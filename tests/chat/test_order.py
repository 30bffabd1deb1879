"""Replies come in the order of the commands, whatever waits for the log."""

from __future__ import annotations

import itertools
import random

import pytest

from tests.chat.pair import Server

CAPS = ("batch", "labeled-response", "echo-message", "message-tags")
ANSWERED_AT_ONCE = (
    "PING x",
    "MODE #a",
    "NOSUCH",
    "TIME",
    "NAMES #a",
    "PRIVMSG nobody :x",
    "CAP LIST",
)
BY_THE_LOG = ("PRIVMSG #a :hi", "TOPIC #a :t", "AWAY :x", "NICK alice2", "MODE #a +m", "JOIN #c")
AT_LENGTH = ("WHO *", "LIST", "CHATHISTORY LATEST #a * 3")


def labels(server: Server, lines: tuple[str, ...]) -> list[str]:
    """Send labelled lines in one packet; return the labels in the order they are answered."""
    alice = server.client("alice", *CAPS)
    server.channel("#a", alice)
    answers = alice.read(*(f"@label=l{number} {line}" for number, line in enumerate(lines)))
    return [message.tags["label"] for message in answers if "label" in message.tags]


@pytest.mark.parametrize(
    "lines",
    [
        *itertools.permutations(("PRIVMSG #a :hi", "PING x", "WHO *")),
        *itertools.permutations(("TOPIC #a :t", "TOPIC #a", "CHATHISTORY LATEST #a * 3")),
        *itertools.permutations(("JOIN #b", "PART #b", "MODE #b")),
    ],
    ids=str,
)
def test_each_label_is_answered_once_and_in_order(server: Server, lines: tuple[str, ...]) -> None:
    assert labels(server, lines) == [f"l{number}" for number in range(len(lines))]


@pytest.mark.parametrize("seed", range(20))
def test_any_mixture_of_commands(server: Server, seed: int) -> None:
    chance = random.Random(seed)
    lines = tuple(chance.choices(ANSWERED_AT_ONCE + BY_THE_LOG + AT_LENGTH, k=25))
    assert labels(server, lines) == [f"l{number}" for number in range(len(lines))], lines


def test_without_labels_too(server: Server) -> None:
    alice = server.client("alice", "echo-message")
    server.channel("#a", alice)
    answers = alice.ask(
        "PRIVMSG #a :one", "PING 1", "TOPIC #a :new", "PING 2", "WHOIS nobody", "PRIVMSG #a :two"
    )
    assert answers == [
        ":alice PRIVMSG #a one",
        "PONG xchat.local 1",
        ":alice TOPIC #a new",
        "PONG xchat.local 2",
        "401 alice nobody :No such nick/channel",
        "318 alice nobody :End of /WHOIS list",
        ":alice PRIVMSG #a two",
    ]


def test_a_command_sees_what_the_one_before_it_did(server: Server) -> None:
    alice = server.client("alice")
    answers = alice.ask("JOIN #a", "MODE #a +k key", "MODE #a", "NICK carol", "WHOIS carol")
    assert "324 alice #a +ntk key" in answers
    assert any(line.startswith("311 carol carol") for line in answers)


def test_what_was_said_before_joining_is_the_past_and_after_it_is_heard(server: Server) -> None:
    """Each line reaches those who were there at its place in the log; the past is told as such."""
    alice, bob = server.client("alice"), server.client("bob")
    server.channel("#a", alice)
    alice.send("PRIVMSG #a :before")
    bob.send("JOIN #a")
    server.hub.serve(server.now, server.now_ms)
    alice.send("PRIVMSG #a :after")
    heard = [line for line in bob.heard() if "PRIVMSG" in line]
    assert heard == [":alice PRIVMSG #a :[15:06 UTC] before", ":alice PRIVMSG #a after"]


def test_a_part_and_what_follows_it_in_one_packet(server: Server) -> None:
    alice, bob = server.client("alice"), server.client("bob")
    server.channel("#a", alice, bob)
    answers = bob.ask("PART #a", "PRIVMSG #a :am I in?", "JOIN #a", "PRIVMSG #a :now I am")
    assert answers[:2] == [
        ":bob PART #a",
        "404 bob #a :Cannot send to channel (+n): you are not in it",
    ]
    assert alice.heard() == [":bob PART #a", ":bob JOIN #a", ":bob PRIVMSG #a :now I am"]


def test_more_messages_at_once_than_may_wait_for_the_log(server: Server) -> None:
    alice = server.client("alice", "echo-message")
    server.channel("#a", alice)
    answers = alice.ask(*(f"PRIVMSG #a :{number}" for number in range(500)))
    assert answers == [f":alice PRIVMSG #a {number}" for number in range(500)]
