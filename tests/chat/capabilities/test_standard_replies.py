"""standard-replies (IRCv3): FAIL for who knows it, and wherever a specification names its code."""

from __future__ import annotations

import pytest

from tests.chat.pair import Server

OF_OUR_OWN = "PRIV*MSG x"


@pytest.mark.parametrize(
    "line", ["SETNAME :", "CHATHISTORY LATEST #nowhere * 5", "CHATHISTORY SIDEWAYS x * 5"]
)
def test_what_a_specification_names_is_a_fail_for_everyone(server: Server, line: str) -> None:
    """The capability allows servers to send arbitrary standard replies other than ones enabled by a
    specific specification.
    """
    knows, does_not = server.client("alice", "standard-replies"), server.client("bob")
    assert knows.ask(line) == does_not.ask(line)
    knows.send(line)
    assert knows.heard()[0].startswith(f"FAIL {line.split(maxsplit=1)[0]} INVALID_")


def test_history_that_cannot_be_read_is_a_fail_for_everyone(server: Server) -> None:
    """If no message history can be returned due to an error, the MESSAGE_ERROR error code SHOULD be
    returned (draft/chathistory).
    """
    alice = server.client("alice")
    server.channel("#a", alice)
    server.store._db.execute("DROP TABLE history")
    (answer,) = alice.ask("CHATHISTORY LATEST #a * 5")
    assert answer.startswith("FAIL CHATHISTORY MESSAGE_ERROR LATEST #a :Messages could not be")


def test_a_code_of_our_own_is_a_numeric_for_who_does_not_know_them(server: Server) -> None:
    """ERR_UNKNOWNERROR (400): "<client> <command>{ <subcommand>} :<info>"."""
    knows, does_not = server.client("alice", "standard-replies"), server.client("bob")
    words = "Message rejected: a command is letters or three digits"
    assert knows.ask(OF_OUR_OWN) == [f"FAIL * INVALID_MESSAGE :{words}"]
    assert does_not.ask(OF_OUR_OWN) == [f"400 bob * :INVALID_MESSAGE: {words}"]


def test_the_form(server: Server) -> None:
    """<type> <command> <code> [<context>...] <description>; the source is the server."""
    alice = server.client("alice", "standard-replies")
    (fail,) = alice.read("CHATHISTORY LATEST #nowhere * 5")
    assert fail.source == "xchat.local"
    assert fail.params == (
        "CHATHISTORY",
        "INVALID_TARGET",
        "LATEST",
        "#nowhere",
        "Messages could not be retrieved",
    )


@pytest.mark.parametrize("context", [":two words", ":", "::colon", "x" * 300])
def test_a_context_that_a_client_sent_stays_one_parameter(server: Server, context: str) -> None:
    alice = server.client("alice", "standard-replies")
    (fail,) = alice.read(f"CHATHISTORY {context}")
    assert len(fail.params) == 4
    assert fail.params[2]
