"""MOTD LUSERS VERSION TIME INFO ADMIN and ISUPPORT (modern.ircdocs.horse, Server queries)."""

from __future__ import annotations

import re

import pytest

from tests.chat.pair import Client, OpenServer, Server, commands
from xchat import __version__
from xchat.config import Config
from xchat.config.settings import Server as ServerSettings

ASKED_OF_A_SERVER = ("MOTD", "VERSION", "TIME", "INFO", "ADMIN", "LINKS")


def isupport(client: Client) -> dict[str, str]:
    """Return the tokens that VERSION tells."""
    lines = [message for message in client.read("VERSION") if message.command == "005"]
    tokens = [token for message in lines for token in message.params[1:-1]]
    assert all(len(message.params) <= 15 for message in lines)
    return dict(token.partition("=")[::2] for token in tokens)


# -- MOTD -------------------------------------------------------------------------------------


def test_motd(open_server: OpenServer) -> None:
    """If the MOTD can be found, one RPL_MOTDSTART numeric is returned, followed by one or more
    RPL_MOTD numeric, then one RPL_ENDOFMOTD numeric.
    """
    motd = f"Welcome!\n\n{'ა' * 200}\n"
    alice = open_server(config=Config(server=ServerSettings(motd=motd))).client("alice")
    assert alice.ask("MOTD") == [
        "375 alice :- xchat.local Message of the day -",
        "372 alice :- Welcome!",
        "372 alice :- ",
        f"372 alice :- {'ა' * 133}",
        "376 alice :End of /MOTD command",
    ]


def test_no_motd(server: Server) -> None:
    """If the MOTD does not exist or could not be found, the ERR_NOMOTD (422) numeric."""
    alice = server.client("alice")
    assert alice.ask("MOTD") == ["422 alice :There is no message of the day"]


# -- LUSERS -----------------------------------------------------------------------------------


def test_lusers(server: Server) -> None:
    """Servers MUST reply with RPL_LUSERCLIENT and RPL_LUSERME, and SHOULD also include all those
    defined.
    """
    alice, bob, carl = (server.client(nick) for nick in ("alice", "bob", "carl"))
    server.channel("#a", alice)
    bob.ask("MODE bob +i")
    carl.drop()
    server.connect()
    assert alice.ask("LUSERS") == [
        "251 alice :There is 1 user and 1 invisible on 1 server",
        "252 alice 0 :operator(s) online",
        "253 alice 1 :unknown connection(s)",
        "254 alice 1 :channels formed",
        "255 alice :I have 2 clients and 0 servers",
        "265 alice 2 3 :Current local users 2, max 3",
        "266 alice 2 3 :Current global users 2, max 3",
    ]


def test_lusers_counts_as_people_do(server: Server) -> None:
    alice = server.client("alice")
    texts = {line.split(" ", 1)[0]: line for line in alice.ask("LUSERS")}
    assert texts["255"] == "255 alice :I have 1 client and 0 servers"
    server.client("bob")
    assert alice.ask("LUSERS")[0] == "251 alice :There are 2 users and 0 invisible on 1 server"


# -- the rest ---------------------------------------------------------------------------------


def test_version(server: Server) -> None:
    """Upon receiving a VERSION command, the given server SHOULD respond with one RPL_VERSION reply
    and one or more RPL_ISUPPORT replies.
    """
    first, *rest = server.client("alice").read("VERSION")
    assert first.params == ("alice", f"xchat-{__version__}", "xchat.local", "A private chat")
    assert set(commands(rest)) == {"005"}


def test_time(server: Server) -> None:
    """RPL_TIME (391): "<client> <server> ... :<human-readable time>"."""
    assert server.client("alice").ask("TIME") == ["391 alice xchat.local 2025-06-15T15:06:40.000Z"]


def test_info(server: Server) -> None:
    """Zero or more RPL_INFO replies, followed by one RPL_ENDOFINFO numeric."""
    *lines, end = server.client("alice").ask("INFO")
    assert end == "374 alice :End of /INFO list"
    assert lines
    assert all(line.startswith("371 alice :") for line in lines)


def test_admin(open_server: OpenServer) -> None:
    """RPL_ADMINME, RPL_ADMINLOC1, RPL_ADMINLOC2, and RPL_ADMINEMAIL."""
    settings = ServerSettings(admin=("ნინო", "the lab, 2nd floor"))
    alice = open_server(config=Config(server=settings)).client("alice")
    assert alice.ask("ADMIN") == [
        "256 alice xchat.local :Administrative info",
        "257 alice ნინო",
        "258 alice :the lab, 2nd floor",
        "259 alice :(not said)",
    ]


def test_links(server: Server) -> None:
    """Servers MAY omit some or all servers on the network, including itself: it is linked to none.
    RPL_ENDOFLINKS (365): "<client> * :End of /LINKS list".
    """
    assert server.client("alice").ask("LINKS") == ["365 alice * :End of /LINKS list"]


def test_stats(server: Server) -> None:
    """RPL_STATSUPTIME (242): "<client> :Server Up %d days %d:%02d:%02d"; RPL_ENDOFSTATS (219)."""
    alice = server.client("alice")
    server.pass_time(2 * 86_400 + 3 * 3600 + 4 * 60 + 5)
    end = "219 alice {} :End of /STATS report"
    up = "242 alice :Server Up 2 days 3:04:05"
    assert alice.ask("STATS u") == [up, end.format("u")]
    assert alice.ask("STATS", "STATS z") == [end.format("*"), end.format("z")]


@pytest.mark.parametrize("command", ASKED_OF_A_SERVER)
def test_asked_of_this_server_or_of_no_other(server: Server, command: str) -> None:
    """If target is a client, the information for the server that client is connected to is
    requested. If a matching server cannot be found, the server will respond with the
    ERR_NOSUCHSERVER numeric. Wildcards are allowed.
    """
    alice, _ = server.client("alice"), server.client("bob")
    plain = alice.ask(command)
    for target in ("xchat.local", "XChat.Local", "*.local", "bob"):
        assert alice.ask(f"{command} {target}") == plain
    assert alice.ask(f"{command} nowhere.example") == ["402 alice nowhere.example :No such server"]


# -- ISUPPORT ---------------------------------------------------------------------------------


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
