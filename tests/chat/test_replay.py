"""What was said of late is told to who enters a channel with a client that cannot ask."""

from __future__ import annotations

import pytest

from tests.chat.pair import Client, OpenServer, Server
from xchat.config import Config
from xchat.config.settings import History

SETTING = 5


@pytest.fixture
def server(open_server: OpenServer) -> Server:
    return open_server(config=Config(history=History(replay_lines=SETTING)))


@pytest.fixture
def alice(server: Server) -> Client:
    alice = server.client("alice")
    server.channel("#a", alice)
    return alice


def replayed(client: Client, channel: str = "#a") -> list[str]:
    """Enter a channel; return what was said there before, as it is told."""
    return [line for line in client.ask(f"JOIN {channel}") if "PRIVMSG" in line or "NOTICE" in line]


def test_the_latest_with_their_time(server: Server, alice: Client) -> None:
    """A client that knows no server-time is told the time in the text."""
    alice.ask(*(f"PRIVMSG #a :{number}" for number in range(8)))
    alice.ask("PRIVMSG #a :\x01ACTION waves\x01")
    bob = server.client("bob")
    when = "[15:06 UTC] "
    assert replayed(bob) == [
        *(f":alice PRIVMSG #a :{when}{number}" for number in range(4, 8)),
        f":alice PRIVMSG #a :\x01ACTION {when}waves\x01",
    ]


def test_in_a_batch_where_batches_are_known(server: Server, alice: Client) -> None:
    alice.ask("PRIVMSG #a :one")
    bob = server.client("bob", "batch", "server-time", "message-tags")
    told = bob.read("JOIN #a")
    (start,) = [m for m in told if m.command == "BATCH" and m.params[0].startswith("+")]
    (said,) = [m for m in told if m.command == "PRIVMSG"]
    assert start.params[1:] == ("chathistory", "#a")
    assert said.tags["batch"] == start.params[0].removeprefix("+")
    assert (said.params, "msgid" in said.tags) == (("#a", "one"), True)


def test_not_to_who_can_ask_nor_to_bots(server: Server, alice: Client) -> None:
    """The capability allows the server and client to act differently when delivering history."""
    alice.ask("PRIVMSG #a :one")
    assert replayed(server.client("modern", "batch", "draft/chathistory")) == []
    bot = server.client("bot")
    bot.ask("MODE bot +B")
    assert replayed(bot) == []


@pytest.mark.parametrize("leave", ["PART #a", "QUIT"])
def test_what_was_missed_and_no_more(server: Server, alice: Client, leave: str) -> None:
    """Who was there a moment ago is told what was said since, as is who comes back."""
    bob = server.client("bob")
    alice.ask("PRIVMSG #a :one")
    assert len(replayed(bob)) == 1
    alice.ask("PRIVMSG #a :two")
    bob.ask(leave)
    bob = server.client("bob") if leave == "QUIT" else bob
    bob.heard()
    assert replayed(bob) == []
    bob.ask(leave)
    alice.ask("PRIVMSG #a :three")
    bob = server.client("bob") if leave == "QUIT" else bob
    bob.heard()
    assert [line.split()[-1] for line in replayed(bob)] == ["three"]


def test_who_was_removed(server: Server, alice: Client) -> None:
    bob = server.client("bob")
    alice.ask("PRIVMSG #a :one")
    bob.ask("JOIN #a")
    alice.ask("KICK #a bob", "PRIVMSG #a :two")
    bob.heard()
    assert [line.split()[-1] for line in replayed(bob)] == ["two"]


def test_not_what_was_said_before_a_ban_was_lifted(server: Server, alice: Client) -> None:
    alice.ask("PRIVMSG #a :one", "MODE #a +b bob", "MODE #a -b bob")
    assert replayed(server.client("bob")) == []


def test_none_where_it_is_set_so(open_server: OpenServer) -> None:
    server = open_server(config=Config(history=History(replay_lines=0)))
    alice = server.client("alice")
    server.channel("#a", alice)
    alice.ask("PRIVMSG #a :one")
    assert replayed(server.client("bob")) == []


# -- who is always present ------------------------------------------------------------------------


def returning(server: Server, *caps: str) -> tuple[Client, list[str]]:
    """Log the account `ana` in again; return what it is told that was said."""
    account = server.hub.state.account_named("ana")
    assert account is not None
    back = server.connect()
    back.session.claim.account = account.aid
    asked = [f"CAP REQ :{' '.join(caps)}"] if caps else []
    told = back.ask(*asked, "NICK ana", "USER a 0 * :a", "CAP END")
    return back, [line for line in told if " PRIVMSG " in line]


@pytest.fixture
def absent(server: Server, alice: Client) -> Client:
    """Alice, while Ana, who is always present, has no device here."""
    ana = server.client("ana", account=server.account("ana", always_present=True))
    server.channel("#a", ana)
    alice.ask("PRIVMSG #a :heard", "PRIVMSG ana :heard too")
    ana.ask("QUIT")
    server.pass_time(1)
    return alice


def test_what_waited_for_an_absent_user_is_told_on_return(server: Server, absent: Client) -> None:
    """ "always present when the account wants it, so that direct messages and history wait for
    it"; nothing of it twice."""
    absent.ask("PRIVMSG #a :one", "PRIVMSG ana :two", "PRIVMSG ana :three")
    ana, told = returning(server, "server-time")
    assert told == [
        ":alice PRIVMSG #a one",
        ":alice PRIVMSG ana two",
        ":alice PRIVMSG ana three",
    ]
    _, told_to_another = returning(server, "server-time")
    assert told_to_another == []
    ana.ask("QUIT")


def test_no_more_waits_than_the_setting_says_for_each(server: Server, absent: Client) -> None:
    absent.ask(*(f"PRIVMSG {to} :{number}" for number in range(8) for to in ("#a", "ana")))
    _, told = returning(server, "server-time")
    assert told == [
        *(f":alice PRIVMSG #a {number}" for number in range(3, 8)),
        *(f":alice PRIVMSG ana {number}" for number in range(3, 8)),
    ]


def test_who_can_ask_is_told_nothing_on_return(server: Server, absent: Client) -> None:
    absent.ask("PRIVMSG #a :one", "PRIVMSG ana :two")
    assert returning(server, "batch", "draft/chathistory")[1] == []


def test_a_conversation_is_a_batch_under_its_partners_name(server: Server, absent: Client) -> None:
    absent.ask("PRIVMSG ana :two")
    account = server.hub.state.account_named("ana")
    assert account is not None
    back = server.connect()
    back.session.claim.account = account.aid
    told = back.read("CAP REQ :batch", "NICK ana", "USER a 0 * :a", "CAP END")
    starts = [m.params[1:] for m in told if m.command == "BATCH" and m.params[0].startswith("+")]
    assert starts == [("chathistory", "alice")]


def test_what_waited_before_a_restart_of_the_server_waits_on(open_server: OpenServer) -> None:
    server = open_server()
    alice = server.client("alice")
    ana = server.client("ana", account=server.account("ana", always_present=True))
    server.channel("#a", alice, ana)
    ana.ask("QUIT")
    alice.ask("PRIVMSG #a :one", "PRIVMSG ana :two")
    server.close()
    again = open_server()
    again.client("bob").ask("PRIVMSG ana :three")
    _, told = returning(again, "server-time")
    assert told[:1] == [":alice PRIVMSG #a one"]
    assert ":bob PRIVMSG ana three" in told
