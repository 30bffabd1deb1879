"""RENAME (IRCv3 draft/channel-rename)."""

from __future__ import annotations

import pytest

from tests.chat.pair import Client, OpenServer, Server, commands
from xchat.chat.events import ChannelRegistered

CAP = "draft/channel-rename"


@pytest.fixture
def alice(server: Server) -> Client:
    """The operator of #a, who knows RENAME."""
    alice = server.client("alice", CAP)
    server.channel("#a", alice)
    return alice


def test_who_knows_it_is_told_by_it(server: Server, alice: Client) -> None:
    """The server to client command MUST always include the third parameter, an empty string MAY be
    used if no reason is provided.
    """
    bob = server.client("bob", CAP)
    server.channel("#a", bob)
    told = [":alice RENAME #a #b :typo fix"]
    assert alice.ask("RENAME #A #b :typo fix") == told == bob.heard()
    assert alice.ask("RENAME #b #c") == [":alice RENAME #b #c :"] == bob.heard()


def test_all_goes_on_under_the_new_name(open_server: OpenServer) -> None:
    """A channel rename preserves all channel state, such as membership, mode and topic."""
    server = open_server()
    alice, bob = server.client("alice", CAP), server.client("bob", CAP)
    server.channel("#a", alice, bob)
    alice.ask("MODE #a +bmvI evil bob friend", "TOPIC #a :t", "RENAME #a #b")
    bob.heard()
    assert bob.ask("PRIVMSG #b :still here") == []
    assert alice.heard() == [":bob PRIVMSG #b :still here"]
    assert bob.ask("NAMES #b")[0] == "353 bob = #b :@alice +bob"
    assert commands(bob.read("MODE #b", "TOPIC #b", "PRIVMSG #a :x")) == [
        "324", "329", "332", "333", "403",
    ]  # fmt: skip
    channel = server.hub.state.channels["#b"]
    again = open_server().hub.state
    assert again.channels.keys() == {"#b"}
    assert again.channels["#b"].bans == channel.bans


def test_who_does_not_know_it_leaves_and_enters(server: Server) -> None:
    """Send the client a PART message for the old channel name, with part message matching the
    rename reason if given. Send the client a JOIN message followed by the usual messages.
    """
    alice, bob = server.client("alice"), server.client("bob", "extended-join")
    carl = server.client("carl", CAP)
    server.channel("#a", alice, carl)
    bob.ask("JOIN #a")
    alice.ask("TOPIC #a :t")
    server.quiet()
    answers = alice.ask("RENAME #a #b :why")
    assert answers == [
        ":alice PART #a why",
        ":alice JOIN #b",
        "332 alice #b t",
        answers[3],
        "353 alice = #b :@alice carl bob",
        "366 alice #b :End of /NAMES list",
    ]
    assert bob.heard()[:2] == [":bob PART #a why", ":bob JOIN #b * :bob's name"]
    assert carl.heard() == [":alice RENAME #a #b why"]


def test_a_change_of_case_is_told_to_those_alone_who_know_it(server: Server, alice: Client) -> None:
    """Implementations MUST allow channels to be renamed while only changing the casing of a channel
    name. The fallback SHOULD NOT be used if the rename only changes the case.
    """
    bob = server.client("bob")
    server.channel("#a", bob)
    assert alice.ask("RENAME #a #A") == [":alice RENAME #a #A :"]
    assert bob.heard() == []
    alice.ask("PRIVMSG #a :x")
    assert bob.heard() == [":alice PRIVMSG #A x"]


def test_the_old_name_is_free(server: Server, alice: Client) -> None:
    alice.ask("RENAME #a #b")
    bob = server.client("bob")
    assert "353 bob = #a @bob" in bob.ask("JOIN #a")
    assert bob.ask("MODE #a +k beer") == [":bob MODE #a +k beer"]
    assert commands(bob.read("JOIN #b"))[0] == "JOIN"


def test_history_goes_along_under_the_new_name(server: Server) -> None:
    """History is not split across multiple channel names."""
    alice = server.client("alice", CAP, "draft/chathistory")
    server.channel("#a", alice)
    alice.ask("PRIVMSG #a :before", "RENAME #a #b", "PRIVMSG #b :after")
    assert alice.ask("CHATHISTORY LATEST #b * 10") == [
        ":alice PRIVMSG #b before",
        ":alice PRIVMSG #b after",
    ]


