"""MONITOR (IRCv3 monitor)."""

from __future__ import annotations

import pytest

from tests.chat.pair import OpenServer, Server


def test_a_target_comes_and_goes(server: Server) -> None:
    """Numeric 730 tells that a target has just become online, 731 that it has just left. The server
    may send "*" instead of the nick.
    """
    alice = server.client("alice")
    assert alice.ask("MONITOR + bob") == ["731 alice bob"]
    bob = server.client("Bob")
    assert alice.heard() == ["730 * Bob!~Bob@127.0.0.1"]
    bob.send("QUIT :bye")
    assert alice.heard() == ["731 * Bob"]
    server.client("bob")
    assert alice.heard() == ["730 * bob!~bob@127.0.0.1"]


def test_adding_tells_who_is_there_and_who_is_not(server: Server) -> None:
    """If any of the targets being added are online, the server will generate RPL_MONONLINE numerics
    listing those targets that are online; if any are offline, RPL_MONOFFLINE.
    """
    alice, _, _ = (server.client(nick) for nick in ("alice", "bob", "carl"))
    assert alice.ask("MONITOR + BOB,dora,carl,emil") == [
        "730 alice bob!~bob@127.0.0.1,carl!~carl@127.0.0.1",
        "731 alice dora,emil",
    ]


def test_removing_and_clearing_say_nothing(server: Server) -> None:
    """MONITOR - and MONITOR C: no output will be returned for use of this command."""
    alice = server.client("alice")
    alice.ask("MONITOR + bob,carl,dora")
    assert alice.ask("MONITOR - BOB,nobody,!!") == []
    server.client("bob")
    assert alice.heard() == []
    assert alice.ask("MONITOR C") == []
    server.client("carl")
    assert alice.ask("MONITOR L") == ["733 alice :End of MONITOR list"]


def test_the_list_and_the_status(server: Server) -> None:
    """L outputs the current list of targets, terminated with RPL_ENDOFMONLIST; S whether each is
    online or offline.
    """
    alice, _ = server.client("alice"), server.client("bob")
    alice.ask("MONITOR + bob,Carl", "MONITOR + carl,bob")
    assert alice.ask("MONITOR l") == ["732 alice bob,Carl", "733 alice :End of MONITOR list"]
    assert alice.ask("MONITOR S") == ["730 alice bob!~bob@127.0.0.1", "731 alice Carl"]


def test_a_list_is_a_sessions_own(server: Server) -> None:
    alice, bob = server.client("alice"), server.client("bob")
    alice.ask("MONITOR + qux")
    bob.ask("MONITOR + qux", "MONITOR - qux")
    server.client("qux")
    assert alice.heard() == ["730 * qux!~qux@127.0.0.1"]
    assert bob.heard() == []


def test_a_change_of_nick(server: Server) -> None:
    """A nick that is given up is offline, the one taken is online; case is no change."""
    alice, bob = server.client("alice"), server.client("bob")
    alice.ask("MONITOR + bob,qux")
    bob.ask("NICK qux")
    assert alice.heard() == ["731 * bob", "730 * qux!~bob@127.0.0.1"]
    bob.ask("NICK QUX")
    assert alice.heard() == []
    bob.ask("NICK other")
    assert alice.heard() == ["731 * QUX"]


def test_nicks_fold_as_everywhere(server: Server) -> None:
    alice = server.client("alice")
    alice.ask("MONITOR + ÉCOLE")
    server.client("école")
    assert alice.heard() == ["730 * école!~école@127.0.0.1"]


def test_what_is_no_nick_is_not_watched(server: Server) -> None:
    """For this specification, 'target' MUST be a valid nick as determined by the IRC daemon."""
    alice = server.client("alice")
    assert alice.ask("MONITOR + *!~bar@127.0.0.1") == ["731 alice *!~bar@127.0.0.1"]
    assert alice.ask(f"MONITOR + {'*' * 300}") == [f"731 alice {'*' * 90}"]
    assert alice.ask("MONITOR L") == ["733 alice :End of MONITOR list"]
    server.client("bar")
    assert alice.heard() == []


def test_a_full_list(open_server: OpenServer) -> None:
    """734: "<limit> <targets>": the maximum number of targets a client may have in their list, and
    the list of targets, as the client sent them, that cannot be added.
    """
    server = open_server(monitor_max=2)
    alice = server.client("alice")
    assert "MONITOR=2" in " ".join(server.client("bob").ask("VERSION"))
    assert alice.ask("MONITOR + a,b,C,d") == [
        "734 alice 2 C,d :Monitor list is full",
        "731 alice a,b",
    ]
    assert alice.ask("MONITOR + B,a") == ["731 alice B,a"]
    alice.ask("MONITOR - a")
    assert alice.ask("MONITOR + c") == ["731 alice c"]


def test_long_lists_take_several_lines(server: Server) -> None:
    alice = server.client("alice")
    nicks = [f"{'n' * 25}{number:03}" for number in range(60)]
    for start in range(0, 60, 15):
        alice.ask(f"MONITOR + {','.join(nicks[start : start + 15])}")
    *rows, end = alice.read("MONITOR L")
    assert end.command == "733"
    assert [nick for row in rows for nick in row.params[1].split(",")] == nicks


def test_who_is_gone_watches_nobody(server: Server) -> None:
    alice = server.client("alice")
    alice.ask("MONITOR + bob")
    alice.send("QUIT")
    server.run()
    assert list(server.hub.fanout.monitor.watchers("bob")) == []


@pytest.mark.parametrize("line", ["MONITOR", "MONITOR +", "MONITOR -"])
def test_too_little(server: Server, line: str) -> None:
    alice = server.client("alice")
    assert alice.ask(line) == ["461 alice MONITOR :Not enough parameters"]


def test_another_modifier(server: Server) -> None:
    alice = server.client("alice", "standard-replies")
    text = "MONITOR takes one of + - C L S"
    assert alice.ask("MONITOR x") == [f"FAIL MONITOR INVALID_PARAMS x :{text}"]
    assert alice.ask("MONITOR + ,,,") == []
