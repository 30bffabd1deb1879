"""PING and PONG (modern.ircdocs.horse)."""

from __future__ import annotations

from tests.chat.pair import Server


def test_the_same_token_comes_back(server: Server) -> None:
    """When receiving a PING message, clients or servers must reply to it with a PONG message with
    the same token value. Servers MUST send a server parameter.
    """
    alice = server.client("alice")
    assert alice.ask("PING abcdef") == ["PONG xchat.local abcdef"]
    assert alice.ask("PING :გამარჯობა 👋", "ping :", "PING a b") == [
        "PONG xchat.local :გამარჯობა 👋",
        "PONG xchat.local :",
        "PONG xchat.local a",
    ]


def test_without_a_token(server: Server) -> None:
    assert server.client("alice").ask("PING") == ["461 alice PING :Not enough parameters"]


def test_the_longest_line(server: Server) -> None:
    """A line at the limit is answered; what is said back is cut, for it has the server's name."""
    alice = server.client("alice")
    alice.send(f"PING {'x' * 505}")
    (line,) = alice.read_raw()
    assert len(line) == 512
    assert line.startswith(b":xchat.local PONG xchat.local " + b"x" * 450)


def test_pong_is_not_answered(server: Server) -> None:
    """Numeric Replies: None."""
    assert server.client("alice").ask("PONG", "PONG x", "PONG a b") == []
