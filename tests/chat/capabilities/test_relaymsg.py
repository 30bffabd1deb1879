"""draft/relaymsg (the RELAYMSG extension): a bot says what people say on another network."""

from __future__ import annotations

import pytest

from tests.chat.pair import Client, Server
from xchat.limits import LINE_BYTES_MAX, NICK_BYTES_MAX

CAPS = ("draft/relaymsg", "echo-message", "batch", "labeled-response")


@pytest.fixture
def bot(server: Server) -> Client:
    bot = server.client("bot", *CAPS)
    server.channel("#a", bot)
    return bot


def test_the_separator_is_announced(server: Server) -> None:
    """If this capability has a value, the given characters are 'nickname separators'. These
    characters aren't allowed in normal nicknames.
    """
    client = server.connect()
    assert client.offered()["draft/relaymsg"] == "/"
    assert client.ask("NICK ana/d")[0].startswith("432 ")


def test_it_becomes_a_privmsg_of_that_nick(server: Server, bot: Client) -> None:
    """Upon receiving this command, the IRCd will translate the message to a PRIVMSG. The
    `draft/relaymsg` message tag is set to the nick of the sender.
    """
    plain = server.client("plain", "message-tags")
    knows = server.client("knows", "draft/relaymsg")
    server.channel("#a", plain, knows)
    (echo,) = bot.read("@label=x RELAYMSG #A მალი/d :hello there")
    assert (echo.source, echo.params) == ("მალი/d!bot@relayed", ("#a", "hello there"))
    assert echo.tags == {"label": "x", "draft/relaymsg": "bot"}
    (line,) = knows.read()
    assert (line.source, line.command) == ("მალი/d!bot@relayed", "PRIVMSG")
    assert line.tags == {"draft/relaymsg": "bot"}
    (line,) = plain.read()
    assert line.tags is None or line.tags.keys() == {"msgid"}, "the capability brings the tag"


def test_history_has_it_as_it_was_told(server: Server, bot: Client) -> None:
    bot.ask("RELAYMSG #a mal/d :hello", "CAP REQ draft/chathistory")
    (line,) = (m for m in bot.read("CHATHISTORY LATEST #a * 5") if m.command == "PRIVMSG")
    assert line.source == "mal/d!bot@relayed"
    assert line.tags is not None
    assert line.tags["draft/relaymsg"] == "bot"


BAD = ("regular", "a!b/d", "a b/d", "a*/d", "a,b/d", "@a/d", "a:/d", "a\u202e/d", "a\x1b/d")


@pytest.mark.parametrize("nick", [*BAD, "a" * NICK_BYTES_MAX + "/d"])
def test_what_no_nick_may_hold(bot: Client, nick: str) -> None:
    """Servers MUST also sanitize or reject nicks that contain reserved IRC characters, including
    `!+%@&#$:'"?*,.` and whitespace.
    """
    (fail,) = bot.ask(f"RELAYMSG #a {nick.replace(' ', chr(0xA0))} :hello")
    assert fail.startswith("FAIL RELAYMSG INVALID_NICK :")


def test_who_may(server: Server, bot: Client) -> None:
    """Restricting RELAYMSG to channel operators; checking that the sender is in the channel."""
    ana, eve = server.client("ana"), server.client("eve")
    server.channel("#a", ana)
    (fail,) = ana.ask("RELAYMSG #a mal/d :hello")
    assert fail.startswith("FAIL RELAYMSG PRIVS_NEEDED :")
    assert eve.ask("RELAYMSG #a mal/d :hello")[0].startswith("404 eve #a ")
    bot.ask("MODE #a -n")
    assert eve.ask("RELAYMSG #a mal/d :hello") == ["442 eve #a :You're not on that channel"]
    assert eve.ask("RELAYMSG #b mal/d :hello") == ["403 eve #b :No such channel"]
    assert bot.ask("MODE #a +o ana")
    server.quiet()
    assert ana.ask("RELAYMSG #a mal/d :hello") == [], "without echo-message nothing comes back"
    assert bot.heard() == [":mal/d PRIVMSG #a hello"]


def test_bounds(bot: Client) -> None:
    """ERR_INPUTTOOLONG (417): a text that would not reach its readers whole is not sent at all."""
    room = LINE_BYTES_MAX - len(":m/d!bot@relayed PRIVMSG #a :\r\n")
    command = "RELAYMSG #a m/d :"
    assert room > LINE_BYTES_MAX - len(f"{command}\r\n") - 20
    assert "417" in bot.ask(f"{command}{'x' * (LINE_BYTES_MAX - len(command) - 2)}")[0]
    assert bot.ask("RELAYMSG #a m/d") == ["461 bot RELAYMSG :Not enough parameters"]
    assert bot.ask("RELAYMSG #a m/d :") == ["412 bot :No text to send"]
