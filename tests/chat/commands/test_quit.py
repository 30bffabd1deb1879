"""QUIT and ERROR (modern.ircdocs.horse, QUIT message)."""

from __future__ import annotations

import pytest

from tests.chat.pair import Server


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("QUIT :Gone to have lunch", "Quit: Gone to have lunch"),
        ("QUIT", "Quit: "),
        ("QUIT :", "Quit: "),
    ],
)
def test_the_others_hear_quit_and_the_reason(server: Server, line: str, reason: str) -> None:
    """The server acknowledges this by replying with an ERROR message and closing the connection.
    Servers SHOULD prepend reason with the ASCII string "Quit: ". This applies even if reason is
    empty.
    """
    alice, bob, carl = (server.client(nick) for nick in ("alice", "bob", "carl"))
    server.channel("#a", alice, bob)
    server.channel("#b", alice, bob)
    quit_, error = alice.read(line)
    assert (quit_.nick, quit_.command, quit_.params) == ("alice", "QUIT", (reason,))
    assert (error.command, error.params) == ("ERROR", (f"Closing link (127.0.0.1): {reason}",))
    assert alice.closed
    (heard,) = bob.read()
    assert (heard.nick, heard.command, heard.params) == ("alice", "QUIT", (reason,))
    assert carl.heard() == []


def test_who_has_been_told_goodbye_has_left(server: Server) -> None:
    """WHOWAS: information about a nickname which no longer exists. So it does not: ERROR is the
    last thing the client is told, and comes after that was kept.
    """
    alice, bob = server.client("alice"), server.client("bob")
    alice.send("QUIT :bye")
    server.hub.serve(server.now, server.now_ms)
    assert not any(line.startswith(b"ERROR") for line in alice.session.outbox)
    server.hub.settle()
    assert alice.session.outbox[-1].startswith(b"ERROR"), "before the connection has ended"
    assert bob.ask("ISON alice", "WHOWAS alice")[:2] == [
        "303 bob :",
        "314 bob alice ~alice 127.0.0.1 * :alice's name",
    ]


def test_a_device_that_leaves_is_not_its_user(server: Server) -> None:
    account = server.account("alice")
    phone, desk = (server.client("alice", account=account) for _ in "ab")
    assert phone.ask("QUIT :bye")[0] == ":alice QUIT :Quit: bye"
    assert phone.closed
    assert desk.sync() == []


def test_what_was_said_before_is_heard_and_what_comes_after_is_not(server: Server) -> None:
    alice, bob = server.client("alice"), server.client("bob")
    server.channel("#a", alice, bob)
    alice.ask("PRIVMSG #a :first", "QUIT :bye", "PRIVMSG #a :never")
    assert bob.heard() == [":alice PRIVMSG #a first", ":alice QUIT :Quit: bye"]


def test_a_connection_that_is_lost_is_a_quit_too(server: Server) -> None:
    """If a client connection is closed without the client issuing a QUIT command to the server, the
    server MUST distribute a QUIT message to other clients informing them of this, with a message
    reflecting the nature of the event.
    """
    alice, bob = server.client("alice"), server.client("bob")
    server.channel("#a", alice, bob)
    alice.drop("Ping timeout: 150 s of silence")
    assert bob.heard() == [":alice QUIT :Ping timeout: 150 s of silence"]


def test_before_registration(server: Server) -> None:
    client = server.connect()
    assert client.ask("NICK alice", "QUIT") == ["ERROR :Closing link (127.0.0.1): Quit: "]
    assert client.closed


def test_a_reason_is_cut_and_cleaned(server: Server) -> None:
    alice, bob = server.client("alice"), server.client("bob")
    server.channel("#a", alice, bob)
    alice.ask(f"QUIT :\x1b[2J{'ა' * 150}")
    (heard,) = bob.read()
    assert heard.params == (f"Quit: [2J{'ა' * 99}",)


def test_a_connection_that_ends_while_its_claim_waits_leaves_no_ghost(server: Server) -> None:
    client = server.connect()
    client.send("NICK alice", "USER a 0 * :A")
    server.hub.serve(server.now, server.now_ms)
    server.hub.disconnect(client.session, "Connection lost")
    server.run()
    assert server.hub.state.users == {}
    assert server.client("alice").nick == "alice"
