"""account-tag (ircv3.net/specs/extensions/account-tag)."""

from __future__ import annotations

import pytest

from tests.chat.pair import Client, OpenServer


def tags_of(client: Client, command: str) -> dict[str, str]:
    (message,) = [message for message in client.read() if message.command == command]
    return dict(message.tags)


def test_a_message_names_the_account_of_its_sender(open_server: OpenServer) -> None:
    """The account tag "is sent by servers, containing the name of the account"."""
    server = open_server()
    ana = server.client("ana", account=server.account("Ana"))
    bob, old = server.client("bob", "account-tag"), server.client("old")
    server.channel("#a", ana, bob, old)
    ana.send("PRIVMSG #a :hello")
    assert tags_of(bob, "PRIVMSG") == {"account": "Ana"}
    assert tags_of(old, "PRIVMSG") == {}
    ana.send("PRIVMSG bob :hello")
    assert tags_of(bob, "PRIVMSG") == {"account": "Ana"}


@pytest.mark.parametrize(
    "line",
    ["PRIVMSG #a :hi", "NOTICE #a :hi", "@+x=y TAGMSG #a", "TOPIC #a :x", "MODE #a +m",
     "INVITE bob #b", "KICK #a eve", "PART #a", "NICK other", "AWAY :gone", "SETNAME :else",
     "QUIT :bye", "NOTICE bob :hi"],
)  # fmt: skip
def test_all_commands_have_it(open_server: OpenServer, line: str) -> None:
    """The tag is sent "to clients on all commands" whose source is a user."""
    server = open_server()
    caps = "account-tag", "message-tags", "away-notify", "setname"
    ana = server.client("ana", "message-tags", "setname", account=server.account("Ana"))
    bob, eve = server.client("bob", *caps), server.client("eve")
    server.channel("#a", ana, bob, eve)
    ana.ask("JOIN #b")
    server.quiet()
    ana.send(line)
    (heard,) = bob.read()
    assert heard.tags["account"] == "Ana"
    assert heard.nick == "ana"


def test_who_is_not_logged_in_has_no_tag(open_server: OpenServer) -> None:
    """If the user is not identified to any services account, the tag MUST NOT be sent."""
    server = open_server()
    ana, bob = server.client("ana"), server.client("bob", "account-tag")
    server.channel("#a", ana, bob)
    ana.send("PRIVMSG #a :hello")
    assert tags_of(bob, "PRIVMSG") == {}


def test_a_join_names_it_too(open_server: OpenServer) -> None:
    """The tag is on all commands that users send."""
    server = open_server()
    bob = server.client("bob", "account-tag", "extended-join")
    bob.ask("JOIN #a")
    ana = server.client("ana", account=server.account("Ana"))
    ana.send("JOIN #a")
    (join,) = bob.read()
    assert (join.params, dict(join.tags)) == (("#a", "Ana", "ana's name"), {"account": "Ana"})
