"""The hub where the store fails, where connections end, and where it starts again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.chat.pair import Client, OpenServer, Server, commands
from xchat.chat.events import UserQuit
from xchat.chat.ledger import CannotKeep

WORDS = "Not kept, and shown to nobody: the disk is full"


@contextmanager
def broken(server: Server) -> Iterator[None]:
    """Let every commit fail."""

    def keep(*_args: object) -> None:
        raise CannotKeep("the disk is full")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(server.store, "keep", keep)
        yield


@pytest.fixture
def alice(server: Server) -> Client:
    return server.client("alice", "echo-message", "standard-replies", "batch", "labeled-response")


# -- what cannot be kept ----------------------------------------------------------------------


def test_what_cannot_be_kept_is_refused_in_words_and_shown_to_nobody(
    server: Server, alice: Client
) -> None:
    bob = server.client("bob")
    server.channel("#a", alice, bob)
    with broken(server):
        assert alice.ask("PRIVMSG #a :lost") == [f"FAIL PRIVMSG CANNOT_KEEP :{WORDS}"]
        assert bob.ask("PRIVMSG #a :lost too") == [f"400 bob PRIVMSG :CANNOT_KEEP: {WORDS}"]
    assert alice.ask("PRIVMSG #a :kept") == [":alice PRIVMSG #a kept"]
    assert bob.heard() == [":alice PRIVMSG #a kept"]


def test_the_refusal_has_the_label_and_its_place(server: Server, alice: Client) -> None:
    server.channel("#a", alice)
    with broken(server):
        answers = alice.read("@label=1 PRIVMSG #a :x", "@label=2 PING y", "@label=3 TOPIC #a :z")
    assert [(a.command, a.tags["label"]) for a in answers] == [
        ("FAIL", "1"),
        ("PONG", "2"),
        ("FAIL", "3"),
    ]


def test_the_state_is_as_it_was_kept(server: Server, alice: Client) -> None:
    bob = server.client("bob")
    server.channel("#a", alice, bob)
    bob.ask("AWAY :still away")
    with broken(server):
        alice.ask("MODE #a +m", "TOPIC #a :x", "NICK carol", "JOIN #b", "KICK #a bob")
        bob.ask("PART #a")
    assert alice.nick == "alice"
    assert alice.ask("MODE #a")[0] == "324 alice #a +nt"
    assert alice.ask("NAMES #a", "TOPIC #a", "MODE #b") == [
        "353 alice = #a :@alice bob",
        "366 alice #a :End of /NAMES list",
        "331 alice #a :No topic is set",
        "403 alice #b :No such channel",
    ]
    assert alice.ask("PRIVMSG bob :hi") == ["301 alice bob :still away", ":alice PRIVMSG bob hi"]


def test_who_registers_meanwhile_may_try_again(server: Server) -> None:
    client = server.connect()
    with broken(server):
        assert client.ask("NICK alice", "USER a 0 * :A") == [
            f"400 alice USER :CANNOT_KEEP: {WORDS}"
        ]
    assert commands(client.read("NICK alice"))[0] == "001"


def test_who_leaves_meanwhile_leaves_when_it_can_be_kept(server: Server, alice: Client) -> None:
    bob = server.client("bob")
    server.channel("#a", alice, bob)
    with broken(server):
        bob.closed = True
        server.hub.disconnect(bob.session, "Connection lost")
        server.turn()
        assert "bob" in server.hub.state.nicks
    for _ in range(5):
        server.pass_time(1.0)
    assert alice.heard() == [":bob QUIT :Connection lost"]
    assert "bob" not in server.hub.state.nicks


# -- connections ------------------------------------------------------------------------------


def test_a_connection_that_ends_in_the_middle_of_an_answer(server: Server, alice: Client) -> None:
    for number in range(200):
        server.client(f"user{number}")
    alice.send("WHO *", "LIST", "PRIVMSG alice :x")
    server.turn()
    alice.drop()
    assert "alice" not in server.hub.state.nicks
    assert alice.session not in server.hub.streams
    server.pass_time(2)
    assert server.hub.next_work() is None


def test_error_is_the_last_thing_that_is_said(server: Server, alice: Client) -> None:
    server.channel("#a", alice)
    answers = alice.ask("PRIVMSG #a :last words", "TOPIC #a :bye", "QUIT", "PING x")
    assert answers[-1].startswith("ERROR :")
    assert answers[:2] == [":alice PRIVMSG #a :last words", ":alice TOPIC #a bye"]


def test_a_connection_that_is_lost_while_it_is_being_ended(server: Server, alice: Client) -> None:
    server.hub.close(alice.session, "Excess flood")
    alice.drop()
    assert alice.received == []
    assert server.hub.state.users == {}


def test_disconnecting_twice_is_once(server: Server, alice: Client) -> None:
    alice.drop()
    server.hub.disconnect(alice.session, "again")
    server.run()
    assert server.hub.state.users == {}


def test_who_is_gone_by_the_log_is_told_and_hung_up_on(server: Server, alice: Client) -> None:
    """As when an operator of another server ends them."""
    bob = server.client("bob")
    server.channel("#a", alice, bob)
    uid = bob.session.uid
    server.hub.ledger.append_own(uid, UserQuit(uid=uid, reason="Killed: spam"))
    assert bob.ask("PING x")[-1] == "ERROR :Closing link (127.0.0.1): Killed: spam"
    assert bob.closed
    assert alice.heard() == [":bob QUIT :Killed: spam"]


# -- starting again ---------------------------------------------------------------------------


def test_after_a_restart_nobody_is_here_and_what_was_said_is(open_server: OpenServer) -> None:
    server = open_server()
    alice = server.client("alice")
    server.channel("#a", alice)
    alice.ask("PRIVMSG #a :x", "TOPIC #a :the topic", "MODE #a +k key", "AWAY :x")
    again = open_server()
    assert again.hub.state.users == {}
    bob = again.client("alice")
    assert bob.ask("JOIN #a") == ["475 alice #a :Cannot join channel (+k)"]
    assert bob.ask("JOIN #a key")[:2] == [":alice JOIN #a", "332 alice #a :the topic"]
    assert bob.ask("NAMES #a")[0] == "353 alice = #a @alice"


def test_no_uid_is_ever_used_twice(open_server: OpenServer) -> None:
    """`run` names this run of the server: a direct message's reader is of one connection."""
    uids = set()
    for _ in range(3):
        server = open_server()
        uids |= {server.connect().session.uid for _ in range(3)}
    assert len(uids) == 9


def test_a_server_with_nothing_to_do_has_nothing_to_do(server: Server, alice: Client) -> None:
    assert server.hub.next_work() is None
    alice.send("PING x")
    assert server.hub.next_work() == server.now
