"""NickServ, by NICKSERV, NS, and what is written to it."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.chat.accounts import (
    CHEAP,
    CONFIG,
    PASSWORD,
    add_account,
    log_in,
    negotiating,
    plain_message,
)
from tests.chat.commands.operators import CONFIG as OPERATORS
from tests.chat.commands.operators import operator
from tests.chat.pair import Client, OpenServer, Server
from xchat.chat.services.certificates import NONE_KNOWN
from xchat.chat.services.nickserv import NICKSERV
from xchat.config import Config
from xchat.config.settings import Access
from xchat.limits import (
    CERTIFICATES_PER_ACCOUNT_MAX,
    NICKS_PER_ACCOUNT_MAX,
    WORK_PER_ASKER_MAX,
)

FINGERPRINT = "ab" * 32
COLONS = ":".join(["AB"] * 32)


@pytest.fixture
def server(open_server: OpenServer) -> Server:
    return open_server(config=CONFIG)


def ask(client: Client, text: str) -> list[str]:
    """Write to NickServ; return its notices and whatever else came, its own without their head."""
    head = f":NickServ NOTICE {client.nick} "
    lines = client.ask(f"PRIVMSG NickServ :{text}")
    return [line.removeprefix(head).removeprefix(":") if head in line else line for line in lines]


def member(server: Server, nick: str = "ana", name: str = "ana", *caps: str) -> Client:
    account = server.hub.state.account_named(name) or add_account(server, name)
    return server.client(nick, *caps, account=account)


def is_right(server: Server, name: str, password: str) -> bool:
    return log_in(negotiating(server), name, password)[-1].startswith("903")


# -- the ways to it ---------------------------------------------------------------------------


def test_it_is_asked_by_message_and_by_command(server: Server) -> None:
    ana = server.client("ana")
    lines = ["PRIVMSG nickserv :info x", "PRIVMSG NickServ@services :INFO x", "NS INFO x"]
    told = ana.ask(*lines, "NICKSERV info :x")
    assert told == [":NickServ NOTICE ana :There is no account x"] * 4


def test_a_notice_is_never_answered(server: Server) -> None:
    """The difference between NOTICE and PRIVMSG is that automatic replies MUST NEVER be sent in
    response to a NOTICE message (RFC 2812, 3.3.2)."""
    ana = server.client("ana", "message-tags")
    assert ana.ask("NOTICE NickServ :HELP", "@+typing=active TAGMSG NickServ") == []


def test_what_is_written_to_it_goes_nowhere_else(server: Server, folder: Path) -> None:
    """Passwords are in it: nothing is kept, nor told to other devices."""
    phone, laptop = (member(server, "ana", "ana", "echo-message") for _ in range(2))
    told = phone.ask("PRIVMSG NickServ :IDENTIFY ana s3cret!")
    assert told == [
        ":ana PRIVMSG NickServ :IDENTIFY ana s3cret!",
        ":NickServ NOTICE ana :Password incorrect",
    ]
    assert laptop.heard() == []
    files = [path.read_bytes() for path in folder.iterdir()]
    assert files
    assert not any(b"s3cret!" in data for data in files)


def test_it_is_written_to_alone(server: Server) -> None:
    ana, bob = server.client("ana", "standard-replies"), server.client("bob")
    assert ana.ask("PRIVMSG bob,NickServ :IDENTIFY s3cret!") == [
        "FAIL PRIVMSG INVALID_TARGET bob,NickServ :Not sent to anybody: write to NickServ alone"
    ]
    assert bob.heard() == []


@pytest.mark.parametrize("nick", ["NickServ", "nickserv", "ChanServ", "NіckServ"])
def test_nobody_takes_its_nick(server: Server, nick: str) -> None:
    assert (
        server.client("ana").ask(f"NICK {nick}")[0].startswith(f"433 ana {nick} :Nickname is kept")
    )
    (refused,) = server.client("bob").ask(f"REGISTER {nick} * hunter2")
    assert refused.startswith(f"FAIL REGISTER BAD_ACCOUNT_NAME {nick} :The name is kept for ")


# -- help -------------------------------------------------------------------------------------


def test_help_fits_on_a_screen(server: Server) -> None:
    told = ask(server.client("ana"), "help")
    assert len(told) <= 18
    beside = len("21:35 -NickServ(NickServ@services)- ")
    assert max(map(len, told[1:])) <= 80 - beside
    for line, verb in zip(told[1:], NICKSERV.verbs, strict=True):
        assert line.split()[0] == verb.name
        assert line.endswith(f" {verb.about}")
    assert ask(server.client("bob"), "") == ["412 bob :No text to send"]


@pytest.mark.parametrize("verb", [verb.name for verb in NICKSERV.verbs])
def test_each_verb_has_help(server: Server, verb: str) -> None:
    usage, about, *more = ask(server.client("ana"), f"HELP {verb.lower()}")
    assert usage.startswith(f"/msg NickServ {verb}")
    assert about
    assert all(len(line) < 200 for line in more)


@pytest.mark.parametrize("text", ["FOO", "HELP FOO", "x" * 400])
def test_what_it_does_not_know(server: Server, text: str) -> None:
    (told,) = ask(server.client("ana"), text)
    assert told.startswith("There is no ")
    assert told.endswith("Type: /msg NickServ HELP")


@pytest.mark.parametrize(
    "text",
    ["REGISTER", "IDENTIFY", "PASSWD a", "PASSWD a b c", "REGAIN", "UNGROUP", "CERT", "CERT FOO",
     "CERT DEL", "SET X", "SET ALWAYS-PRESENT perhaps", "SET X on", "SESSIONS FOO", "DROP",
     "DROP ana", "SESSIONS END"],
)  # fmt: skip
def test_an_error_says_what_to_type(server: Server, text: str) -> None:
    (told,) = ask(member(server), text)
    assert told.startswith(f"Type: /msg NickServ {text.split(maxsplit=1)[0]} ")


@pytest.mark.parametrize(
    "text", ["LOGOUT", "PASSWD a b", "REGAIN x", "GROUP", "UNGROUP x", "CERT LIST", "SESSIONS",
             "SET ALWAYS-PRESENT on", "DROP ana x", "INFO"],
)  # fmt: skip
def test_what_needs_an_account(server: Server, text: str) -> None:
    assert ask(server.client("ana"), text) == [
        "Log in first: /msg NickServ IDENTIFY <account> <password>"
    ]


# -- coming and going -------------------------------------------------------------------------


def test_register(server: Server) -> None:
    ana = server.client("ana")
    assert ask(ana, "REGISTER hunter2") == [
        "Account created",
        "900 ana ana!~ana@127.0.0.1 ana :You are now logged in as ana",
    ]
    assert is_right(server, "ana", "hunter2")
    assert ask(ana, "REGISTER hunter2") == ["You are logged in as ana already"]
    assert ask(server.client("bob"), "REGISTER two words") == [
        "The second word is no e-mail address, and a password typed here holds no spaces"
    ]
    told = ask(server.client("eve"), "REGISTER hunter2 eve@example.org")
    assert told[0] == "Account created"


def test_operators_register_others(open_server: OpenServer) -> None:
    accounts = replace(CHEAP, registration="closed")
    server = open_server(config=replace(OPERATORS, accounts=accounts))
    root = operator(server.client("root"))
    assert ask(root, "SAREGISTER nino hunter2") == ["Account created"]
    assert server.hub.state.account_of(root.session.uid) is None
    assert is_right(server, "nino", "hunter2")
    assert ask(root, "SAREGISTER nino hunter2") == ["The name is taken: choose another"]
    assert ask(root, "SAREGISTER 1nino hunter2")[0].startswith("A nick cannot start with")
    assert ask(server.client("ana"), "SAREGISTER eve hunter2") == [
        "Permission Denied- You're not an IRC operator"
    ]


def test_identify(server: Server) -> None:
    add_account(server, "ana")
    guest = server.client("guest")
    assert ask(guest, "IDENTIFY ana sesame") == [
        "900 guest guest!~guest@127.0.0.1 ana :You are now logged in as ana",
        "You are logged in as ana",
    ]
    assert guest.ask("NICK ana") == [":guest NICK ana"]
    assert ask(guest, "ID sesame")[-1] == "You are logged in as ana"
    assert ask(guest, "IDENTIFY ana millet") == ["Password incorrect"]
    assert ask(server.client("eve"), "LOGIN millet") == ["Password incorrect"]


def test_nobody_has_all_passwords_checked(server: Server) -> None:
    """Each check takes a core for a tenth of a second: one connection has so many at once."""
    add_account(server, "ana")
    guest, other = server.client("guest"), negotiating(server)
    guest.send(*["PRIVMSG NickServ :IDENTIFY ana millet"] * (WORK_PER_ASKER_MAX + 2))
    other.send("AUTHENTICATE PLAIN", f"AUTHENTICATE {plain_message('ana')}")
    told = [line.partition("guest ")[2].removeprefix(":") for line in guest.heard()]
    assert sorted(told) == [
        *["Password incorrect"] * WORK_PER_ASKER_MAX,
        *["Too busy, try again in a moment"] * 2,
    ]
    assert other.heard()[-1].startswith("903 ")
    assert ask(guest, "IDENTIFY ana sesame")[-1] == "You are logged in as ana"


def test_logout(server: Server) -> None:
    ana, bob = member(server), server.client("bob", "account-notify")
    server.channel("#a", ana, bob)
    told = ask(ana, "LOGOUT")
    assert told[0] == "901 ana ana!~ana@127.0.0.1 :You are now logged out"
    assert told[-1].endswith("You are logged out")
    assert bob.heard()[0] == ":ana ACCOUNT *"
    assert ana.nick.startswith("Guest"), "the nick stays behind"


def test_logout_of_a_private_server_is_good_bye(open_server: OpenServer) -> None:
    server = open_server(config=Config(access=Access(policy="accounts"), accounts=CONFIG.accounts))
    ana = member(server)
    (error,) = ask(ana, "LOGOUT")
    assert "Logged out: only people with an account may be here" in error
    assert ana.closed


def test_passwd(server: Server) -> None:
    ana = member(server)
    assert ask(ana, "PASSWD millet barley") == ["Password incorrect"]
    assert ask(ana, f"PASSWD {PASSWORD} ANA") == ["A password cannot be the name of the account"]
    assert ask(ana, f"PASSWD {PASSWORD} barley") == ["Your password is another one now"]
    assert not is_right(server, "ana", PASSWORD)
    assert is_right(server, "ana", "barley")
    server.account("bob")
    assert ask(member(server, "bob", "bob"), "PASSWD * rye") == ["Your password is another one now"]
    assert is_right(server, "bob", "rye")


def test_drop(server: Server) -> None:
    ana, bob = member(server), server.client("bob")
    server.channel("#a", ana, bob)
    assert ask(ana, "DROP other x") == ["To remove your account, name it: ana"]
    assert ask(ana, "DROP ana millet") == ["Password incorrect"]
    (error,) = ask(ana, f"DROP ana {PASSWORD}")
    assert "The account was removed" in error
    assert ana.closed
    assert bob.heard() == [":ana QUIT :The account was removed"]
    assert server.hub.state.account_named("ana") is None
    server.account("eve")
    eve = member(server, "eve", "eve")
    ask(eve, "DROP eve")
    assert eve.closed


# -- nicks ------------------------------------------------------------------------------------


def test_regain_from_a_stranger(server: Server) -> None:
    stranger = server.client("ana")
    owner = member(server, "guest", "ana")
    told = owner.ask("NS REGAIN ana")
    assert told == [":guest NICK ana", ":NickServ NOTICE ana :You have your nick again"]
    assert stranger.nick.startswith("Guest")
    assert ask(owner, "REGAIN ana") == ["You have this nick"]
    assert ask(owner, "RECOVER bob") == ["The nick is not one of your account ana"]


def test_ghost_of_ones_own(server: Server) -> None:
    old, new = member(server), member(server, "guest", "ana")
    assert ask(new, "GHOST ana") == ["The connection of yours that had it is gone. Type: /nick ana"]
    old.read()
    assert old.closed
    assert new.ask("NICK ana") == [":guest NICK ana"]


def test_group_and_ungroup(server: Server) -> None:
    ana = member(server, "queen", "ana")
    assert ask(ana, "GROUP") == ["queen is your account's now"]
    assert ask(ana, "GROUP") == ["queen is your account's already"]
    assert ask(ana, "INFO")[1] == "Nicks: ana, queen"
    ana.ask("NICK ana")
    bob = server.client("bob")
    assert bob.ask("NICK queen")[0].startswith("433 bob queen :Nickname belongs to the account ana")
    assert ask(ana, "UNGROUP ana") == ["This is no nick of your account beside its name"]
    assert ask(ana, "UNGROUP QUEEN") == ["QUEEN is nobody's now"]
    assert bob.ask("NICK queen") == [":bob NICK queen"]


def test_so_many_nicks(server: Server) -> None:
    ana = member(server)
    for number in range(NICKS_PER_ACCOUNT_MAX):
        ana.ask(f"NICK nick{number}")
        assert ask(ana, "GROUP") == [f"nick{number} is your account's now"]
    ana.ask("NICK last")
    assert ask(ana, "GROUP") == [
        f"An account has {NICKS_PER_ACCOUNT_MAX} nicks beside its name at most"
    ]


# -- certificates -----------------------------------------------------------------------------


def test_certificates(server: Server) -> None:
    ana = member(server)
    assert ask(ana, "CERT LIST") == [NONE_KNOWN]
    assert ask(ana, "CERT ADD") == ["You connected without a certificate: name one"]
    ana.session.certificate = FINGERPRINT
    assert ask(ana, "CERT ADD") == [f"{FINGERPRINT} logs in to your account now"]
    assert ask(ana, f"CERT ADD {COLONS}") == ["This certificate logs in to your account already"]
    assert ask(ana, "CERT LIST") == [f"{FINGERPRINT} (this connection's)"]
    bob = member(server, "bob", "bob")
    assert ask(bob, f"CERT ADD {COLONS}") == ["This certificate is another account's"]
    assert ask(bob, f"CERT DEL {COLONS}") == ["This certificate is none of your account"]
    for bad in ("x", "g" * 64, "a" * 63):
        assert ask(bob, f"CERT ADD {bad}") == ["A fingerprint is SHA-256: 64 digits in hex"]
    assert ask(ana, f"CERT DEL {FINGERPRINT}") == [
        f"{FINGERPRINT} does not log in to your account any more"
    ]


def test_what_logs_in_last_stays(server: Server) -> None:
    server.account("ana")
    ana = member(server)
    ask(ana, f"CERT ADD {FINGERPRINT}")
    assert ask(ana, f"CERT DEL {FINGERPRINT}") == [
        "Nothing else logs in to your account: set a password first"
    ]


def test_so_many_certificates(server: Server) -> None:
    ana = member(server)
    for number in range(CERTIFICATES_PER_ACCOUNT_MAX):
        ask(ana, f"CERT ADD {number:064x}")
    assert ask(ana, f"CERT ADD {'f' * 64}") == [
        f"An account has {CERTIFICATES_PER_ACCOUNT_MAX} certificates at most"
    ]


# -- the rest ---------------------------------------------------------------------------------


def test_always_present(server: Server) -> None:
    ana, bob = member(server), server.client("bob")
    server.channel("#a", ana, bob)
    assert ask(ana, "set always-on true") == ["You stay when your last device leaves"]
    ana.ask("QUIT")
    assert bob.heard() == []
    back = member(server)
    assert ask(back, "SET ALWAYS-PRESENT off")[-1] == "You leave with your last device"
    back.ask("QUIT")
    assert bob.heard() == [":ana QUIT :Quit: "]


def test_info(server: Server) -> None:
    ana = member(server)
    assert ask(ana, "INFO") == [
        "Account ana, since 2025-06-15T15:06:40.000Z",
        "Nicks: ana",
        "Password: yes; certificates: 0",
        "Always present: off",
    ]
    assert ask(server.client("bob"), "INFO ANA") == ["Account ana, since 2025-06-15T15:06:40.000Z"]


def test_sessions(server: Server) -> None:
    phone, laptop = member(server), member(server)
    assert ask(laptop, "SESSIONS") == [
        "1: ana from 127.0.0.1, quiet for 0 s",
        "2: ana from 127.0.0.1, quiet for 0 s, this one",
    ]
    for wrong in ("0", "3", "x", "-1", "٢", "9" * 100):
        assert ask(laptop, f"SESSIONS END {wrong}") == ["Your sessions have the numbers 1 to 2"]
    assert ask(laptop, "CLIENTS LOGOUT 1") == ["Session 1 is ended"]
    phone.read()
    assert phone.closed
    assert len(ask(laptop, "CLIENTS LIST")) == 1
