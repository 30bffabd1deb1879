"""What arrives that is no command: too long, not UTF-8, not a message (UTF8ONLY, 417)."""

from __future__ import annotations

import pytest

from tests.chat.pair import Server
from xchat.limits import LINE_BYTES_ENDLESS, LINE_BYTES_MAX, TAGS_FROM_CLIENT_BYTES_MAX


@pytest.mark.parametrize("line", [b"PRIVMSG a :b\0c", b"PING a\rb", b"@a=b", b":source", b"!!! x"])
def test_what_is_no_message(server: Server, line: bytes) -> None:
    knows, does_not = server.client("alice", "standard-replies"), server.client("bob")
    assert knows.ask(line)[0].startswith("FAIL * INVALID_MESSAGE :Message rejected: ")
    assert does_not.ask(line)[0].startswith("400 bob * :INVALID_MESSAGE: Message rejected: ")


def test_a_line_at_the_limit_and_one_byte_longer(server: Server) -> None:
    """ERR_INPUTTOOLONG (417): "<client> :Input line was too long"; and the connection goes on."""
    alice = server.client("alice")
    head = "PRIVMSG nobody :"
    fits = LINE_BYTES_MAX - len(head) - len("\r\n")
    assert alice.ask(head + "x" * fits)[0].startswith("401")
    assert alice.ask(head + "x" * (fits + 1)) == ["417 alice :Input line was too long"]
    assert alice.ask("x" * 10_000) == ["417 alice :Input line was too long"]
    assert alice.sync() == []


@pytest.mark.parametrize("end", ["", "\r\n"])
def test_a_line_without_end_is_the_end(server: Server, end: str) -> None:
    """ERROR: used by the server to report a fatal error, before terminating the connection."""
    alice = server.client("alice")
    alice.send_bytes(b"PRIVMSG #a :" + b"a" * LINE_BYTES_ENDLESS + end.encode())
    assert alice.heard() == [
        "417 alice :Input line was too long",
        "ERROR :Closing link (127.0.0.1): A line of more than 16384 bytes",
    ]
    assert alice.closed


@pytest.mark.parametrize(("size", "answer"), [(0, "401"), (1, "417")])
def test_tags_at_the_limit_and_one_byte_longer(server: Server, size: int, answer: str) -> None:
    """Servers MUST reply with the ERR_INPUTTOOLONG (417) error numeric if a client sends a message
    with more tag data than the allowed limit. Clients MUST NOT send tag data exceeding 4094 bytes.
    """
    alice = server.client("alice", "message-tags")
    value = "a" * (TAGS_FROM_CLIENT_BYTES_MAX - len("@+x= ") + size)
    assert alice.ask(f"@+x={value} PRIVMSG nobody :hi")[0].startswith(answer)


def test_bytes_one_by_one(server: Server) -> None:
    alice = server.client("alice")
    for byte in "PRIVMSG alice :გამარჯობა 👋\r\n".encode():
        alice.send_bytes(bytes([byte]))
        server.run()
    assert alice.heard() == [":alice PRIVMSG alice :გამარჯობა 👋"]


def test_empty_lines_are_nothing(server: Server) -> None:
    alice = server.client("alice")
    alice.send_bytes(b"\r\n\n\r\n \r\n")
    assert alice.heard() in (
        [],
        ["400 alice * :INVALID_MESSAGE: Message rejected: it has no command"],
    )


def test_a_source_that_a_client_claims_is_not_believed(server: Server) -> None:
    alice, bob = server.client("alice"), server.client("bob")
    alice.ask(":mallory!m@evil PRIVMSG bob :it was him")
    assert bob.heard() == [":alice PRIVMSG bob :it was him"]


def test_no_control_sequence_of_a_name_is_said_back(server: Server) -> None:
    alice = server.client("alice")
    alice.send("NICK \x1b[31m", "JOIN #\x1b[2J", "WHOIS \x1b", "\x1b[2J", "HELP \x1b", "CAP \x1b")
    server.run()
    for line in alice.read_raw():
        assert b"\x1b" not in line.partition(b" :")[2]
