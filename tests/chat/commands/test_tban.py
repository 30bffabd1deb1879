"""TBAN: bans that end by themselves, over a restart too."""

from __future__ import annotations

import pytest

from tests.chat.pair import Client, OpenServer, Server, commands
from xchat.chat.durations import format_duration, parse_duration
from xchat.limits import BAN_SECONDS_MAX, MASK_BYTES_MAX


@pytest.fixture
def alice(server: Server) -> Client:
    """The operator of #a."""
    alice = server.client("alice")
    server.channel("#a", alice)
    return alice


def test_a_ban_ends_when_its_time_is_up(server: Server, alice: Client) -> None:
    bob = server.client("bob")
    assert alice.ask("TBAN #A 10m bob") == [":alice MODE #a +b bob!*@*"]
    assert commands(bob.read("JOIN #a")) == ["474"]
    server.pass_time(599)
    assert alice.heard() == []
    server.pass_time(2)
    assert alice.heard() == ["MODE #a -b bob!*@*"]
    assert commands(bob.read("JOIN #a"))[0] == "JOIN"
    assert server.hub.next_work() is None


def test_several_that_end_at_once_are_told_together(server: Server, alice: Client) -> None:
    alice.ask("TBAN #a 60 bob", "TBAN #a 1m m:carl", "TBAN #a 1h dora", "MODE #a +b eve")
    server.pass_time(61)
    assert alice.heard() == ["MODE #a -bb bob!*@* m:carl!*@*"]
    assert [ban.mask for ban in server.hub.state.channels["#a"].bans] == ["dora!*@*", "eve!*@*"]


def test_ends_survive_a_restart(open_server: OpenServer) -> None:
    server = open_server()
    alice = server.client("alice")
    alice.ask("JOIN #a", "PRIVMSG #a :stay", "TBAN #a 1h bob", "TBAN #a 2h carl")
    server = open_server()
    assert len(server.hub.state.channels["#a"].bans) == 2
    server.pass_time(3_700)
    bans = server.hub.state.channels["#a"].bans
    assert [ban.mask for ban in bans] == ["carl!*@*"]
    server.pass_time(3_700)
    assert not server.hub.state.channels["#a"].bans


def test_what_ended_while_the_server_was_down(open_server: OpenServer) -> None:
    server = open_server()
    server.client("alice").ask("JOIN #a", "PRIVMSG #a :stay", "TBAN #a 1h bob")
    later = server.now_ms + 7_200_000
    server = open_server()
    server.now_ms = later
    server.run()
    assert not server.hub.state.channels["#a"].bans


def test_which_end_and_when(server: Server, alice: Client) -> None:
    alice.ask("TBAN #a 2h5m bob", "MODE #a +b carl")
    when = server.now_ms // 1000
    server.pass_time(60)
    assert alice.ask("TBAN #a") == [
        f"367 alice #a bob!*@* alice {when} :ends in 2h4m",
        "368 alice #a :End of channel ban list",
    ]
    assert len(alice.ask("MODE #a b")) == 3


def test_a_ban_set_anew_ends_anew(server: Server, alice: Client) -> None:
    alice.ask("TBAN #a 1m bob")
    assert alice.ask("TBAN #a 1h bob") == [":alice MODE #a +b bob!*@*"]
    server.pass_time(120)
    assert alice.heard() == []
    assert alice.ask("MODE #a +b bob") == [":alice MODE #a +b bob!*@*"]
    server.pass_time(7_200)
    assert alice.heard() == []
    assert len(server.hub.state.channels["#a"].bans) == 1


def test_one_that_is_lifted_ends_no_more(server: Server, alice: Client) -> None:
    alice.ask("TBAN #a 1m bob", "MODE #a -b bob")
    server.pass_time(120)
    assert alice.heard() == []


def test_a_channel_that_is_renamed_keeps_them(server: Server, alice: Client) -> None:
    alice.ask("TBAN #a 1m bob", "RENAME #a #b")
    server.pass_time(120)
    assert alice.heard() == ["MODE #b -b bob!*@*"]


def test_who_may(server: Server, alice: Client) -> None:
    bob, carl = server.client("bob"), server.client("carl")
    server.channel("#a", bob)
    assert bob.ask("TBAN #a 1h carl") == ["482 bob #a :You're not channel operator"]
    assert carl.ask("TBAN #a 1h bob") == ["442 carl #a :You're not on that channel"]
    assert carl.ask("TBAN #no 1h bob") == ["403 carl #no :No such channel"]
    alice.ask("MODE #a +h bob")
    bob.heard()
    assert bob.ask("TBAN #a 1h carl") == [":bob MODE #a +b carl!*@*"]
    assert bob.ask("TBAN") == ["461 bob TBAN :Not enough parameters"]
    assert bob.ask("TBAN #a 1h") == ["461 bob TBAN :Not enough parameters"]


@pytest.mark.parametrize(
    "length", ["0", "0s", "x", "1x", "-5", "1m1h", "m", "1h1h", "9" * 12, "99999w", "٣h", "367d"]
)
def test_lengths_that_are_none(server: Server, length: str) -> None:
    alice = server.client("alice", "standard-replies")
    alice.ask("JOIN #a")
    words = "A length is written 10m, 2h30m or 1w; 52w2d at most"
    assert alice.ask(f"TBAN #a {length} bob") == [
        f"FAIL TBAN INVALID_DURATION #a {length} :{words}"
    ]


@pytest.mark.parametrize("mask", [":", "a\x1b", "x" * MASK_BYTES_MAX])
def test_masks_that_are_none(alice: Client, mask: str) -> None:
    assert commands(alice.read(f"TBAN #a 1h {mask}")) == ["696"]


def test_they_count_as_bans(open_server: OpenServer) -> None:
    alice = open_server(bans_per_channel_max=1).client("alice")
    alice.ask("JOIN #a", "MODE #a +b bob")
    assert alice.ask("TBAN #a 1h carl") == ["478 alice #a b :Channel list is full"]


@pytest.mark.parametrize(
    ("text", "seconds", "written"),
    [
        ("90", 90, "1m30s"),
        ("10m", 600, "10m"),
        ("1H30M", 5_400, "1h30m"),
        ("2w1d", 1_296_000, "2w1d"),
        ("366d", BAN_SECONDS_MAX, "52w2d"),
        ("0", 0, "0s"),
    ],
)
def test_lengths_of_time(text: str, seconds: int, written: str) -> None:
    assert parse_duration(text) == seconds
    assert format_duration(seconds) == written
    assert parse_duration(written) == seconds
