"""LIST (modern.ircdocs.horse, LIST message; ELIST=CMNTU)."""

from __future__ import annotations

import pytest

from tests.chat.pair import Client, Server


def listed(client: Client, *parameters: str) -> list[str]:
    """Return the names that a LIST names."""
    *rows, end = client.read(" ".join(("LIST", *parameters)))
    assert end.command == "323"
    return [row.params[1] for row in rows if row.command == "322"]


def test_what_there_is(server: Server) -> None:
    """RPL_LIST (322): "<client> <channel> <client count> :<topic>"."""
    alice, bob = server.client("alice"), server.client("bob")
    server.channel("#a", alice, bob)
    server.channel("#b", alice)
    alice.ask("TOPIC #a :all of it")
    assert alice.ask("LIST") == [
        "321 alice Channel :Users  Name",
        "322 alice #a 2 :all of it",
        "322 alice #b 1 :",
        "323 alice :End of /LIST",
    ]


def test_nothing(server: Server) -> None:
    alice = server.client("alice")
    assert listed(alice) == listed(alice, "#nowhere") == []


def test_secret_channels_are_their_members(server: Server) -> None:
    """Likewise, secret channels are not listed at all unless the client is a member of the channel
    in question (RFC 1459, 4.2.6).
    """
    alice, bob = server.client("alice"), server.client("bob")
    alice.ask("JOIN #a", "MODE #a +s")
    assert listed(bob) == listed(bob, "#a") == listed(bob, "*") == []
    assert listed(alice) == ["#a"]
    bob.ask("JOIN #a")
    assert listed(bob) == ["#a"]


@pytest.mark.parametrize(("lock", "is_told"), [("-n", True), ("+k key", False), ("+i", False)])
def test_the_topic_is_told_to_whom_topic_tells_it(server: Server, lock: str, is_told: bool) -> None:
    alice, bob = server.client("alice"), server.client("bob")
    alice.ask("JOIN #a", "TOPIC #a :within", f"MODE #a {lock}")
    shown = "322 bob #a 1 within" if is_told else "322 bob #a 1 :"
    assert shown in bob.ask("LIST")
    assert bob.ask("TOPIC #a")[0].startswith("332" if is_told else "442")
    assert "322 alice #a 1 within" in alice.ask("LIST")


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("#one", ["#one"]),
        ("#ONE,#three", ["#one", "#three"]),
        ("*e", ["#one", "#three"]),
        ("#t*", ["#two", "#three"]),
        ("*x*", []),
        ("!*e", ["#two"]),
        ("!#t*,!#one", []),
        (">0", ["#one", "#two", "#three"]),
        (">1", ["#one", "#two"]),
        (">2", ["#one"]),
        ("<2", ["#three"]),
        ("<1", []),
        (">1,<3", ["#two"]),
        ("#t*,>1", ["#two"]),
        ("#one,#three >1", ["#one"]),
    ],
)
def test_conditions(server: Server, asked: str, found: list[str]) -> None:
    """M: searching based on mask. N: the opposite of M. U: searching based on user count, via the
    "<val" and ">val" modifiers to search for a channel that has less or more than val users.
    """
    alice, bob, carl = (server.client(nick) for nick in ("alice", "bob", "carl"))
    server.channel("#one", alice, bob, carl)
    server.channel("#two", alice, bob)
    server.channel("#three", carl)
    assert listed(alice, asked) == found


def test_a_long_list_comes_in_pieces_and_what_is_asked_after_it_comes_after(
    server: Server,
) -> None:
    """SAFELIST: the server ensures that a client will not perform the list and be disconnected for
    not reading it fast enough.
    """
    alice = server.client("alice")
    names = [f"#room{number}" for number in range(60)]
    alice.session.backlog = server.hub.limits.outbox_soft_bytes
    alice.ask(*(f"JOIN {name}" for name in names))
    assert alice.ask("LIST", "PING after") == []
    alice.session.backlog = 0
    answers = alice.heard()
    assert [line.split()[2] for line in answers if line.startswith("322")] == names
    assert answers[-1] == "PONG xchat.local after"


def test_by_the_age_of_channel_and_topic(server: Server) -> None:
    """C: "C<val" and "C>val" search for a channel that was created either less than `val` minutes
    ago, or more than `val` minutes ago, respectively. T: likewise with the time of the topic.
    """
    alice = server.client("alice")
    alice.ask("JOIN #one,#none", "TOPIC #one :first")
    server.pass_time(150)
    alice.ask("JOIN #two", "TOPIC #two :second")
    server.pass_time(60)
    for letter, without_topic in (("C", ["#none"]), ("t", [])):
        assert sorted(listed(alice, f"{letter}>2")) == [*without_topic, "#one"]
        assert listed(alice, f"{letter}<2") == ["#two"]
        assert listed(alice, f"{letter}<0") == []
        assert sorted(listed(alice, f"{letter}>0")) == [*without_topic, "#one", "#two"]
    assert listed(alice, "C>2,T<10") == ["#one"]
    assert listed(alice, "#two,#none", "C<9") == ["#none", "#two"]


def test_what_only_looks_like_a_condition_is_a_mask(server: Server) -> None:
    alice = server.client("alice")
    alice.ask("JOIN #a")
    for word in ("C", "C>", "C<x", "T>-1", f"C>{'9' * 10}", "X>1", ">", "!"):
        assert listed(alice, word) in ([], ["#a"]), word
