"""JOIN (modern.ircdocs.horse, JOIN message; RFC 2812, 3.2.1)."""

from __future__ import annotations

import pytest

from tests.chat.pair import OpenServer, Server, commands


def test_what_follows_a_join_comes_in_order(server: Server) -> None:
    """The server MUST send, in this order: a JOIN message with the client as the message source,
    the channel's topic, a list of users currently joined to the channel.
    """
    alice, bob = server.client("alice"), server.client("bob")
    assert alice.ask("JOIN #a") == [":alice JOIN #a", "353 alice = #a @alice", _end("alice", "#a")]
    alice.ask("TOPIC #a :the topic")
    when = server.now_ms // 1000
    assert bob.ask("JOIN #a") == [
        ":bob JOIN #a",
        "332 bob #a :the topic",
        f"333 bob #a {alice.source} {when}",
        "353 bob = #a :@alice bob",
        _end("bob", "#a"),
    ]
    assert alice.heard() == [":bob JOIN #a"]


def _end(nick: str, name: str) -> str:
    return f"366 {nick} {name} :End of /NAMES list"


def test_no_topic_is_no_message(server: Server) -> None:
    """... and no message if the channel does not have a topic."""
    alice = server.client("alice")
    alice.ask("JOIN #a", "TOPIC #a :x", "TOPIC #a :")
    assert commands(server.client("bob").read("JOIN #a")) == ["JOIN", "353", "366"]


def test_a_channel_is_written_as_whoever_began_it_wrote_it(server: Server) -> None:
    alice, bob = server.client("alice"), server.client("bob")
    alice.ask("JOIN #Talk")
    assert bob.ask("JOIN #tALK")[0] == ":bob JOIN #Talk"
    assert alice.heard() == [":bob JOIN #Talk"]


def test_lists_of_channels_and_keys(server: Server) -> None:
    """Servers MUST process the parameters of this command as lists, with the first key being used
    for the first channel, the second key being used for the second channel, etc.
    """
    alice, bob = server.client("alice"), server.client("bob")
    alice.ask("JOIN #a,#b,#c", "MODE #b +k beer", "MODE #c +k wine")
    joined = bob.ask("JOIN #a,#b,#c x,beer,wine")
    assert [line for line in joined if "JOIN" in line] == [
        ":bob JOIN #a",
        ":bob JOIN #b",
        ":bob JOIN #c",
    ]
    carl = server.client("carl")
    assert carl.ask("JOIN #a,#a,#b,,#c x,y,beer,z,wine")[-1] == _end("carl", "#c")


def test_each_channel_is_answered_for_itself(server: Server) -> None:
    alice, bob = server.client("alice"), server.client("bob")
    alice.ask("JOIN #shut", "MODE #shut +k secret")
    answers = bob.ask("JOIN #ok,#shut,nope,#ok2")
    assert {
        ":bob JOIN #ok",
        "475 bob #shut :Cannot join channel (+k)",
        "403 bob nope :A channel's name starts with #",
        ":bob JOIN #ok2",
    } < set(answers)


def test_joining_twice_says_nothing(server: Server) -> None:
    alice = server.client("alice")
    alice.ask("JOIN #a")
    assert alice.ask("JOIN #a") == []
    assert alice.ask("JOIN #A") == []


def test_zero_leaves_every_channel(server: Server) -> None:
    """The special argument of ("0", 0x30) requests that the sending client leave all channels they
    are currently connected to.
    """
    alice, bob = server.client("alice"), server.client("bob")
    server.channel("#a", alice, bob)
    server.channel("#b", alice)
    assert alice.ask("JOIN 0") == [":alice PART #a", ":alice PART #b"]
    assert bob.heard() == [":alice PART #a"]
    assert alice.ask("JOIN 0") == []


def test_without_a_channel(server: Server) -> None:
    alice = server.client("alice")
    needs = ["461 alice JOIN :Not enough parameters"]
    assert alice.ask("JOIN") == alice.ask("JOIN :") == alice.ask("JOIN ,,") == needs


def test_key(server: Server) -> None:
    """If the key is not given or is wrong, ERR_BADCHANNELKEY (475)."""
    alice, bob = server.client("alice"), server.client("bob")
    alice.ask("JOIN #a", "MODE #a +k beer")
    refused = ["475 bob #a :Cannot join channel (+k)"]
    assert bob.ask("JOIN #a") == bob.ask("JOIN #a bees") == bob.ask("JOIN #a BEER") == refused
    assert bob.ask("JOIN #a beer")[0] == ":bob JOIN #a"


def test_ban(server: Server) -> None:
    """If a client matching a ban tries to join, ERR_BANNEDFROMCHAN (474)."""
    alice, bob = server.client("alice"), server.client("Bob")
    alice.ask("JOIN #a", "MODE #a +b bob!*@*")
    assert bob.ask("JOIN #a") == ["474 Bob #a :Cannot join channel (+b)"]
    assert alice.ask("MODE #a -b BOB!*@*") == [":alice MODE #a -b bob!*@*"]
    assert bob.ask("JOIN #a")[0] == ":Bob JOIN #a"


