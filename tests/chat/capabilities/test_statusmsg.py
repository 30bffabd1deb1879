"""Messages to those who stand so high in a channel or higher (STATUSMSG), and mode U."""

from __future__ import annotations

import pytest

from tests.chat.pair import Client, Server, commands
from xchat.chat.modes import ROLES


@pytest.fixture
def people(server: Server) -> dict[str, Client]:
    """One of each role in #a, by its prefix; nobody's is the empty one."""
    clients = {prefix: server.client(f"{letter}man") for letter, prefix in [*SHOWN, ("n", "")]}
    server.channel("#a", *clients.values())
    for role in ROLES:
        server.hub.state.put_member("#a", clients[role.prefix].session.uid, role.bit)
    return clients


SHOWN = [(role.letter, role.prefix) for role in ROLES]


def test_it_is_announced(server: Server) -> None:
    welcome = server.connect().read("NICK alice", "USER a 0 * :A")
    tokens = [word for message in welcome if message.command == "005" for word in message.params]
    assert "STATUSMSG=~&@%+" in tokens


@pytest.mark.parametrize("prefix", "~&@%+")
@pytest.mark.parametrize("command", ["PRIVMSG", "NOTICE"])
def test_who_stands_so_high_hears_it(people: dict[str, Client], prefix: str, command: str) -> None:
    """The message will be delivered only to the members of that channel with the given or higher
    status in the channel.
    """
    assert people[""].ask(f"{command} {prefix}#A :help") == []
    told = [f":nman {command} {prefix}#a help"]
    for shown, client in people.items():
        hears = shown and "~&@%+".index(shown) <= "~&@%+".index(prefix)
        assert client.heard() == (told if hears else [])


@pytest.mark.parametrize("prefixes", ["@%", "%@", "%%", "~&@%"])
def test_of_several_prefixes_the_lowest_counts(people: dict[str, Client], prefixes: str) -> None:
    """@%#bunny: this command is functionally identical to %#bunny."""
    people["@"].ask(f"PRIVMSG {prefixes}#a :now")
    assert people["%"].heard() == [":oman PRIVMSG %#a now"]
    assert people["+"].heard() == []


def test_who_says_it_hears_it_with_echo_message_only(server: Server) -> None:
    alice, bob = server.client("alice", "echo-message"), server.client("bob")
    server.channel("#a", alice, bob)
    assert alice.ask("PRIVMSG @#a :x") == [":alice PRIVMSG @#a x"]
    assert bob.ask("PRIVMSG +#a :y") == []
    assert alice.heard() == [":bob PRIVMSG +#a y"]


def test_it_is_not_in_the_history(server: Server) -> None:
    alice, bob = server.client("alice", "draft/chathistory"), server.client("bob")
    server.channel("#a", alice, bob)
    alice.ask("PRIVMSG #a :to all", "PRIVMSG @#a :to some")
    told = alice.ask("CHATHISTORY LATEST #a * 10")
    assert [line for line in told if "PRIVMSG" in line] == [":alice PRIVMSG #a :to all"]


def test_tags_go_to_the_same(server: Server) -> None:
    alice, bob = server.client("alice", "message-tags"), server.client("bob", "message-tags")
    server.channel("#a", alice, bob)
    bob.ask("@+typing=active TAGMSG @#a", "@+x=1 TAGMSG @#a")
    assert alice.heard() == [":bob TAGMSG @#a", ":bob TAGMSG @#a"]
    alice.ask("@+typing=active TAGMSG @#a")
    assert bob.heard() == []


def test_only_members_who_may_speak(server: Server, people: dict[str, Client]) -> None:
    stranger = server.client("eve")
    people["@"].ask("MODE #a -n")
    assert commands(stranger.read("PRIVMSG @#a :hi")) == ["442"]
    assert commands(stranger.read("PRIVMSG @#nowhere :hi")) == ["403"]
    assert commands(stranger.read("PRIVMSG @eve :hi", "PRIVMSG @ :hi")) == ["401", "401"]
    people["@"].ask("MODE #a +m")
    server.quiet()
    assert commands(people[""].read("PRIVMSG @#a :hi")) == ["404"]
    assert commands(people["+"].read("PRIVMSG @#a :hi")) == []


def test_op_moderated(server: Server) -> None:
    """+U: what somebody without a role says is heard by halfops and above alone."""
    alice, bob, carl = (server.client(nick, "echo-message") for nick in ("alice", "bob", "carl"))
    server.channel("#a", alice, bob, carl)
    alice.ask("MODE #a +U")
    server.quiet()
    assert bob.ask("PRIVMSG #a :psst") == [":bob PRIVMSG #a psst"] == alice.heard()
    assert carl.heard() == []
    alice.ask("MODE #a +v bob")
    server.quiet()
    bob.ask("PRIVMSG #a :aloud")
    assert carl.heard() == [":bob PRIVMSG #a aloud"]
