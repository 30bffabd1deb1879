"""WHOWAS (modern.ircdocs.horse; RFC 2812, 3.6.3)."""

from __future__ import annotations

import pytest

from tests.chat.pair import OpenServer, Server
from xchat.limits import WHOWAS_ENTRIES_MAX


def leave(server: Server, nick: str, user: str) -> None:
    client = server.connect()
    client.ask(f"NICK {nick}", f"USER {user} 0 * :Real name", "QUIT :bye")


def users(told: list[str]) -> list[str]:
    """Return the nicks and users that the rows of 314 name."""
    return [" ".join(line.split()[2:4]) for line in told if line.startswith("314")]


def test_who_has_left(server: Server) -> None:
    """Servers reply with a group of RPL_WHOWASUSER and RPL_WHOISSERVER for each entry, and at the
    end RPL_ENDOFWHOWAS.
    """
    alice = server.client("alice")
    leave(server, "bob", "builder")
    assert alice.ask("WHOWAS BOB") == [
        "314 alice bob ~builder 127.0.0.1 * :Real name",
        "312 alice bob xchat.local 2025-06-15T15:06:40.000Z",
        "369 alice BOB :End of WHOWAS",
    ]


@pytest.mark.parametrize(("count", "found"), [("", 2), (" 0", 2), (" -1", 2), (" 1", 1), (" 2", 2)])
def test_the_most_recent_first_and_so_many(server: Server, count: str, found: int) -> None:
    """The history is searched backward, returning the most recent entry first. If there are
    multiple entries, up to <count> replies will be returned; if a non-positive number is passed,
    then a full search is done.
    """
    alice = server.client("alice")
    leave(server, "bob", "one")
    leave(server, "bob", "two")
    assert users(alice.ask(f"WHOWAS bob{count}")) == ["bob ~two", "bob ~one"][:found]


def test_several_targets_and_wildcards(server: Server) -> None:
    """Wildcards are allowed in the <target> parameter (RFC 2812)."""
    alice = server.client("alice")
    leave(server, "nick2", "two")
    leave(server, "nick3", "three")
    both = ["nick3 ~three", "nick2 ~two"]
    assert users(alice.ask("WHOWAS nick2,nick3")) == users(alice.ask("WHOWAS *ck?")) == both
    assert alice.ask("WHOWAS nick2,x 1")[-2:] == [
        "406 alice x :There was no such nickname",
        "369 alice nick2,x :End of WHOWAS",
    ]


def test_a_nick_that_was_given_up(server: Server) -> None:
    alice, bob = server.client("alice"), server.client("bob")
    bob.ask("NICK bert", "NICK BERT")
    assert users(alice.ask("WHOWAS bob")) == ["bob ~bob"]
    assert users(alice.ask("WHOWAS bert")) == []


def test_nobody(server: Server) -> None:
    """ERR_WASNOSUCHNICK (406), and the end all the same; ERR_NONICKNAMEGIVEN (431)."""
    alice = server.client("alice")
    assert alice.ask("WHOWAS alice") == [
        "406 alice alice :There was no such nickname",
        "369 alice alice :End of WHOWAS",
    ]
    assert alice.ask("WHOWAS", "WHOWAS ,") == ["431 alice :No nickname given"] * 2


def test_who_the_last_run_let_go(open_server: OpenServer) -> None:
    """Those who were here when the server ended are remembered by its next run."""
    open_server().client("bob")
    alice = open_server().client("alice")
    assert users(alice.ask("WHOWAS bob")) == ["bob ~bob"]


def test_only_the_last_are_remembered(server: Server) -> None:
    alice, bob = server.client("alice"), server.client("bob")
    bob.ask("NICK first", "NICK other")
    for number in range(WHOWAS_ENTRIES_MAX // 2):
        bob.send(f"NICK a{number}", "NICK other")
        server.run()
    assert users(alice.ask("WHOWAS first")) == []
    assert len(users(alice.ask("WHOWAS *"))) == WHOWAS_ENTRIES_MAX
