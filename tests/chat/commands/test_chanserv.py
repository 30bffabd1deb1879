"""ChanServ, by CHANSERV, CS, and what is written to it."""

from __future__ import annotations

import pytest

from tests.chat.pair import Client, OpenServer, Server
from xchat.chat.entities import Terms
from xchat.chat.services.chanserv import CHANSERV


@pytest.fixture
def server(open_server: OpenServer) -> Server:
    return open_server()


def ask(client: Client, text: str) -> list[str]:
    """Write to ChanServ; return its notices and whatever else came, its own without their head."""
    head = f":ChanServ NOTICE {client.nick} "
    lines = client.ask(f"PRIVMSG ChanServ :{text}")
    return [line.removeprefix(head).removeprefix(":") if head in line else line for line in lines]


def member(server: Server, name: str) -> Client:
    return server.client(name, account=server.account(name))


def registered(server: Server, *others: Client) -> Client:
    """Return the founder of #a, where the others are too."""
    ana = member(server, "ana")
    server.channel("#a", ana, *others)
    assert ask(ana, "REGISTER #a")
    server.quiet()
    return ana


def test_it_is_asked_by_message_and_by_command(server: Server) -> None:
    ana = server.client("ana")
    told = ana.ask("PRIVMSG chanserv :info #x", "CS INFO #x", "CHANSERV :info #x")
    assert told == [":ChanServ NOTICE ana :#x: No such channel"] * 3


def test_help_fits_on_a_screen(server: Server) -> None:
    told = ask(server.client("ana"), "help")
    assert len(told) <= 18
    beside = len("21:35 -ChanServ(ChanServ@services)- ")
    assert max(map(len, told[1:])) <= 80 - beside
    for line, verb in zip(told[1:], CHANSERV.verbs, strict=True):
        assert line.split()[0] == verb.name
        assert line.endswith(f" {verb.about}")


@pytest.mark.parametrize("verb", [verb.name for verb in CHANSERV.verbs])
def test_without_words_it_says_what_to_type(server: Server, verb: str) -> None:
    (told,) = ask(member(server, "ana"), verb)
    assert told.startswith(f"Type: /msg ChanServ {verb} ")


@pytest.mark.parametrize("verb", [verb.name for verb in CHANSERV.verbs if verb.needs_account])
def test_what_needs_an_account(server: Server, verb: str) -> None:
    (told,) = ask(server.client("ana"), f"{verb} #a")
    assert told == "Log in first: /msg NickServ IDENTIFY <account> <password>"


def test_register(server: Server) -> None:
    ana, bob = member(server, "ana"), member(server, "bob")
    server.channel("#a", ana, bob)
    assert ask(bob, "REGISTER #a") == ["#a: You're not channel operator"]
    assert ask(ana, "Register #a") == [
        ":ChanServ MODE #a +q ana",
        "#a is registered: its founder is ana",
    ]
    assert bob.heard() == [":ChanServ MODE #a +q ana"]
    assert ask(ana, "REGISTER #a") == ["#a is registered already"]
    assert ask(ana, "REGISTER #b") == ["There is no #b: enter it first"]


def test_so_many_channels(open_server: OpenServer) -> None:
    server = open_server(channels_per_account_max=1)
    ana = registered(server)
    ana.ask("JOIN #b")
    assert ask(ana, "REGISTER #b") == ["An account has 1 channels at most"]


def test_info(server: Server) -> None:
    bob = server.client("bob")
    ana = registered(server, bob)
    head = "#a, since 2025-06-15T15:06:40.000Z; founder: ana"
    assert ask(ana, "INFO #a") == [head, "You are founder there, whenever you enter"]
    assert ask(bob, "INFO #A") == [head]
    bob.ask("JOIN #b")
    assert ask(ana, "INFO #b") == ["#b is not registered"]


