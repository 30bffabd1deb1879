"""Account extended bans (IRCv3 account-extban)."""

from __future__ import annotations

import pytest

from tests.chat.pair import Client, Server, commands


@pytest.fixture
def alice(server: Server) -> Client:
    """The operator of #a."""
    alice = server.client("alice")
    server.channel("#a", alice)
    return alice


def test_it_is_announced(server: Server) -> None:
    """Servers publishing the ACCOUNTEXTBAN token MUST also publish the EXTBAN token."""
    welcome = server.connect().read("NICK alice", "USER a 0 * :A")
    tokens = [word for message in welcome if message.command == "005" for word in message.params]
    assert {"EXTBAN=,am", "ACCOUNTEXTBAN=a"} <= set(tokens)


@pytest.mark.parametrize("mask", ["a:robert", "a:ROBERT", "a:rob*", "robert!*@*", "*!*@*"])
def test_an_account_is_banned_under_any_nick(server: Server, alice: Client, mask: str) -> None:
    """Servers publishing the ACCOUNTEXTBAN token allow clients to construct ban masks matching
    account names. Servers MUST support matching exact account names.
    """
    alice.ask(f"MODE #a +b {mask}")
    bob = server.client("bob", account=server.account("robert"))
    assert commands(bob.read("JOIN #a")) == ["474"]
    alice.ask(f"MODE #a -b {mask}")
    assert commands(bob.read("JOIN #a"))[0] == "JOIN"


def test_a_nick_is_no_account(server: Server, alice: Client) -> None:
    alice.ask("MODE #a +b a:*")
    alice.ask("MODE #a +b a:bob")
    assert commands(server.client("bob").read("JOIN #a"))[0] == "JOIN"


def test_accounts_in_the_other_lists(server: Server, alice: Client) -> None:
    alice.ask("MODE #a +beIi *!*@* a:robert a:robert")
    bob = server.client("bob", account=server.account("robert"))
    assert commands(bob.read("JOIN #a"))[0] == "JOIN"
    assert commands(server.client("carl").read("JOIN #a")) == ["473"]
    alice.ask("MODE #a -e+b a:robert m:a:robert")
    bob.heard()
    assert commands(bob.read("PRIVMSG #a :hi")) == ["404"]


@pytest.mark.parametrize("mask", ["a:", "a:\u202ex", "m:a:"])
def test_masks_of_no_account(alice: Client, mask: str) -> None:
    assert commands(alice.read(f"MODE #a +b {mask}")) == ["696"]


def test_the_logged_in_enter_and_speak(server: Server, alice: Client) -> None:
    """+R: only registered users join; +M: only they speak."""
    alice.ask("MODE #a +RM")
    bob = server.client("bob", account=server.account("robert"))
    assert commands(bob.read("JOIN #a"))[0] == "JOIN"
    assert bob.ask("PRIVMSG #a :hi") == []
    assert alice.heard()[-1] == ":bob PRIVMSG #a hi"
