"""znc.in/playback (wiki.znc.in/Playback): history for clients that know it from a bouncer."""

from __future__ import annotations

import pytest

from tests.chat.pair import Client, OpenServer, Server
from xchat.config import Config
from xchat.config.settings import History

CAPS = ("znc.in/playback", "server-time", "message-tags")
USAGE = "Type: PLAY <* | name{,name}> [from] [to], in seconds since 1970"


@pytest.fixture
def ana(server: Server) -> Client:
    """Somebody to whom bob said something each second, in two channels and directly."""
    ana, bob = server.client("ana", *CAPS), server.client("bob")
    server.channel("#a", ana, bob)
    server.channel("#b", ana, bob)
    for number, target in enumerate(("#a", "#b", "ana", "#a", "#b", "ana")):
        bob.ask(f"PRIVMSG {target} :said {number}")
        server.pass_time(1)
    server.quiet()
    return ana


def said(client: Client, *lines: str) -> list[str]:
    """Return what was told of history, each message by its number."""
    return [one.rpartition(" ")[2] for one in client.ask(*lines) if " PRIVMSG " in one]


def test_all_of_it(ana: Client) -> None:
    """PLAY <buffer(s)> [from] [to]: a comma-separated list of channels (supports wildcards)."""
    assert sorted(said(ana, "PRIVMSG *playback :PLAY *")) == list("012345")
    assert said(ana, "PRIVMSG *Playback :play #a") == ["0", "3"]
    assert said(ana, "PRIVMSG *playback :play #B,BOB") == ["1", "4", "2", "5"]
    assert sorted(said(ana, "ZNC *playback play #?")) == list("0134")


def test_times(server: Server, ana: Client) -> None:
    """The optional last two arguments are number of seconds (floating point for millisecond
    precision) elapsed since January 1, 1970.
    """
    begin = server.now_ms / 1000 - 6
    assert sorted(said(ana, f"PRIVMSG *playback :PLAY * {begin + 3:.3f}")) == list("345")
    assert sorted(said(ana, f"PRIVMSG *playback :PLAY * {begin + 2.001:.3f}")) == list("345")
    assert sorted(said(ana, f"PRIVMSG *playback :PLAY * {begin + 1} {begin + 4}")) == list("123")
    assert said(ana, f"PRIVMSG *playback :PLAY * {begin + 100}") == []


def test_it_comes_with_its_time_and_msgid(ana: Client) -> None:
    """The module injects a server time tag (in millisecond precision) to each message."""
    line, *_ = ana.read("PRIVMSG *playback :PLAY #a")
    assert line.tags is not None
    assert line.tags.keys() == {"time", "msgid"}


def test_only_what_one_may_read(server: Server, ana: Client) -> None:
    eve = server.client("eve", *CAPS)
    assert eve.ask("PRIVMSG *playback :PLAY *", "PRIVMSG *playback :PLAY #a,ana,#x,no!one") == []
    ana.ask("PART #a")
    assert said(ana, "PRIVMSG *playback :PLAY #a") == []


def test_the_latest_where_it_is_too_much(open_server: OpenServer) -> None:
    server = open_server(config=Config(history=History(playback_lines=2)))
    ana, bob = server.client("ana"), server.client("bob")
    server.channel("#a", ana, bob)
    bob.ask(*(f"PRIVMSG #a :said {number}" for number in range(4)))
    server.quiet()
    assert said(ana, "PRIVMSG *playback :PLAY * 0") == ["2", "3"]


@pytest.mark.parametrize(
    "text", ["x", "PLAY", "PLAY #a x", "PLAY #a 1 inf", "PLAY #a 1 2 3", f"PLAY #a {'9' * 99}"]
)
def test_what_cannot_be_understood(ana: Client, text: str) -> None:
    assert ana.ask(f"PRIVMSG *playback :{text}") == [f":*playback NOTICE ana :{USAGE}"]


def test_other_modules_are_not_here(ana: Client) -> None:
    assert ana.ask("ZNC *status help") == ["401 ana *status :No such nick/channel"]
    assert ana.ask("ZNC *playback") == [f":*playback NOTICE ana :{USAGE}"]
    assert ana.ask("NICK *playback")[0].startswith("432 ")


def test_it_is_echoed_and_told_to_nobody(server: Server) -> None:
    ana = server.client("ana", "echo-message")
    assert ana.ask("PRIVMSG *playback :play #a") == [":ana PRIVMSG *playback :play #a"]


def test_who_asks_is_not_told_unasked(server: Server) -> None:
    """The advanced playback module makes it possible for IRC clients to avoid undesired repetitive
    buffer playback.
    """
    bob = server.client("bob")
    bob.ask("JOIN #a", "PRIVMSG #a :said 1")
    assert said(server.client("old"), "JOIN #a") == ["1"]
    assert said(server.client("knows", *CAPS), "JOIN #a") == []