def test_a_secret_channel_is_none_to_strangers(server: Server) -> None:
    ana, bob = registered(server), member(server, "bob")
    ana.ask("MODE #a +s")
    for text in ("INFO #a", "ACCESS #a", "OP #a", "DROP #a #a", "UNBAN #a", "TRANSFER #a bob"):
        assert ask(bob, text) == ["#a: No such channel"]
    ana.ask("PART #a")
    assert len(ask(ana, "INFO #a")) == 2


def test_access(server: Server) -> None:
    bob = member(server, "bob")
    ana = registered(server, bob)
    assert ask(ana, "ACCESS #a ADD bob op") == [
        ":ChanServ MODE #a +o bob",
        "bob is op in #a",
    ]
    assert ask(ana, "ACCESS #a LIST") == ["ana: founder", "bob: op"]
    assert ask(bob, "ACCESS #a")[-2:] == ["ana: founder", "bob: op"]
    bob.ask("PART #a", "JOIN #a")
    assert bob.ask("NAMES #a")[0].endswith(":~ana @bob")
    server.quiet()
    assert ask(bob, "ACCESS #a ADD ana voice") == [
        "This account is the founder; a channel changes hands by a transfer"
    ]
    assert ask(bob, "ACCESS #a ADD bob admin") == ["This takes a higher role in #a than yours"]
    assert ask(ana, "ACCESS #a DEL bob")[-1] == "bob has no role in #a"
    assert ask(server.client("eve"), "ACCESS #a LIST")[0].startswith("Log in first")
    for wrong in ("ACCESS #a FOO", "ACCESS #a ADD bob", "ACCESS #a DEL", "ACCESS #a LIST x"):
        assert ask(ana, wrong)[0].startswith("Type: /msg ChanServ ACCESS ")
    assert ask(ana, "ACCESS #a ADD bob king") == ["A role is admin, op, halfop or voice"]
    assert ask(ana, "ACCESS #a ADD bob founder") == ["A role is admin, op, halfop or voice"]
    assert ask(ana, "ACCESS #a ADD nobody op") == ["There is no account nobody"]


def test_access_as_modes(server: Server) -> None:
    member(server, "bob")
    ana = registered(server)
    assert ask(ana, "AMODE #a +v bob") == ["bob is voice in #a"]
    assert ask(ana, "AMODE #a") == ["ana: founder", "bob: voice"]
    assert ask(ana, "AMODE #a -v bob") == ["bob has no role in #a"]
    for wrong in ("AMODE #a +v", "AMODE #a v bob"):
        assert ask(ana, wrong)[0].startswith("Type: /msg ChanServ AMODE ")
    assert ask(ana, "AMODE #a + bob") == ["A role is admin, op, halfop or voice"]


def test_who_stands_there_takes_it_up_again(server: Server) -> None:
    bob = member(server, "bob")
    ana = registered(server, bob)
    ana.ask("MODE #a -q ana")
    server.quiet()
    assert ask(ana, "OP #a") == [":ChanServ MODE #a +q ana", "Done: +o in #a"]
    server.quiet()
    assert ask(bob, "OP #a") == ["Your account has no role in #a"]
    ana.ask("PART #a")
    assert ask(ana, "OP #a") == ["ana is not in #a"]


@pytest.mark.parametrize(
    ("verb", "mode"),
    [("OP", "+o"), ("DEOP", "-o"), ("HALFOP", "+h"), ("DEHALFOP", "-h"), ("VOICE", "+v"),
     ("DEVOICE", "-v")],
)  # fmt: skip
def test_roles_of_others(server: Server, verb: str, mode: str) -> None:
    bob, eve = member(server, "bob"), member(server, "eve")
    ana = registered(server, bob, eve)
    ana.ask(f"MODE #a {mode.replace('-', '+')} bob") if mode[0] == "-" else None
    server.quiet()
    assert ask(ana, f"{verb} #a bob") == [f":ana MODE #a {mode} bob", f"Done: {mode} in #a"]
    assert ask(eve, f"{verb} #a bob")[-1].startswith("#a: You're not channel operator")
    assert ask(ana, f"{verb} #a nobody") == ["nobody: No such nick/channel"]


