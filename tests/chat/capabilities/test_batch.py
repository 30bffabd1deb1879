"""batch (IRCv3): every batch that is begun is ended, and its lines name it."""

from __future__ import annotations

import re

from tests.chat.pair import Server
from xchat.irc.message import Message

CAPS = ("batch", "labeled-response", "draft/chathistory", "message-tags")


def check(messages: list[Message]) -> list[str]:
    """Check that batches nest as they must; return their types in the order they begin."""
    open_: list[str] = []
    types = []
    for message in messages:
        inside = message.tags.get("batch", "")
        if message.command != "BATCH":
            assert inside == (open_[-1] if open_ else "")
            continue
        sign, reference = message.params[0][0], message.params[0][1:]
        assert re.fullmatch("[A-Za-z0-9-]+", reference)
        if sign == "-":
            assert open_.pop() == reference
        assert inside == (open_[-1] if open_ else "")
        if sign == "+":
            assert reference not in open_
            open_.append(reference)
            types.append(message.params[1])
    assert open_ == []
    return types


def test_batches_are_whole_and_nest(server: Server) -> None:
    """For every started batch, server MUST end that batch. Start and end messages of one batch MAY
    refer to another batch. If they do, they both MUST have batch tag.
    """
    alice = server.client("alice", *CAPS)
    server.channel("#a", alice)
    alice.ask("PRIVMSG #a :one", "PRIVMSG #a :two")
    answers = alice.read(
        "CHATHISTORY LATEST #a * 5",
        "@label=1 CHATHISTORY LATEST #a * 5",
        "@label=2 WHO *",
        "@label=3 WHOIS alice",
        "@label=4 JOIN #b,#c",
        "@label=5 LIST",
    )
    assert check(answers) == ["chathistory", "chathistory", *["labeled-response"] * 4]


def test_messages_of_others_do_not_slip_into_a_batch(server: Server) -> None:
    alice, bob = server.client("alice", *CAPS), server.client("bob")
    server.channel("#a", alice, bob)
    for number in range(150):
        server.client(f"user{number}")
    alice.send("@label=1 WHO *")
    for number in range(5):
        bob.send(f"PRIVMSG #a :{number}")
        server.turn()
    answers = alice.read()
    heard = [message for message in answers if message.command == "PRIVMSG"]
    assert len(heard) == 5
    assert not any("batch" in message.tags for message in heard)
    assert check([message for message in answers if message.command != "PRIVMSG"]) == [
        "labeled-response"
    ]


def test_without_the_capability_there_is_none(server: Server) -> None:
    bob = server.client("bob", "message-tags")
    server.channel("#a", bob)
    answers = bob.read("PRIVMSG #a :x", "CHATHISTORY LATEST #a * 5", "@label=1 WHO *")
    assert "BATCH" not in [message.command for message in answers]
    assert not any({"batch", "label"} & message.tags.keys() for message in answers)