@pytest.mark.parametrize("mask", ["bob", "*@127.0.0.1", "*!~bob@*", "127.0.0.*", "b?b!*@*"])
def test_masks_of_bans(server: Server, mask: str) -> None:
    alice, bob, bo = server.client("alice"), server.client("bob"), server.client("bo")
    alice.ask("JOIN #a", f"MODE #a +b {mask}")
    assert commands(bob.read("JOIN #a")) == ["474"]
    if "127" not in mask:
        assert commands(bo.read("JOIN #a"))[0] == "JOIN"


def test_limit_at_its_edge(server: Server) -> None:
    """If the number of joined clients would be more than the limit, ERR_CHANNELISFULL (471)."""
    alice, bob, carl = (server.client(nick) for nick in ("alice", "bob", "carl"))
    alice.ask("JOIN #a", "MODE #a +l 2")
    assert bob.ask("JOIN #a")[0] == ":bob JOIN #a"
    assert carl.ask("JOIN #a") == ["471 carl #a :Cannot join channel (+l)"]
    bob.ask("PART #a")
    assert carl.ask("JOIN #a")[0] == ":carl JOIN #a"


def test_invite_only(server: Server) -> None:
    """If a client that is not invited tries to join, ERR_INVITEONLYCHAN (473)."""
    alice, bob = server.client("alice"), server.client("bob")
    alice.ask("JOIN #a", "MODE #a +i")
    assert bob.ask("JOIN #a") == ["473 bob #a :Cannot join channel (+i)"]


def test_an_operators_invitation_opens_every_lock_once(server: Server) -> None:
    alice, bob, carl = (server.client(nick) for nick in ("alice", "bob", "carl"))
    alice.ask("JOIN #a", "MODE #a +iklb key 1 bob!*@*", "INVITE bob #a")
    assert bob.ask("JOIN #a")[1] == ":bob JOIN #a"
    bob.ask("PART #a")
    assert commands(bob.read("JOIN #a")) == ["475"], "it is used up"
    assert commands(bob.read("JOIN #a key")) == ["473"]
    assert commands(carl.read("JOIN #a key")) == ["473"]


def test_as_many_channels_as_announced(open_server: OpenServer) -> None:
    """If the client cannot join this channel because they would be over their limit, they will
    receive an ERR_TOOMANYCHANNELS (405) reply and the command will fail.
    """
    alice = open_server(channels_per_user_max=3).client("alice")
    answers = commands(alice.read("JOIN #a,#b,#c,#d,#e"))
    assert (answers.count("JOIN"), answers.count("405")) == (3, 2)
    assert alice.ask("JOIN #d") == ["405 alice #d :You have joined too many channels"]
    alice.ask("PART #a")
    assert alice.ask("JOIN #d")[0] == ":alice JOIN #d"


def test_as_many_channels_as_the_server_has_room_for(open_server: OpenServer) -> None:
    server = open_server(channels_max=1)
    alice, bob = server.client("alice"), server.client("bob")
    alice.ask("JOIN #a")
    assert alice.ask("JOIN #b") == [
        "471 alice #b :This server has no room for more than 1 channels"
    ]
    assert bob.ask("JOIN #a")[0] == ":bob JOIN #a"


def test_names_at_their_longest(server: Server) -> None:
    """The CHANNELLEN parameter specifies the maximum length of a channel name."""
    alice = server.client("alice")
    assert alice.ask(f"JOIN #{'ა' * 49}")[0] == f":alice JOIN #{'ა' * 49}"
    assert commands(alice.read(f"JOIN #{'ბ' * 50}")) == ["403"]


@pytest.mark.parametrize(
    "name",
    ["#", "#a\u202eb", "#a\u200bb", "#a\x07b", "#a\x1b[2J", "#a:b", "#a?", "#a*", "#\u00ad"],
    ids=ascii,
)
def test_a_name_that_hides_or_controls_is_refused(server: Server, name: str) -> None:
    alice = server.client("alice")
    (refused,) = alice.read(f"JOIN {name}")
    assert refused.command == "403"
    assert "\x1b" not in refused.params[-1]


def test_look_alikes_of_a_channel_are_refused(server: Server) -> None:
    """Two channels that a person cannot tell apart are not both had (UTS #39)."""
    alice, bob = server.client("alice"), server.client("bob")
    alice.ask("JOIN #paypal")
    assert bob.ask("JOIN #раураl") == [
        "476 bob #раураl :The name looks like #paypal, which is there already"
    ]


def test_a_secret_channels_name_is_not_told_to_a_look_alike(server: Server) -> None:
    alice, bob = server.client("alice"), server.client("bob")
    alice.ask("JOIN #paypal", "MODE #paypal +s")
    (refused,) = bob.ask("JOIN #раураl")
    assert "paypal" not in refused


def test_two_who_begin_a_channel_in_one_turn(server: Server) -> None:
    """The first in the log is the operator, and both see the same channel."""
    alice, bob = server.client("alice"), server.client("bob")
    alice.send("JOIN #a")
    bob.send("JOIN #A")
    assert "353 alice = #a @alice" in alice.heard()
    assert "353 bob = #a :@alice bob" in bob.heard()