def test_unban(server: Server) -> None:
    bob = member(server, "bob")
    ana = registered(server, bob)
    ana.ask("MODE #a +bbb bob!*@* x!*@* a:bob")
    server.quiet()
    assert ask(ana, "UNBAN #a bob") == [
        ":ana MODE #a -bb bob!*@* a:bob",
        "Lifted: bob!*@*, a:bob",
    ]
    assert ask(ana, "UNBAN #a X!*@*")[-1] == "Lifted: x!*@*"
    assert ask(ana, "UNBAN #a") == ["No ban of #a means ana"]


def test_transfer(server: Server) -> None:
    bob = member(server, "bob")
    ana = registered(server, bob)
    assert ask(bob, "TRANSFER #a bob") == ["Only the founder of #a may do this"]
    assert ask(ana, "TRANSFER #a nobody") == ["There is no account nobody"]
    assert ask(ana, "TRANSFER #a bob")[-1] == "The founder of #a is bob"
    assert ask(bob, "INFO #a")[-1] == "You are founder there, whenever you enter"
    assert ask(ana, "INFO #a")[-1] == "You are admin there, whenever you enter"


def test_drop(server: Server) -> None:
    bob = member(server, "bob")
    ana = registered(server, bob)
    sure = "To be sure, name it twice: /msg ChanServ DROP #a #a"
    assert ask(ana, "DROP #a") == ask(ana, "DROP #a #b") == [sure]
    assert ask(bob, "DROP #a #a") == ["Only the founder of #a may do this"]
    assert ask(ana, "DROP #a #A") == [":ChanServ MODE #a -q ana", "#a is nobody's any more"]
    assert ask(ana, "DROP #a #a") == ["#a is not registered"]


# -- how long it keeps what is said -----------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "terms", "told"),
    [
        ("30d", Terms(days=30), "for 30 days"),
        ("1000", Terms(messages=1000), "up to 1000 messages"),
        ("30D 1000", Terms(30, 1000), "for 30 days and up to 1000 messages"),
        ("default", Terms(), "as the server does"),
        ("off", Terms(), "as the server does"),
    ],
)
def test_set_retention(server: Server, words: str, terms: Terms, told: str) -> None:
    ana = registered(server)
    ask(ana, "SET #a RETENTION 7d 7")
    assert ask(ana, f"set #a retention {words}") == [f"#a keeps what is said {told}"]
    assert server.hub.state.channels["#a"].retention == terms


@pytest.mark.parametrize("words", ["", "x", "-1", "30d 7d", "1 2", "30d 1000 1", "9" * 400])
def test_no_retention(server: Server, words: str) -> None:
    ana = registered(server)
    (told,) = ask(ana, f"SET #a RETENTION {words}")
    assert told == "Type: /msg ChanServ SET <channel> RETENTION <days>d | <messages> | default"
    assert server.hub.state.channels["#a"].retention == Terms()


def test_info_tells_retention(server: Server) -> None:
    ana = registered(server)
    assert not [line for line in ask(ana, "INFO #a") if "keeps" in line]
    ask(ana, "SET #a RETENTION 30d")
    assert "It keeps what is said for 30 days" in ask(ana, "INFO #a")


def test_only_the_founder_sets_retention(server: Server) -> None:
    bob = member(server, "bob")
    registered(server, bob)
    assert ask(bob, "SET #a RETENTION 1") == ["Only the founder of #a may do this"]
    assert ask(bob, "SET #b RETENTION 1") == ["#b: No such channel"]


def test_retention_ends_with_the_registration(server: Server) -> None:
    ana = registered(server)
    ask(ana, "SET #a RETENTION 1")
    ask(ana, "DROP #a #a")
    assert server.hub.state.channels["#a"].retention == Terms()
