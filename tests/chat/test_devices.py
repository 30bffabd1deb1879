"""Several devices of one account: one user, one nick, every device told."""

from __future__ import annotations

import pytest

from tests.chat.pair import Client, OpenServer, Server


@pytest.fixture
def server(open_server: OpenServer) -> Server:
    return open_server()


def two_devices(server: Server, *caps: str) -> tuple[Client, Client]:
    account = server.account("ana")
    return server.client("ana", *caps, account=account), server.client(
        "ana", *caps, account=account
    )


def test_a_second_device_is_the_same_user(server: Server) -> None:
    phone, laptop = two_devices(server)
    assert phone.session.uid == laptop.session.uid != laptop.session.sid
    assert [user.nick for user in server.hub.state.users.values()] == ["ana"]


def test_it_is_told_the_channels_its_user_is_in(server: Server) -> None:
    account = server.account("ana")
    phone, bob = server.client("ana", account=account), server.client("bob")
    server.channel("#a", phone, bob)
    bob.ask("TOPIC #a :x")
    phone.ask("TOPIC #a :plans")
    server.quiet()
    laptop = server.connect()
    laptop.session.claim.account = account.aid
    told = laptop.ask("NICK ana", "USER a 0 * :a")
    joined = told[told.index(":ana JOIN #a") :]
    assert [line.split()[0] for line in joined] == [":ana", "332", "333", "353", "366"]
    assert bob.heard() == [], "nobody has come"
    bob.send("PRIVMSG #a :hello")
    assert ":bob PRIVMSG #a hello" in laptop.heard()
    assert ":bob PRIVMSG #a hello" in phone.heard()


def test_what_one_says_the_others_hear(server: Server) -> None:
    phone, laptop = two_devices(server, "echo-message")
    bob = server.client("bob")
    server.channel("#a", phone, bob)
    server.quiet()
    phone.send("PRIVMSG #a :hi", "PRIVMSG bob :psst")
    said = [":ana PRIVMSG #a hi", ":ana PRIVMSG bob psst"]
    assert phone.heard() == laptop.heard() == bob.heard() == said


def test_a_channel_that_one_enters_the_others_are_in(server: Server) -> None:
    phone, laptop = two_devices(server)
    phone.send("JOIN #a")
    assert phone.heard() == laptop.heard()
    laptop.send("PART #a :bye")
    assert phone.heard() == laptop.heard() == [":ana PART #a bye"]


def test_the_user_goes_with_the_last_device(server: Server) -> None:
    phone, laptop = two_devices(server)
    bob = server.client("bob")
    server.channel("#a", phone, bob)
    server.quiet()
    phone.ask("QUIT :one")
    assert bob.heard() == []
    laptop.ask("QUIT :two")
    assert bob.heard() == [":ana QUIT :Quit: two"]


def test_who_is_always_present_stays_and_is_told_on_return(open_server: OpenServer) -> None:
    server = open_server()
    account = server.account("ana", always_present=True)
    ana, bob = server.client("ana", account=account), server.client("bob")
    server.channel("#a", ana, bob)
    ana.ask("QUIT")
    assert bob.heard() == []
    assert bob.ask("PRIVMSG ana :wait for me") == []
    (user,) = [user for user in server.hub.state.users.values() if user.nick == "ana"]
    assert (user.sessions, user.detached) == ((), server.now_ms)
    back = server.client("ana", account=account)
    assert back.session.uid == user.uid
    assert server.hub.state.users[user.uid].detached == 0


def test_a_nick_of_an_account_is_kept_for_it(server: Server) -> None:
    server.account("ana")
    stranger = server.connect()
    told = stranger.ask("NICK ana", "USER a 0 * :a")
    assert told == ["433 * ana :Nickname belongs to the account ana: log in to it, or take another"]


def test_its_owner_takes_it_back_at_once(server: Server) -> None:
    stranger, bob = server.client("ana"), server.client("bob")
    server.channel("#a", stranger, bob)
    account = server.account("ana")
    owner = server.client("ana", account=account)
    assert owner.nick == "ana"
    (renamed,) = bob.heard()
    assert renamed.startswith(":ana NICK Guest")
    assert stranger.heard() == [renamed]
