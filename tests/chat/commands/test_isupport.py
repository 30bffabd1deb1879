"""RPL_ISUPPORT and RPL_MYINFO (modern.ircdocs.horse, Feature Advertisement)."""

from __future__ import annotations

import re

from tests.chat.pair import Client, OpenServer, Server


def isupport(client: Client) -> dict[str, str]:
    """Return the tokens that VERSION tells."""
    lines = [message for message in client.read("VERSION") if message.command == "005"]
    tokens = [token for message in lines for token in message.params[1:-1]]
    assert all(len(message.params) <= 15 for message in lines)
    return dict(token.partition("=")[::2] for token in tokens)


def test_isupport_says_what_the_limits_say(open_server: OpenServer) -> None:
    """RPL_ISUPPORT (005): "<client> <1-13 tokens> :are supported by this server"."""
    server = open_server(nick_chars_max=9, channels_per_user_max=7, targets_max=3)
    tokens = isupport(server.client("alice"))
    limits = server.hub.limits
    assert tokens["NICKLEN"] == "9"
    assert tokens["CHANLIMIT"] == "#:7"
    assert tokens["TOPICLEN"] == str(limits.topic_bytes_max)
    assert tokens["MAXLIST"] == f"beI:{limits.bans_per_channel_max}"
    assert tokens["PREFIX"] == "(qaohv)~&@%+"
    assert tokens["CHANMODES"] == "Ibe,k,l,CEMRUimnstu"
    assert (tokens["EXCEPTS"], tokens["INVEX"], tokens["EXTBAN"]) == ("e", "I", ",am")
    assert tokens["CHANTYPES"] == "#"
    assert tokens["CASEMAPPING"] == "rfc8265"
    assert tokens["ELIST"] == "CMNTU"
    assert tokens["NETWORK"] == "XChat"
    assert tokens["UTF8ONLY"] == tokens["SAFELIST"] == ""
    assert (tokens["CHATHISTORY"], tokens["MSGREFTYPES"]) == ("100", "msgid,timestamp")


def test_targmax_is_well_formed(server: Server) -> None:
    """Format: TARGMAX=[<command>:[limit]{,<command>:[limit]}]."""
    parts = isupport(server.client("alice"))["TARGMAX"].split(",")
    assert all(re.fullmatch("[A-Z]+:[0-9]*", part) for part in parts)
    assert {"KICK:4", "PRIVMSG:4", "JOIN:", "NAMES:"} <= set(parts)


def test_the_welcome_lists_every_mode_there_is(server: Server) -> None:
    """RPL_MYINFO (004): "<client> <servername> <version> <available user modes> <available channel
    modes>".
    """
    client = server.connect()
    welcome = client.read("NICK alice", "USER a 0 * :A")
    myinfo = next(message for message in welcome if message.command == "004")
    tokens = isupport(client)
    letters = tokens["CHANMODES"].replace(",", "") + tokens["PREFIX"][1:6]
    assert myinfo.params[4] == "".join(sorted(letters))
