"""Connection registration, in every order (modern.ircdocs.horse, Connection Registration)."""

from __future__ import annotations

from itertools import permutations

import pytest

from tests.chat.accounts import CHEAP, add_account, log_in, negotiating
from tests.chat.pair import OpenServer, Server, commands
from xchat.config import Config
from xchat.config.settings import Access
from xchat.config.settings import Server as ServerSettings

PLAIN = ("NICK alice", "USER alice 0 * :Alice")
NEGOTIATED = ("CAP LS 302", *PLAIN, "CAP REQ :server-time")
WELCOME = ["001", "002", "003", "004", "005", "251", "252", "253", "254", "255"]


def test_the_welcome_comes_in_order(server: Server) -> None:
    """Upon successful completion of the registration process, the server MUST send, in this order:
    RPL_WELCOME (001), RPL_YOURHOST (002), RPL_CREATED (003), RPL_MYINFO (004), at least one
    RPL_ISUPPORT (005), LUSERS, the MOTD.
    """
    alice = server.connect()
    welcome = alice.read(*PLAIN)
    assert list(dict.fromkeys(commands(welcome))) == [*WELCOME, "265", "266", "422"]
    assert {message.source for message in welcome} == {"xchat.local"}
    assert {message.params[0] for message in welcome} == {"alice"}
    assert welcome[0].params[1].endswith(" alice!~alice@127.0.0.1")
    assert welcome[3].params[1] == "xchat.local"
    assert welcome[3].params[3:] == ("BRTiow", "CEIMRUabehiklmnoqstuv")


@pytest.mark.parametrize("order", list(permutations(PLAIN)), ids=str)
def test_nick_and_user_in_any_order(server: Server, order: tuple[str, ...]) -> None:
    assert commands(server.connect().read(*order))[0] == "001"


@pytest.mark.parametrize("order", list(permutations(NEGOTIATED)), ids=str)
def test_negotiation_in_any_order_before_cap_end(server: Server, order: tuple[str, ...]) -> None:
    """Upon receiving either a CAP LS or CAP REQ command during connection registration, the server
    MUST not complete registration until the client sends a CAP END command.
    """
    client = server.connect()
    said = commands(client.read(*order))
    if set(order[:2]) == set(PLAIN):
        assert said[0] == "001", "there was nothing to wait for"
        return
    assert set(said) == {"CAP"}
    assert commands(client.read("CAP END"))[0] == "001"
    assert commands(client.read("CAP END")) == [], "ignored once registered"


def test_before_it_nothing_else_is_taken(server: Server) -> None:
    """ERR_NOTREGISTERED (451): "<client> :You have not registered"."""
    client = server.connect()
    assert (
        client.ask("JOIN #a", "PRIVMSG a :b", "WHO *", "MODE a", "LIST")
        == ["451 * :You have not registered"] * 5
    )
    assert client.ask("NICK alice", "AWAY :x") == ["451 alice :You have not registered"]
    assert client.ask("FOO") == ["421 alice FOO :Unknown command"]
    assert client.ask("PING x") == ["PONG xchat.local x"]


def test_user_is_said_once(server: Server) -> None:
    """If a client tries to send the USER command after they have already completed registration
    with the server, the ERR_ALREADYREGISTERED (462) reply should be sent.
    """
    alice = server.client("alice")
    again = ["462 alice :You may not reregister"]
    assert alice.ask("USER b 0 * :B") == alice.ask("PASS x") == again
    waiting = server.connect()
    waiting.ask("USER a 0 * :A")
    assert waiting.ask("USER b 0 * :B") == ["462 * :You may not reregister"]


@pytest.mark.parametrize("line", ["USER", "USER a", "USER a 0 *", "USER a 0 * :", "USER :"])
def test_user_with_too_little(server: Server, line: str) -> None:
    """The minimum length of username is 1, ie. it MUST NOT be empty. If it is empty, the server
    SHOULD reject the command with ERR_NEEDMOREPARAMS (461), even if an empty parameter is provided.
    """
    assert server.connect().ask("NICK alice", line) == ["461 alice USER :Not enough parameters"]


@pytest.mark.parametrize(
    ("given", "user"),
    [
        ("alice", "~alice"),
        ("a" * 40, "~" + "a" * 19),
        ("ლიზა", "~ლიზა"),
        ("a@b!c", "~abc"),
        ("a\x1b[2Jb\u202e", "~a[2Jb"),
        ("@@@", "~user"),
    ],
)
def test_user_names_are_made_to_fit(server: Server, given: str, user: str) -> None:
    """If USERLEN is advertised, the username MUST be silently truncated to the given length before
    being used; a tilde shows that this value is user-set.
    """
    client = server.connect()
    client.ask("NICK alice", f"USER {given} 0 * :A")
    assert client.source == f"alice!{user}@127.0.0.1"


def test_real_names_are_cut_and_cleaned(server: Server) -> None:
    client = server.connect()
    client.ask("NICK alice", f"USER a 0 * :\x1b[31m\u202e{'ა' * 60}")
    (whois, *_) = client.read("WHOIS alice")
    assert whois.params[-1] == f"[31m{'ა' * 48}"


@pytest.mark.parametrize("realname", ["\u200b\u2060", "\u2800", " ", "\u202e \u200d"], ids=ascii)
def test_a_real_name_that_nobody_sees_is_none(server: Server, realname: str) -> None:
    client = server.connect()
    assert client.ask("NICK alice", f"USER a 0 * :{realname}") == [
        "461 alice USER :Not enough parameters"
    ]


