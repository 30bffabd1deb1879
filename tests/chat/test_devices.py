"""Several devices of one account: one user, one nick, every device told."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chat.pair import Client, OpenServer, Server
from xchat.chat.events import AccountChanged
from xchat.config import load


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


def test_it_is_told_them_before_what_it_asks_next(server: Server) -> None:
    account = server.account("ana")
    phone = server.client("ana", account=account)
    phone.ask("JOIN #a")
    laptop = server.connect()
    laptop.session.claim.account = account.aid
    told = laptop.ask("NICK ana", "USER a 0 * :a", "PING x")
    assert told[-1] == "PONG xchat.local x"
    assert ":ana JOIN #a" in told


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


def test_an_account_may_want_one_device_at_a_time(server: Server) -> None:
    account = server.account("ana")
    phone = server.client("guest", account=account)
    assert phone.ask("NS SET MULTICLIENT off")[-1].endswith("needs another nick")
    late = server.connect()
    late.session.claim.account = account.aid
    assert late.ask("NICK guest", "USER g 0 * :G") == ["433 * guest :Nickname is already in use"]
    phone.ask("NS SET MULTICLIENT on")
    assert late.ask("NICK guest")[0].startswith("001 guest ")
    assert late.session.uid == phone.session.uid


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
    assert bob.ask("PRIVMSG ana :wait for me") == [
        "301 bob ana :Not connected; what you write waits"
    ]
    (user,) = [user for user in server.hub.state.users.values() if user.nick == "ana"]
    assert (user.sessions, user.detached) == ((), server.now_ms)
    back = server.client("ana", account=account)
    assert back.session.uid == user.uid
    assert server.hub.state.users[user.uid].detached == 0


def test_away_is_who_sits_at_none_of_their_devices(server: Server) -> None:
    phone, laptop = two_devices(server)
    bob = server.client("bob", "away-notify")
    server.channel("#a", phone, bob)
    phone.ask("AWAY :pocket")
    assert bob.heard() == [], "somebody sits at the laptop"
    laptop.ask("AWAY :lunch")
    assert bob.heard() == [":ana AWAY lunch"]
    laptop.ask("QUIT")
    assert bob.heard() == [":ana AWAY pocket"]
    phone.ask("AWAY")
    assert bob.heard() == [":ana AWAY"]


def test_who_is_not_connected_is_away_until_they_are(open_server: OpenServer) -> None:
    server = open_server()
    account = server.account("ana", always_present=True)
    ana, bob = server.client("ana", account=account), server.client("bob", "away-notify")
    server.channel("#a", ana, bob)
    ana.drop()
    assert bob.heard() == [":ana AWAY :Not connected; what you write waits"]
    assert bob.ask("PRIVMSG ana :x") == ["301 bob ana :Not connected; what you write waits"]
    server.client("ana", account=account)
    assert bob.heard() == [":ana AWAY"]


def test_who_is_not_connected_for_too_long_goes(open_server: OpenServer) -> None:
    """Detached for longer than a configurable time means gone."""
    config = load(None, ["accounts.detached_seconds_max=3600"])
    server = open_server(config=config)
    account = server.account("ana", always_present=True)
    ana, bob = server.client("ana", account=account), server.client("bob")
    server.channel("#a", ana, bob)
    ana.drop()
    server.pass_time(3500)
    assert bob.heard() == []
    server.pass_time(200)
    assert bob.heard() == [":ana QUIT :Not connected for too long"]


def test_who_is_always_present_is_so_after_a_restart(
    open_server: OpenServer, tmp_path: Path
) -> None:
    server = open_server()
    account = server.account("ana", always_present=True)
    ana = server.client("ana", account=account)
    ana.ask("JOIN #a", "PRIVMSG #a :x")
    server.close()
    server = open_server()
    assert server.client("bob").ask("PRIVMSG ana :x") == [
        "301 bob ana :Not connected; what you write waits"
    ]
    back = server.connect()
    back.session.claim.account = account.aid
    assert ":ana JOIN #a" in back.ask("NICK ana", "USER a 0 * :a")


def test_it_ends_when_it_is_not_wanted_any_more(server: Server) -> None:
    account = server.account("ana", always_present=True)
    ana, bob = server.client("ana", account=account), server.client("bob")
    server.channel("#a", ana, bob)
    ana.drop()
    server.quiet()
    assert server.hub.ledger.append_own("", AccountChanged(aid=account.aid, always_present=False))
    assert bob.heard() == [":ana QUIT :No longer always present"]


def test_no_more_devices_than_may_be(open_server: OpenServer) -> None:
    server = open_server(devices_per_user_max=1)
    account = server.account("ana")
    server.client("ana", account=account)
    more = server.connect()
    more.session.claim.account = account.aid
    (told, end) = more.ask("NICK ana", "USER a 0 * :a")
    assert told == "465 ana :You cannot join: 1 devices of yours are connected as ana"
    assert end.startswith("ERROR ")


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
