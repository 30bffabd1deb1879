"""draft/event-playback (IRCv3 draft/chathistory): what happened, among what was said."""

from __future__ import annotations

import pytest

from tests.chat.commands.test_chathistory import CAPS, history
from tests.chat.pair import Client, OpenServer, Server, plain

PLAYBACK = "draft/event-playback"


@pytest.fixture
def alice(server: Server) -> Client:
    return server.client("alice", *CAPS, PLAYBACK)


def told(client: Client, request: str) -> list[str]:
    """Return what history tells, as a transcript."""
    return [plain(message) for message in history(client, request)]


def test_what_happened_is_told_in_its_place(server: Server, alice: Client) -> None:
    """If the client has negotiated event-playback, the server SHOULD send additional lines relevant
    to the chat history, including but not limited to TAGMSG, JOIN, PART, QUIT, MODE, TOPIC, NICK.
    """
    bob = server.client("bob", *CAPS)
    server.channel("#a", alice, bob)
    alice.ask("TOPIC #a :tea and cake", "PRIVMSG #a :one", "MODE #a +v bob", "@+x=y TAGMSG #a")
    bob.ask("NICK rob")
    alice.ask("KICK #a rob :out")
    bob.ask("JOIN #a", "PART #a :bye", "JOIN #a", "QUIT :gone")
    server.quiet()
    assert told(alice, "LATEST #a * 100") == [
        ":alice JOIN #a",
        ":bob JOIN #a",
        ":alice TOPIC #a :tea and cake",
        ":alice PRIVMSG #a one",
        ":alice MODE #a +v bob",
        ":alice TAGMSG #a",
        ":bob NICK rob",
        ":alice KICK #a rob out",
        ":rob JOIN #a",
        ":rob PART #a bye",
        ":rob JOIN #a",
        ":rob QUIT :Quit: gone",
    ]


def test_each_line_as_it_was_told(server: Server, alice: Client) -> None:
    """The msgid tag MUST be the msgid tag as originally sent by the IRC server."""
    server.channel("#a", alice)
    (topic,) = alice.read("TOPIC #a :x")
    again = history(alice, "LATEST #a * 1")[0]
    assert again.params == topic.params
    assert {key: again.tags[key] for key in ("msgid", "time")} == topic.tags


def test_a_join_says_more_to_who_asked_for_more(server: Server, alice: Client) -> None:
    """extended-join: the account name or `*`, and the real name."""
    ann = server.client("ann", *CAPS, PLAYBACK, "extended-join")
    server.channel("#a", alice)
    ann.ask("JOIN #a")
    server.quiet()
    assert told(ann, "LATEST #a * 1") == [":ann JOIN #a * :ann's name"]
    assert told(alice, "LATEST #a * 1") == [":ann JOIN #a"]


def test_the_limit_counts_lines(server: Server, alice: Client) -> None:
    """Request up to `limit` number of messages."""
    server.channel("#a", alice)
    for number in range(3):
        alice.ask(f"TOPIC #a :topic {number}", f"PRIVMSG #a :message {number}")
    told_last = told(alice, "LATEST #a * 3")
    assert told_last == [
        ":alice PRIVMSG #a :message 1",
        ":alice TOPIC #a :topic 2",
        ":alice PRIVMSG #a :message 2",
    ]
    reference = history(alice, "LATEST #a * 3")[1].tags["msgid"]
    assert told(alice, f"BEFORE #a msgid={reference} 2") == [
        ":alice TOPIC #a :topic 1",
        ":alice PRIVMSG #a :message 1",
    ]
    assert told(alice, f"AFTER #a msgid={reference} 2") == [":alice PRIVMSG #a :message 2"]
    assert told(alice, f"AROUND #a msgid={reference} 3") == told_last


def test_not_to_who_has_not_asked(server: Server, alice: Client) -> None:
    """If the client has not negotiated the event-playback capability, the server MUST NOT send any
    lines other than PRIVMSG and NOTICE in the reply batch.
    """
    bob = server.client("bob", *CAPS)
    server.channel("#a", alice, bob)
    bob.ask("TOPIC #a :x", "PRIVMSG #a :one", "@+x TAGMSG #a")
    assert told(bob, "LATEST #a * 9") == [":bob PRIVMSG #a one"]


def test_tags_alone_are_for_who_knows_tags(server: Server, alice: Client) -> None:
    """message-tags: "TAGMSG [...] MUST NOT be sent to clients that have not negotiated it"."""
    bare = server.client("bare", "batch", "draft/chathistory", PLAYBACK)
    server.channel("#a", alice, bare)
    alice.ask("@+x TAGMSG #a", "PRIVMSG #a :one")
    server.quiet()
    assert told(bare, "LATEST #a * 2") == [":alice PRIVMSG #a one"]


def test_reactions_to_direct_messages(server: Server, alice: Client) -> None:
    server.client("bob", *CAPS)
    alice.ask("PRIVMSG bob :one", "@+draft/react=x;+draft/reply=y TAGMSG bob")
    reaction = history(alice, "LATEST bob * 9")[1]
    assert (plain(reaction), reaction.tags["+draft/react"]) == (":alice TAGMSG bob", "x")


def test_many_modes_at_once_are_all_told(server: Server, alice: Client) -> None:
    """One command may be told in several lines; none of them is lost."""
    server.channel("#a", alice)
    masks = [f"{letter * 70}!*@{letter * 50}" for letter in "abcdefghijkl"]
    alice.ask(f"MODE #a +{'b' * 4} {' '.join(masks[:4])}", f"MODE #a +bb {masks[4]} {masks[5]}")
    lines = [line for line in told(alice, "LATEST #a * 9") if " MODE " in line]
    assert [line.count("!*@") for line in lines] == [3, 1, 2]


def test_a_long_absence_is_told_after_a_restart(open_server: OpenServer) -> None:
    server = open_server()
    server.channel("#a", server.client("alice", *CAPS))
    server.hub.sessions.clear()
    again = open_server()
    alice = again.client("alice", *CAPS, PLAYBACK)
    server = again
    alice.ask("JOIN #a")
    assert told(alice, "LATEST #a * 9")[-1] == ":alice JOIN #a"