def test_what_was_said_before_it_in_the_same_turn_arrives(server: Server, alice: Client) -> None:
    bob = server.client("bob", CAP)
    server.channel("#a", bob)
    alice.send("PRIVMSG #a :one", "RENAME #a #b", "PRIVMSG #b :two")
    assert bob.heard() == [
        ":alice PRIVMSG #a one",
        ":alice RENAME #a #b :",
        ":alice PRIVMSG #b two",
    ]


def test_metadata_and_read_markers_go_along(server: Server) -> None:
    alice = server.client("alice", CAP, "draft/read-marker", "draft/metadata-2", "batch")
    server.channel("#a", alice)
    time = "timestamp=2025-01-01T00:00:00.000Z"
    alice.ask("METADATA #a SET topic :what it is", f"MARKREAD #a {time}", "RENAME #a #b")
    assert any("what it is" in line for line in alice.ask("METADATA #b GET topic"))
    assert alice.ask("MARKREAD #b") == [f"MARKREAD #b {time}"]


# -- refused ----------------------------------------------------------------------------------


def test_who_may(server: Server, alice: Client) -> None:
    """If existing error numerics are more appropriate, they SHOULD be used instead."""
    bob, carl = server.client("bob"), server.client("carl")
    server.channel("#a", bob)
    refused = "482 bob #a :You're not channel operator"
    assert bob.ask("RENAME #a #b") == [refused]
    assert carl.ask("RENAME #a #b") == ["442 carl #a :You're not on that channel"]
    assert carl.ask("RENAME #nowhere #b") == ["403 carl #nowhere :No such channel"]
    assert alice.ask("RENAME #a") == ["461 alice RENAME :Not enough parameters"]
    account = server.account("alice")
    assert server.hub.ledger.append_own("", ChannelRegistered(channel="#a", founder=account.aid))
    assert alice.ask("RENAME #a #b") == ["482 alice #a :You're not channel operator"]


@pytest.mark.parametrize("name", ["#b", "#B", "#раураl"])
def test_a_name_that_is_taken_or_looks_so(server: Server, alice: Client, name: str) -> None:
    """FAIL RENAME CHANNEL_NAME_IN_USE <old-channel> <new-channel> :The channel name is already
    taken.
    """
    server.client("bob").ask("JOIN #b,#paypal")
    words = "The channel name is already taken, or looks like one that is"
    assert alice.ask(f"RENAME #a {name}") == [f"FAIL RENAME CHANNEL_NAME_IN_USE #a {name} :{words}"]


@pytest.mark.parametrize("name", ["b", "#", "&b", "#b\u202e", "#a", "#b:c", f"#{'x' * 60}"])
def test_a_name_that_is_none(alice: Client, name: str) -> None:
    """FAIL RENAME CANNOT_RENAME <old-channel> <new-channel> :The channel cannot be renamed."""
    (failed,) = alice.read(f"RENAME #a {name}")
    assert (failed.command, *failed.params[:4]) == ("FAIL", "RENAME", "CANNOT_RENAME", "#a", name)


def test_one_may_look_like_oneself(server: Server) -> None:
    alice = server.client("alice", CAP)
    alice.ask("JOIN #раураl")
    assert commands(alice.read("RENAME #раураl #paypal")) == ["RENAME"]
    assert server.client("bob").ask("JOIN #раураl")[0].startswith("476")


def test_names_that_fill_a_line(server: Server) -> None:
    alice = server.client("ა" * 30, CAP)
    alice.ask(f"JOIN #{'ბ' * 49}")
    alice.send(f"RENAME #{'ბ' * 49} #{'გ' * 49} :why")
    (answer,) = alice.read_raw()
    assert len(answer) <= 512
    assert answer.split()[0] in (b":" + alice.source.encode(), b"FAIL", b":xchat.local")


def test_of_two_renames_in_one_turn_the_first_counts(server: Server, alice: Client) -> None:
    bob = server.client("bob", CAP)
    server.channel("#a", bob)
    alice.ask("MODE #a +o bob")
    server.quiet()
    alice.send("RENAME #a #b")
    bob.send("RENAME #a #c")
    assert bob.heard() == [":alice RENAME #a #b :", "403 bob #a :No such channel"]
