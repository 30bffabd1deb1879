"""What one client can cost the others, or learn by their absence: each once went wrong."""

from __future__ import annotations

import pytest

from tests.chat.pair import OpenServer, Server, commands
from xchat.chat import streams
from xchat.chat.apply import emptying
from xchat.limits import Limits


def test_a_ban_that_begins_with_a_colon_is_refused(server: Server) -> None:
    """As a parameter in the middle of MODE it could be told to nobody: it ended the server."""
    alice, bob = server.client("alice"), server.client("bob")
    server.channel("#c", alice, bob)
    alice.ask("MODE #c +k x")
    bob.heard()
    assert alice.read("MODE #c +b-k ::x!y@z")[0].command == "696"
    assert bob.ask("PING on") == [":alice MODE #c -k *", "PONG xchat.local on"]


def test_what_a_turn_tells_one_client_is_bounded(server: Server) -> None:
    """Ten pages of long messages came to megabytes, in one turn and for one client."""
    alice, bob = (
        server.client("alice", "message-tags"),
        server.client("bob", "message-tags", "batch"),
    )
    server.channel("#c", alice, bob)
    for number in range(100):
        alice.ask(f"@+x={'y' * 4000} PRIVMSG #c :{number}")
    bob.ask("PING before")
    server.hub.receive(bob.session, [b"CHATHISTORY LATEST #c * 100"] * 10)
    server.hub.serve(server.now, server.now_ms)
    server.hub.settle()
    page = 100 * 4200
    assert Limits().outbox_soft_bytes < bob.session.unread < 2 * page
    told = [message for message in bob.read() if message.command == "BATCH"]
    assert len(told) == 2 * 10, "the rest comes as the client reads"


def test_long_lists_share_the_steps_of_a_turn(server: Server) -> None:
    askers = [server.client(f"asker{number}") for number in range(20)]
    for asker in askers:
        asker.heard()
        server.hub.receive(asker.session, [b"WHO *"])
    server.hub.serve(server.now, server.now_ms)
    told = sum(len(asker.session.outbox) for asker in askers)
    assert 0 < told <= streams.STEPS_A_TURN + len(askers)
    server.run()
    assert all(asker.heard()[-1].startswith("315") for asker in askers)


def test_joining_many_channels_is_a_channel_a_turn(server: Server) -> None:
    alice = server.client("alice")
    names = [f"#c{number}" for number in range(10)]
    before = server.store.seq
    server.hub.receive(alice.session, [f"JOIN {','.join(names)}".encode(), b"PING after"])
    server.hub.serve(server.now, server.now_ms)
    server.hub.settle()
    assert server.store.seq == before + 1
    server.run()
    answers = commands(alice.read())
    assert answers == ["JOIN", "353", "366"] * 10 + ["PONG"]


def test_each_target_has_its_price(open_server: OpenServer) -> None:
    server = open_server(flood_burst=8, flood_lines_per_second=1)
    alice, bob = server.client("alice", exempt=False), server.client("bob")
    server.channel("#a", alice, bob)
    server.channel("#b", alice, bob)
    server.pass_time(60)
    bob.heard()
    alice.ask(*["PRIVMSG #a,#b :x"] * 8)
    assert len(bob.heard()) == 8, "four lines of two targets, and then it is slowed"


def test_a_restart_opens_no_door(open_server: OpenServer) -> None:
    """The modes were forgotten: the next to come was operator, and heard who came back."""
    alice = open_server().client("alice")
    alice.ask("JOIN #private,#locked,#secret", "MODE #private +i", "MODE #locked +k word")
    alice.ask("MODE #secret +s", "JOIN #plain")
    mallory = open_server().client("mallory")
    assert mallory.ask("JOIN #private")[0].startswith("473 mallory #private :")
    assert mallory.ask("JOIN #locked") == ["475 mallory #locked :Cannot join channel (+k)"]
    assert commands(mallory.read("JOIN #locked word"))[0] == "JOIN"
    assert not any("#secret" in line for line in mallory.ask("LIST"))
    assert "+nst" in mallory.ask("JOIN #secret", "MODE #secret")[-2]


def test_a_server_that_ends_in_peace_keeps_its_doors_closed_too(open_server: OpenServer) -> None:
    server = open_server()
    server.client("alice").ask("JOIN #private", "MODE #private +i")
    server.hub.stop("The server is stopping")
    server.run()
    mallory = open_server().client("mallory")
    assert mallory.ask("JOIN #private")[0].startswith("473")


def test_channels_that_nobody_is_in_take_nobodys_place(open_server: OpenServer) -> None:
    """A channel spoken in stays for ever: a few thousand of them closed the server to all."""
    server = open_server(channels_max=3)
    mallory, alice = server.client("mallory"), server.client("alice")
    for number in range(5):
        mallory.ask(f"JOIN #m{number}", f"PRIVMSG #m{number} :x", f"PART #m{number}")
    assert alice.ask("JOIN #ours")[0] == ":alice JOIN #ours"
    assert alice.ask("JOIN #m0")[0] == ":alice JOIN #m0"
    assert alice.ask("JOIN #m1", "JOIN #m2")[-1].startswith("471"), "these three are occupied"


def test_of_too_many_empty_channels_the_one_left_first_ends(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(emptying, "CHANNELS_EMPTY_MAX", 2)
    alice = server.client("alice")
    for name in ("#a", "#b", "#c"):
        alice.ask(f"JOIN {name}", f"PRIVMSG {name} :x", f"PART {name}")
    assert list(server.hub.state.channels) == ["#b", "#c"]
