"""WHO (modern.ircdocs.horse, WHO message)."""

from __future__ import annotations

import pytest

from tests.chat.pair import Client, Server


def found(client: Client, asked: str) -> list[str]:
    """Return the nicks that a WHO names."""
    *rows, end = client.read(f"WHO {asked}")
    assert end.command == "315"
    return [row.params[5] for row in rows]


def test_members_of_a_channel(server: Server) -> None:
    """RPL_WHOREPLY (352): "<client> <channel> <username> <host> <server> <nick> <flags>
    :<hopcount> <realname>".
    """
    alice, bob = server.client("alice"), server.client("bob")
    server.channel("#a", alice, bob)
    bob.ask("AWAY :x")
    assert alice.ask("WHO #A") == [
        "352 alice #a ~alice 127.0.0.1 xchat.local alice H@ :0 alice's name",
        "352 alice #a ~bob 127.0.0.1 xchat.local bob G :0 bob's name",
        "315 alice #A :End of WHO list",
    ]


@pytest.mark.parametrize("mask", ["coolNick", "coolnick", "coolni*"])
def test_a_nick_or_a_mask(server: Server, mask: str) -> None:
    """An exact nickname, in which case a single user is returned; a mask pattern, in which case all
    visible users whose nickname matches are listed. The mask MUST be exactly the parameter sent.
    """
    _, bob = server.client("coolNick"), server.client("bob")
    assert bob.ask(f"WHO {mask}") == [
        "352 bob * ~coolNick 127.0.0.1 xchat.local coolNick H :0 coolNick's name",
        f"315 bob {mask} :End of WHO list",
    ]


@pytest.mark.parametrize(
    ("asked", "nicks"),
    [
        ("*", ["alice", "bob"]),
        ("0", ["alice", "bob"]),
        ("", ["alice", "bob"]),
        ("~ali*", ["alice"]),
        ("127.0.0.1", ["alice", "bob"]),
        (":b?b's*", ["bob"]),
        ("nobody", []),
        ("#nowhere", []),
        ("* o", []),
        ("*" * 60 + "x", []),
    ],
)
def test_masks(server: Server, asked: str, nicks: list[str]) -> None:
    """Servers MAY match other user-specific values, such as the hostname, server, real name or
    username. With "o" only operators are asked for (RFC 2812).
    """
    alice, _ = server.client("alice"), server.client("bob")
    assert found(alice, asked) == nicks


def test_invisible_users(server: Server) -> None:
    """Visible users are users who either aren't invisible (user mode +i) or have a common channel
    with the requesting client.
    """
    alice, bob, carl = (server.client(nick) for nick in ("alice", "bob", "carl"))
    server.channel("#a", alice, bob)
    bob.ask("MODE bob +i")
    assert found(alice, "b*") == found(bob, "b*") == found(carl, "bob") == ["bob"]
    assert found(carl, "b*") == []
    assert found(carl, "#a") == ["alice"]
    assert found(alice, "#a") == ["alice", "bob"]


def test_a_secret_channel_is_its_members(server: Server) -> None:
    alice, bob = server.client("alice"), server.client("bob")
    alice.ask("JOIN #a", "MODE #a +s")
    assert found(bob, "#a") == []
    assert found(alice, "#a") == ["alice"]


def test_a_long_answer_goes_on_as_fast_as_it_is_read(server: Server) -> None:
    """A client that does not read what it asked for costs a bounded outbox, and is answered whole
    when it reads again.
    """
    for number in range(300):
        server.client(f"user{number}")
    alice = server.client("alice")
    soft = server.hub.limits.outbox_soft_bytes
    alice.session.backlog = soft
    alice.send("WHO *", "PING after")
    server.run()
    assert alice.received == []
    alice.session.backlog = 0
    answers = alice.heard()
    assert len(answers) == 303
    assert answers[-2:] == ["315 alice * :End of WHO list", "PONG xchat.local after"]


def test_who_quits_while_the_answer_is_told(server: Server) -> None:
    for number in range(250):
        server.client(f"user{number}")
    alice = server.client("alice")
    server.channel("#a", *server.clients.values())
    alice.send("WHO #a", "WHO *")
    server.turn()
    for client in list(server.clients.values())[120:240]:
        client.drop()
    ends = [message for message in alice.read() if message.command == "315"]
    assert len(ends) == 2
