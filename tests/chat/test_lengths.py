"""No line is cut to another meaning: the longest names there may be fit wherever they are told."""

from __future__ import annotations

import pytest

from tests.chat.pair import Client, OpenServer, Server
from xchat.config import Config
from xchat.config.settings import Server as ServerSettings
from xchat.irc.message import Message, parse
from xchat.limits import (
    CHANNEL_BYTES_MAX,
    HOST_BYTES_MAX,
    LINE_BYTES_MAX,
    MASK_BYTES_MAX,
    NICK_BYTES_MAX,
    USER_BYTES_MAX,
)

LETTER = "𐐨"  # four bytes
CHANNEL = f"#x{LETTER * 37}"
SERVER_NAME_MAX = 63


def nick(letter: str) -> str:
    """Return a nick as long as any."""
    return f"{letter}x{LETTER * 22}"


@pytest.fixture
def server(open_server: OpenServer) -> Server:
    """A server whose name is as long as any."""
    name = f"{'s' * 29}.{'s' * 29}.lan"
    assert len(name) == SERVER_NAME_MAX
    return open_server(config=Config(server=ServerSettings(name=name)))


def member(server: Server, name: str) -> Client:
    """Return a client whose every name is as long as any, and who is in the channel."""
    client = server.connect("h" * HOST_BYTES_MAX)
    client.ask(f"NICK {name}", f"USER {LETTER * 20} 0 * :r", f"JOIN {CHANNEL}")
    return client


def told(client: Client, line: str) -> Message:
    """Return the last that a client is told, having sent a line."""
    client.send(line)
    data = client.read_raw()[-1]
    assert len(data) <= LINE_BYTES_MAX
    return parse(data[:-2])


def test_the_longest_names_fit_with_room_for_the_rest() -> None:
    """prefix + KICK + channel + nick; prefix + MODE + mask; the list of bans."""
    prefix = NICK_BYTES_MAX + USER_BYTES_MAX + HOST_BYTES_MAX + len(":!@ ")
    kick = prefix + CHANNEL_BYTES_MAX + NICK_BYTES_MAX + len("KICK   :\r\n")
    mode = prefix + CHANNEL_BYTES_MAX + MASK_BYTES_MAX + len("MODE  +b \r\n")
    bans = SERVER_NAME_MAX + NICK_BYTES_MAX + CHANNEL_BYTES_MAX + MASK_BYTES_MAX
    bans += len(": 367    * 99999999999\r\n")
    assert max(kick, mode, bans) <= LINE_BYTES_MAX


def test_names_are_told_whole(server: Server) -> None:
    one, other = nick("a"), nick("b")
    assert (len(one.encode()), len(CHANNEL.encode())) == (NICK_BYTES_MAX, CHANNEL_BYTES_MAX)
    alice, bob = member(server, one), member(server, other)
    assert len(alice.source.encode()) > NICK_BYTES_MAX + USER_BYTES_MAX - 4 + HOST_BYTES_MAX
    bob.heard()
    assert told(alice, f"MODE {CHANNEL} +o {other}").params == (CHANNEL, "+o", other)
    assert told(alice, f"KICK {CHANNEL} {other} :{'x' * 40}").params == (CHANNEL, other, "x" * 40)
    bob.heard()
    assert told(alice, f"INVITE {other} {CHANNEL}").params == (one, other, CHANNEL)
    assert [line.params for line in bob.read()] == [(other, CHANNEL)]


def test_a_topic_is_the_same_for_all(server: Server) -> None:
    """What is cut is cut once, before it is kept, and not for each reader elsewhere."""
    alice, bob = member(server, nick("a")), member(server, nick("b"))
    (*_, topic) = told(alice, f"TOPIC {CHANNEL} :{'y' * 300}").params
    assert len(topic) > 130
    kept = server.hub.state.channels[CHANNEL].topic
    assert kept is not None
    assert kept.text == topic
    bob.heard()
    assert bob.read(f"TOPIC {CHANNEL}")[0].params[-1] == topic
    assert bob.read("LIST")[1].params[-1] == topic


@pytest.mark.parametrize("letter", ["x", LETTER])
def test_bans_are_told_whole_with_the_time(server: Server, letter: str) -> None:
    """RPL_BANLIST (367): "<client> <channel> <mask> [<who> <set-ts>]"."""
    alice = member(server, nick("a"))
    room = MASK_BYTES_MAX - len("!*@*")
    mask = letter * (room // len(letter.encode())) + "!*@*"
    when = str(server.now_ms // 1000)
    assert told(alice, f"MODE {CHANNEL} +b {mask}").params == (CHANNEL, "+b", mask)
    alice.send(f"MODE {CHANNEL} b")
    row = parse(alice.read_raw()[0].strip())
    assert row.params == (alice.nick, CHANNEL, mask, "*", when)
    alice.ask(f"MODE {CHANNEL} -b+b {mask} short")
    row = alice.read(f"MODE {CHANNEL} b")[0]
    assert row.params == (alice.nick, CHANNEL, "short!*@*", alice.nick, when)


def test_who_set_a_topic_is_told_whole(server: Server) -> None:
    """The bound on what is said back of a refused parameter once cut the server's own words."""
    alice, bob = server.client("ა" * 30), server.client("bob")
    server.channel("#a", alice)
    alice.ask("TOPIC #a :new")
    (who,) = [message for message in bob.read("JOIN #a") if message.command == "333"]
    assert who.params[2] == alice.source


def test_a_refused_name_is_said_back_as_far_as_the_words_after_it_fit(server: Server) -> None:
    alice = server.client("alice")
    (refused,) = alice.read(f"WHOIS {'ა' * 140}")[:1]
    assert refused.params[-1] == "No such nick/channel"
    assert refused.params[1] == "ა" * 53
