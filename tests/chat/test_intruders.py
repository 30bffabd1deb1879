"""ARCHITECTURE: "nicks that nobody else takes", and who may not know of whom: what was tried."""

from __future__ import annotations

import pytest

from tests.chat.pair import Client, Server
from xchat.chat.events import UserLoggedIn, UserRegistered

WRITTEN_AND_FOLDED = ("Ηenry", "ηenry")
"""A capital eta is written as an H, and folds to what looks like none."""


def registering(server: Server, account: str, nick: str) -> Client:
    """Return a connection that is logged in, and asks for a nick."""
    found = server.hub.state.account_named(account)
    assert found is not None
    client = server.connect()
    client.session.claim.account = found.aid
    client.send(f"NICK {nick}", "USER x 0 * :x")
    return client


def test_a_nick_that_looks_like_those_of_two_is_neithers(server: Server) -> None:
    """An account has "nicks that nobody else takes"; its own spelling of one is no way to them."""
    written, folded = WRITTEN_AND_FOLDED
    henry = server.client("henry", account=server.account("henry"))
    eta = server.client("guest", account=server.account(folded))
    (refused,) = eta.ask(f"NICK {written}")
    assert refused.startswith(f"433 guest {written} :Nickname belongs to the account henry")
    assert henry.heard() == []
    third = registering(server, folded, written)
    assert "belongs to the account henry" in third.heard()[0]
    assert eta.ask(f"NICK {folded}") == [f":guest NICK {folded}"]


def test_a_channel_is_not_renamed_to_look_like_another(server: Server) -> None:
    """draft/channel-rename: CHANNEL_NAME_IN_USE, "another channel with that name"."""
    ana, bea = server.client("ana"), server.client("bea")
    written, folded = (f"#{name}" for name in WRITTEN_AND_FOLDED)
    server.channel("#henry", ana)
    server.channel(folded, bea)
    (refused,) = bea.ask(f"RENAME {folded} {written}")
    assert refused.startswith("FAIL RENAME CHANNEL_NAME_IN_USE")
    looks = server.hub.state._channel_looks
    assert looks["#henry"] == "#henry"


# -- an auditorium ----------------------------------------------------------------------------


@pytest.fixture
def hall(server: Server) -> tuple[Client, Client, Client]:
    """Alice runs the auditorium #a; bob and carl listen."""
    caps = ("draft/metadata-2", "batch")
    alice, bob, carl = (server.client(nick, *caps) for nick in ("alice", "bob", "carl"))
    alice.ask("JOIN #a", "MODE #a +u")
    for client in (bob, carl):
        client.ask("JOIN #a", "METADATA * SET status :mine")
    server.quiet()
    return alice, bob, carl


def test_metadata_tells_nobody_who_listens(hall: tuple[Client, Client, Client]) -> None:
    """MODE u: "who has no role is seen by halfops and above alone"."""
    alice, bob, carl = hall
    assert not any("bob" in line for line in carl.ask("METADATA * SUB status"))
    assert not any("bob" in line for line in carl.ask("METADATA #a SYNC"))
    assert any("bob" in line for line in alice.ask("METADATA * SUB status"))
    bob.ask("METADATA * SET status :new")
    assert carl.heard() == []
    assert alice.heard() == ["METADATA bob status * new"]


def test_nor_does_any_other_question(hall: tuple[Client, Client, Client]) -> None:
    """WHOIS, a WHO that matches all, and an INVITE that is not needed told who listens."""
    alice, bob, carl = hall
    bob.ask("MODE bob +i")
    assert not any("#a" in line for line in carl.ask("WHOIS bob"))
    assert any("#a" in line for line in alice.ask("WHOIS bob"))
    assert not any("~bob" in line for line in carl.ask("WHO b*"))
    assert any("~bob" in line for line in alice.ask("WHO b*"))
    assert carl.ask("INVITE bob #a") == ["341 carl bob #a"]
    assert alice.ask("INVITE bob #a") == ["443 alice bob #a :is already on channel"]


# -- devices ----------------------------------------------------------------------------------


@pytest.mark.parametrize("caps", [(), ("draft/channel-rename",)])
def test_a_device_that_comes_as_a_channel_is_renamed(server: Server, caps: tuple[str, ...]) -> None:
    """A further device is told each channel once, as it is called then, and hears it."""
    account = server.account("ana")
    phone, bob = server.client("ana", account=account), server.client("bob")
    server.channel("#a", phone, bob)
    laptop = server.connect()
    laptop.session.claim.account = account.aid
    asked = [f"CAP REQ :{' '.join(caps)}"] if caps else []
    laptop.send(*asked, "NICK ana", "USER a 0 * :a", "CAP END")
    phone.send("RENAME #a #b")
    told = laptop.heard()
    assert [line for line in told if "#a" in line] == []
    assert told.count(":ana JOIN #b") == 1
    bob.send("PRIVMSG #b :hello")
    assert laptop.heard() == [":bob PRIVMSG #b hello"]


def test_nobodys_further_device_comes_into_another_account(server: Server) -> None:
    """907 before the log, and in it: "Several devices are connected as you"."""
    ana, other = server.account("ana"), server.account("other")
    phone = server.client("ana", account=ana)
    hub, uid = server.hub, phone.session.uid
    first = UserRegistered(
        uid="9.9", node=hub.node, nick="ana", user="u", host="h", realname="r", account=ana.aid
    )
    hub.ledger.append_own("", first)
    hub.ledger.append_own("", UserLoggedIn(uid=uid, account=other.aid))
    server.run()
    assert len(hub.state.users[uid].sessions) == 2
    assert hub.state.account_name(uid) == "ana"
