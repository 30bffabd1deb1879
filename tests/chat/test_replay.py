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
