"""REDEEM of NickServ, and REGISTER with a token: invites for people with other clients."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from tests.chat.accounts import CHEAP, CONFIG, PASSWORD, log_in, negotiating
from tests.chat.commands.test_nickserv import ask
from tests.chat.pair import Client, OpenServer, Server
from tests.chat.test_invites import invite, kept, redeem, with_links
from xchat.chat.tokens import Token, make_token
from xchat.config import Config
from xchat.config.settings import Access
from xchat.limits import Limits

BY_INVITE = replace(CONFIG, accounts=replace(CHEAP, registration="invite"))


@pytest.fixture
def server(open_server: OpenServer) -> Server:
    return with_links(open_server(config=BY_INVITE))


def is_right(server: Server, name: str, password: str = PASSWORD) -> bool:
    return log_in(negotiating(server), name, password)[-1].startswith("903")


def test_it_makes_the_account_that_the_invite_names(server: Server) -> None:
    """`/msg NickServ REDEEM TOKEN PASSWORD` makes the account the invite names."""
    token, guest = invite(server, "alice"), server.client("guest")
    told = ask(guest, f"REDEEM {token.text} {PASSWORD}")
    assert "Account created" in told
    assert [line for line in told if line.startswith("900 ") and " alice :" in line]
    assert server.hub.state.account_name(guest.session.uid) == "alice"
    assert is_right(server, "alice")
    assert [use.key for use in kept(server, token).redeemed] == [""]


def test_a_whole_link_and_capitals_will_do(server: Server) -> None:
    first, second = invite(server, "alice"), invite(server, "bob")
    link = f"xchat://chat.lan:8080/?ca=AAAA&t={first.text}"
    assert "Account created" in ask(server.client("a"), f"REDEEM {link} {PASSWORD}")
    capitals = f"XCHAT://CHAT.LAN:8080/AAAA/{second.capitals}"
    assert "Account created" in ask(server.client("b"), f"REDEEM {capitals} {PASSWORD}")


def test_it_is_the_same_single_use(server: Server) -> None:
    """Same single use: for a device, or for a password, whoever comes first."""
    token, other = invite(server, "alice"), invite(server, "bob")
    ask(server.client("a"), f"REDEEM {token.text} {PASSWORD}")
    assert redeem(server, token) == "INVITE_SPENT"
    assert redeem(server, other) == ""
    assert ask(server.client("b"), f"REDEEM {other.text} {PASSWORD}") == [
        "The invite was used already; if not by you, tell whoever made it. Ask for a new one"
    ]
    assert not is_right(server, "bob")


def test_two_at_once(server: Server) -> None:
    token = invite(server, "alice")
    guests = [server.client(name) for name in ("a", "b")]
    for guest in guests:
        guest.send(f"PRIVMSG NickServ :REDEEM {token.text} {PASSWORD}{guest.nick}")
    told = [guest.heard() for guest in guests]
    assert sorted("Account created" in str(lines) for lines in told) == [False, True]
    assert len(kept(server, token).redeemed) == 1
    assert sum(is_right(server, "alice", f"{PASSWORD}{name}") for name in "ab") == 1


def test_an_account_that_is_there_gets_no_other_password(server: Server) -> None:
    server.account("alice")
    token = invite(server, "alice")
    assert ask(server.client("a"), f"REDEEM {token.text} {PASSWORD}") == [
        "The account alice is there already: log in to it"
    ]
    assert kept(server, token).left == 1


def test_not_while_somebody_else_has_the_nick(server: Server) -> None:
    token = invite(server, "alice")
    server.client("alice")
    (told,) = ask(server.client("a"), f"REDEEM {token.text} {PASSWORD}")
    assert told == "alice is somebody else's nick now: choose another name"


def test_a_password_is_held_to_the_rules(server: Server) -> None:
    token = invite(server, "alice")
    (told,) = ask(server.client("a"), f"REDEEM {token.text} ALICE")
    assert told == "A password cannot be the name of the account"
    assert kept(server, token).left == 1


@pytest.mark.parametrize("word", ["x", "A" * 21, "token"])
def test_what_is_no_token(server: Server, word: str) -> None:
    (told,) = ask(server.client("a"), f"REDEEM {word} {PASSWORD}")
    assert told == "This is no token of an invite: it is cut or mistyped"


def test_a_token_that_nobody_made_is_paid_for(open_server: OpenServer) -> None:
    """A wrong token counts; a right one does not."""
    config = replace(BY_INVITE, limits=Limits(redeem_failures_per_address_burst=2))
    server = with_links(open_server(config=config))
    guest, token = server.client("a", exempt=False), invite(server, "alice")
    for _ in range(3):
        ask_slowly(server, guest, f"REDEEM {token.text} ALICE")
    told = [ask_slowly(server, guest, f"REDEEM {wrong().text} p") for _ in range(3)]
    assert "There is no such invite" in told[1][0]
    assert "limits.redeem_failures_per_address_per_minute" in told[2][0]


def wrong() -> Token:
    return make_token()


def ask_slowly(server: Server, client: Client, text: str) -> list[str]:
    """Ask once flood control lets the client."""
    server.pass_time(1)
    return ask(client, text)


def test_who_is_logged_in_redeems_nothing(server: Server) -> None:
    account = server.account("ana")
    token, ana = invite(server, "alice"), server.client("ana", account=account)
    assert ask(ana, f"REDEEM {token.text} {PASSWORD}") == ["You are logged in as ana already"]
    assert kept(server, token).left == 1


def test_the_policy_says_so(server: Server) -> None:
    """REGISTER and NickServ REGISTER under that policy say so."""
    ana = server.client("ana", "draft/account-registration")
    said = (
        "Accounts are made by invite, which an operator of this server gives: "
        "/msg NickServ REDEEM <token> <password>, or REGISTER <account> <token> <password>"
    )
    assert ask(ana, "REGISTER sesame") == [said]
    assert ana.ask("REGISTER * * sesame") == [f"FAIL REGISTER TEMPORARILY_UNAVAILABLE ana :{said}"]


def test_register_takes_the_token_in_place_of_an_address(server: Server) -> None:
    """Also where only accounts may join: before the connection is registered."""
    token = invite(server, "alice")
    client = server.connect()
    client.ask("CAP LS 302", "CAP REQ :draft/account-registration", "NICK alice", "USER a 0 * :A")
    assert client.ask(f"REGISTER bob {token.text} {PASSWORD}") == [
        "FAIL REGISTER BAD_ACCOUNT_NAME bob :The invite is to alice: register that name"
    ]
    told = client.ask(f"REGISTER * {token.text} {PASSWORD}")
    assert "REGISTER SUCCESS alice :Account created" in told
    assert is_right(server, "alice")
    again = server.connect()
    again.ask("CAP LS 302", "NICK eve")
    (refused,) = again.ask(f"REGISTER alice {token.text} {PASSWORD}")
    assert "INVITE_SPENT" in refused


def test_on_a_private_server_it_is_the_way_in(open_server: OpenServer) -> None:
    accounts = replace(CHEAP, registration="invite")
    server = with_links(
        open_server(config=Config(accounts=accounts, access=Access(policy="accounts")))
    )
    token, client = invite(server, "alice"), server.connect()
    client.ask("CAP LS 302", "CAP REQ :draft/account-registration", "NICK alice", "USER a 0 * :A")
    client.ask(f"REGISTER * {token.text} {PASSWORD}")
    assert "001" in [line.command for line in client.read("CAP END")]


def test_the_credentials_are_erased_when_they_change(server: Server) -> None:
    """They stand in the event that redeemed the invite."""
    token, guest = invite(server, "alice"), server.client("guest")
    ask(guest, f"REDEEM {token.text} {PASSWORD}")
    account = server.hub.state.account_named("alice")
    assert account is not None
    assert account.password is not None
    ask(guest, f"PASSWD {PASSWORD} another")
    server.store.tidy()
    data = b"".join(file.read_bytes() for file in server.store._path.parent.iterdir())
    assert account.password.encode() not in data
    assert is_right(server, "alice", "another")
