"""labeled-response (IRCv3)."""

from __future__ import annotations

import pytest

from tests.chat.pair import Client, Server
from xchat.limits import LABEL_BYTES_MAX

CAPS = ("batch", "labeled-response", "echo-message", "message-tags")


@pytest.fixture
def alice(server: Server) -> Client:
    return server.client("alice", *CAPS)


def test_one_line_has_the_label(alice: Client) -> None:
    """For any message received from a client that includes this tag, the server MUST include the
    same tag and value in any response produced from this message.
    """
    (pong,) = alice.read("@label=98765 PING adhoctestline")
    assert (pong.command, pong.tags) == ("PONG", {"label": "98765"})


def test_nothing_is_an_ack(alice: Client) -> None:
    """Servers MUST respond with a labeled ACK message when a client sends a labeled command that
    normally produces no response. It takes no additional parameters.
    """
    answers = alice.read("@label=1 PONG x", "@label=2 NOTICE nobody :x", "@label=3 NICK alice")
    assert [(a.source, a.command, a.params, a.tags) for a in answers] == [
        ("xchat.local", "ACK", (), {"label": label}) for label in "123"
    ]


def test_several_lines_are_a_batch(alice: Client) -> None:
    """If a response consists of more than one message, a batch MUST be used to group them into a
    single logical response. The start of the batch MUST be tagged with the label tag.
    """
    start, *inside, end = alice.read("@label=12345 JOIN #xyz")
    reference = start.params[0].removeprefix("+")
    assert (start.command, start.params[1], start.tags) == (
        "BATCH",
        "labeled-response",
        {"label": "12345"},
    )
    assert [message.command for message in inside] == ["JOIN", "353", "366"]
    assert all(message.tags["batch"] == reference for message in inside)
    assert not any("label" in message.tags for message in (*inside, end))
    assert (end.command, end.params) == ("BATCH", (f"-{reference}",))


def test_history_is_its_own_batch(alice: Client) -> None:
    """The batch type MUST be one of: an existing type applicable to the entire response."""
    alice.ask("JOIN #a", "PRIVMSG #a :hi")
    start, message, end = alice.read("@label=h CHATHISTORY LATEST #a * 5")
    assert (start.params[1:], start.tags["label"]) == (("chathistory", "#a"), "h")
    assert message.tags["batch"] == start.params[0][1:] == end.params[0][1:]


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("NONEXISTENT_COMMAND", "421"),
        ("PRIV*MSG", "400"),
        ("PRIVMSG nobody :hi", "401"),
        ("PRIVMSG #nowhere :hi", "403"),
        ("JOIN", "461"),
        ("NICK #", "432"),
        ("SETNAME :", "FAIL"),
        ("CHATHISTORY LATEST #nowhere * 5", "FAIL"),
        ("CAP NOSUCH", "410"),
        ("HELP nosuch", "524"),
        (f"PRIVMSG nobody :{'x' * 600}", "417"),
    ],
)
def test_errors_are_labelled(alice: Client, line: str, command: str) -> None:
    (error,) = alice.read(f"@label=deadbeef {line}")
    assert error.command == command
    # Of a line that was too long nothing is kept, nor of one that is no message.
    known = command not in ("417", "400")
    assert error.tags == ({"label": "deadbeef"} if known else {})


def test_the_label_is_the_senders_alone(server: Server, alice: Client) -> None:
    bob = server.client("bob", *CAPS)
    server.channel("#a", alice, bob)
    for target in ("#a", "bob"):
        (echo,) = alice.read(f"@label=l;+draft/reply=123 PRIVMSG {target} :hi")
        (heard,) = bob.read()
        assert echo.tags == {**heard.tags, "label": "l"}
        assert heard.tags.keys() == {"+draft/reply", "msgid"}


@pytest.mark.parametrize("line", ["PRIVMSG alice :hi", "NOTICE alice :hi", "TAGMSG alice"])
def test_of_a_message_to_oneself_the_echo_alone_is_labelled(alice: Client, line: str) -> None:
    """When a client sends a message to itself, the server MUST NOT include the label tag, except
    for any acknowledgment sent with the echo-message mechanism.
    """
    answers = alice.read(f"@label=12345;+x=y {line}")
    assert len(answers) == 2
    assert sorted(message.tags.get("label", "") for message in answers) == ["", "12345"]
    assert len({message.tags["msgid"] for message in answers}) == 1


def test_several_echoes_are_a_batch(server: Server, alice: Client) -> None:
    others = [server.client(nick, *CAPS) for nick in ("bob", "carl")]
    start, *echoes, end = alice.read("@label=12345 PRIVMSG bob,carl,nobody :hi")
    assert (start.command, start.tags, end.command) == ("BATCH", {"label": "12345"}, "BATCH")
    assert sorted(message.command for message in echoes) == ["401", "PRIVMSG", "PRIVMSG"]
    for other in others:
        (heard,) = other.read()
        assert "label" not in heard.tags


def test_tags_without_a_text(server: Server, alice: Client) -> None:
    bob = server.client("bob", *CAPS)
    (echo,) = alice.read("@label=l;+draft/react=😃 TAGMSG bob")
    (heard,) = bob.read()
    assert (echo.command, echo.tags["label"]) == ("TAGMSG", "l")
    assert "label" not in heard.tags
    (typing,) = alice.read("@label=t;+typing=active TAGMSG bob")
    assert typing.tags == {"label": "t", "+typing": "active"}


def test_without_an_echo_a_message_is_acknowledged(server: Server) -> None:
    bob = server.client("bob", "batch", "labeled-response")
    server.channel("#a", bob)
    (ack,) = bob.read("@label=1 PRIVMSG #a :hi")
    assert (ack.command, ack.tags) == ("ACK", {"label": "1"})


@pytest.mark.parametrize("caps", [(), ("labeled-response",), ("batch",), ("message-tags",)])
def test_it_depends_on_batch(server: Server, caps: tuple[str, ...]) -> None:
    """This specification depends on the batch capability which MUST be negotiated."""
    bob = server.client("bob", *caps)
    (pong,) = bob.read("@label=1 PING x")
    assert "label" not in pong.tags
    assert bob.read("@label=1 PONG x") == []


@pytest.mark.parametrize(
    ("sent", "label"),
    [
        ("l" * LABEL_BYTES_MAX, "l" * LABEL_BYTES_MAX),
        ("l" * (LABEL_BYTES_MAX + 1), None),
        ("ა" * 22, None),
        ("", None),
        (r"a\sb\:c\\", "a b;c\\"),
    ],
)
def test_labels_are_opaque_and_bounded(alice: Client, sent: str, label: str | None) -> None:
    """The value MUST NOT exceed 64 bytes; it MUST be treated as an opaque identifier."""
    (pong,) = alice.read(f"@label={sent} PING x")
    assert pong.tags.get("label") == label