def test_a_cut_leaves_nothing_behind_that_hides(server: Server) -> None:
    """What joined two characters is none where the second is cut away."""
    client = server.connect()
    client.ask("NICK alice", f"USER a 0 * :{'x' * 143}👩\u200d👧")
    (whois, *_) = client.read("WHOIS alice")
    assert whois.params[-1] == f"{'x' * 143}👩"


# -- nicks ------------------------------------------------------------------------------------


def test_a_nick_in_use_leaves_the_rest_as_it_was(server: Server) -> None:
    """ERR_NICKNAMEINUSE (433): "<client> <nick> :Nickname is already in use"."""
    server.client("alice")
    late = server.connect()
    assert late.ask("NICK Alice", "USER x 0 * :X") == [
        "433 * Alice :Nickname is already in use",
    ]
    assert commands(late.read("NICK alice2"))[0] == "001"


def test_two_who_claim_a_nick_in_one_turn(server: Server) -> None:
    """The first in the log wins, the other is refused, and both are answered."""
    one, two = server.connect(), server.connect()
    for client in (one, two):
        client.send("CAP LS", "NICK foo", "USER foo 0 * :Foo")
    server.quiet()
    one.send("CAP END")
    two.send("CAP END")
    assert commands(one.read())[0] == "001"
    assert commands(two.read()) == ["433"]
    assert commands(two.read("NICK foo2"))[0] == "001"


def test_a_nick_is_free_again_after_a_quit_a_change_and_a_refusal(server: Server) -> None:
    first = server.connect()
    first.ask("NICK alice", "QUIT")
    second = server.client("alice")
    second.ask("NICK malice")
    third = server.client("ALICE")
    third.drop()
    assert server.client("alice").nick == "alice"


# -- who may join -----------------------------------------------------------------------------


@pytest.fixture
def locked(open_server: OpenServer) -> Server:
    return open_server(config=Config(server=ServerSettings(password="სეზამი 1")))


def test_the_servers_password(locked: Server) -> None:
    """Clients send a PASS command before sending the NICK / USER combination."""
    assert commands(locked.connect().read("PASS :სეზამი 1", *PLAIN))[0] == "001"


@pytest.mark.parametrize("lines", [(), ("PASS :wrong",), ("PASS :სეზამი 1", "PASS x"), ("PASS :",)])
def test_no_password_or_a_wrong_one(locked: Server, lines: tuple[str, ...]) -> None:
    """If the password supplied does not match the password expected by the server, then the server
    SHOULD send ERR_PASSWDMISMATCH (464) and MUST close the connection with ERROR. Only the last
    PASS sent is used for verification.
    """
    client = locked.connect()
    answers = client.ask(*lines, *PLAIN, "PASS :სეზამი 1", "CAP END")
    assert answers[0] == "464 alice :Password incorrect"
    assert answers[1].startswith("ERROR :Closing link (127.0.0.1): this server asks for a password")
    assert len(answers) == 2
    assert client.closed


@pytest.mark.parametrize(("certified", "code"), [("ana", "001"), ("", "464"), ("bea", "464")])
def test_a_device_of_the_servers_own_ca_needs_no_password(
    open_server: OpenServer, certified: str, code: str
) -> None:
    """One link brings a person in: whom the CA vouches for is invited. A certificate that an
    account has pinned says only who they are."""
    settings = ServerSettings(password="sesame")
    server = open_server(config=Config(server=settings, accounts=CHEAP))
    add_account(server, "ana", certificates=("ab" * 32,) if not certified else ())
    device = negotiating(server)
    device.session.certificate, device.session.certified = "ab" * 32, certified
    device.ask("AUTHENTICATE EXTERNAL", "AUTHENTICATE +")
    assert device.ask("NICK ana", "USER a 0 * :a", "CAP END")[0].startswith(f"{code} ana ")


def test_pass_needs_a_parameter(server: Server) -> None:
    assert server.connect().ask("PASS") == ["461 * PASS :Not enough parameters"]


def test_where_only_devices_may_join_a_password_is_not_enough(open_server: OpenServer) -> None:
    """`[access] policy = "devices"`: whoever has a device of an account may join."""
    config = Config(access=Access(policy="devices"), accounts=CHEAP)
    server = open_server(config=config)
    add_account(server, "ana", certificates=("ab" * 32,))
    by_password = negotiating(server)
    log_in(by_password, "ana")
    told = by_password.ask("NICK ana", "USER a 0 * :a", "CAP END")
    assert told[0].startswith("FAIL * ACCOUNT_REQUIRED ")
    assert by_password.closed
    device = negotiating(server)
    device.session.certificate = "ab" * 32
    device.ask("AUTHENTICATE EXTERNAL", "AUTHENTICATE +")
    assert device.ask("NICK ana", "USER a 0 * :a", "CAP END")[0].startswith("001 ana ")


@pytest.mark.parametrize("policy", ["accounts", "devices"])
def test_whom_the_policy_keeps_out_is_told_so(open_server: OpenServer, policy: str) -> None:
    server = open_server(config=Config(access=Access(policy=policy)))  # type: ignore[arg-type]
    client = server.connect()
    refused, error = client.read(*PLAIN)
    assert (refused.command, error.command) == ("FAIL", "ERROR")
    assert refused.params[:2] == ("*", "ACCOUNT_REQUIRED")
    assert refused.params[2].startswith("You cannot join: only ")
    assert client.closed


def test_the_last_place(open_server: OpenServer) -> None:
    """A limit that is reached is named, and who reached it is told."""
    server = open_server(users_max=2)
    server.client("alice")
    server.client("bob")
    client = server.connect()
    assert client.ask("NICK carl", "USER c 0 * :C")[0] == (
        "465 carl :You cannot join: the server is full, 2 users are here; try again later"
    )
    assert client.closed
