"""TOPIC (modern.ircdocs.horse, TOPIC message)."""

from __future__ import annotations

from tests.chat.pair import Server


def test_every_member_hears_a_change(server: Server) -> None:
    """If the topic of a channel is changed or cleared, every client in that channel (including the
    author of the topic change) will receive a TOPIC command with the new topic as argument (or an
    empty argument if the topic was cleared).
    """
    alice, bob = server.client("alice"), server.client("bob")
    server.channel("#a", alice, bob)
    assert alice.ask("TOPIC #A :new topic") == [":alice TOPIC #a :new topic"] == bob.heard()
    assert alice.ask("TOPIC #a :") == [":alice TOPIC #a :"] == bob.heard()


def test_what_is_no_change_is_told_to_nobody(server: Server) -> None:
    """If the topic of a channel is changed or cleared, every client in that channel will receive a
    TOPIC command.
    """
    alice, bob = server.client("alice"), server.client("bob")
    server.channel("#a", alice, bob)
    assert alice.ask("TOPIC #a :", "TOPIC #a :x") == [":alice TOPIC #a x"]
    assert bob.ask("TOPIC #a") == [
        ":alice TOPIC #a x",
        "332 bob #a x",
        f"333 bob #a {alice.source} {server.now_ms // 1000}",
    ]
    alice.ask("MODE #a -t")
    bob.heard()
    assert bob.ask("TOPIC #a :x") == []
    assert alice.heard() == []


def test_asked_for(server: Server) -> None:
    """If topic is not given, either RPL_TOPIC or RPL_NOTOPIC is returned. If RPL_TOPIC is returned,
    RPL_TOPICWHOTIME SHOULD also be sent.
    """
    alice = server.client("alice")
    alice.ask("JOIN #a")
    assert alice.ask("TOPIC #a") == ["331 alice #a :No topic is set"]
    alice.ask("TOPIC #a :გამარჯობა 👋")
    when = server.now_ms // 1000
    server.pass_time(60)
    assert alice.ask("TOPIC #a") == [
        "332 alice #a :გამარჯობა 👋",
        f"333 alice #a {alice.source} {when}",
    ]


def test_a_locked_topic_is_an_operators(server: Server) -> None:
    """If a client does not have appropriate channel permissions and tries to change the topic, the
    ERR_CHANOPRIVSNEEDED (482) numeric is returned and the command will fail.
    """
    alice, bob = server.client("alice"), server.client("bob")
    server.channel("#a", alice, bob)
    refused = ["482 bob #a :You're not channel operator"]
    assert bob.ask("TOPIC #a :mine") == refused
    alice.ask("MODE #a +v bob")
    bob.heard()
    assert bob.ask("TOPIC #a :mine") == refused, "a voice is not enough"
    alice.ask("MODE #a -t")
    bob.heard()
    assert bob.ask("TOPIC #a :mine") == [":bob TOPIC #a mine"]


def test_outsiders(server: Server) -> None:
    """If the client sending this command is not joined to the given channel, and tries to view its
    topic, the server MAY return the ERR_NOTONCHANNEL (442) numeric.
    """
    alice, bob = server.client("alice"), server.client("bob")
    alice.ask("JOIN #a", "TOPIC #a :x")
    assert bob.ask("TOPIC #a")[0] == "332 bob #a x", "as LIST tells them"
    assert bob.ask("TOPIC #a :y") == ["442 bob #a :You're not on that channel"]
    assert (
        bob.ask("TOPIC #nowhere", "TOPIC #nowhere :x") == ["403 bob #nowhere :No such channel"] * 2
    )
    alice.ask("MODE #a +i")
    assert bob.ask("TOPIC #a") == ["442 bob #a :You're not on that channel"]
    alice.ask("MODE #a +s")
    assert bob.ask("TOPIC #a") == ["403 bob #a :No such channel"], "it is secret"


def test_as_long_as_announced(server: Server) -> None:
    """The TOPICLEN parameter: topics are cut, between characters, to so many bytes."""
    alice = server.client("alice")
    alice.ask("JOIN #a")
    assert alice.read(f"TOPIC #a :{'x' * 390}")[0].params[1] == "x" * 390
    alice.ask("TOPIC #a :")
    assert alice.read(f"TOPIC #a :{'x' * 391}")[0].params[1] == "x" * 390
    assert alice.read(f"TOPIC #a :{'x' * 389}ა")[0].params[1] == "x" * 389


def test_what_hides_or_controls_is_left_out(server: Server) -> None:
    alice = server.client("alice")
    alice.ask("JOIN #a")
    assert alice.ask("TOPIC #a :a\x1b[2Jb\u202ec \x02bold\x02") == [
        ":alice TOPIC #a :a[2Jbc \x02bold\x02"
    ]


def test_without_a_channel(server: Server) -> None:
    assert server.client("alice").ask("TOPIC") == ["461 alice TOPIC :Not enough parameters"]
