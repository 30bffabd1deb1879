"""REGISTER and VERIFY (ircv3.net/specs/extensions/account-registration)."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.chat.accounts import CHEAP, CONFIG, add_account, log_in, negotiating
from tests.chat.pair import OpenServer, Server, commands
from xchat.chat.devices import Device
from xchat.config import Config
from xchat.config.settings import Access, Accounts
from xchat.config.settings import Server as ServerSettings
from xchat.limits import Limits

CAPABILITY = "draft/account-registration"
CREATED = "REGISTER SUCCESS ana :Account created"


@pytest.fixture
def server(open_server: OpenServer) -> Server:
    return open_server(config=CONFIG)


def capabilities(server: Server) -> dict[str, str]:
    return server.connect().offered()


def test_an_account_by_a_user(server: Server) -> None:
    """REGISTER SUCCESS <account> <message>: afterward, the client is assumed to be authenticated to
    the <account> as if it used SASL. If <account> is *, then this value is the user's current
    nickname."""
    ana, bob = server.client("ana"), server.client("bob", "account-notify")
    server.channel("#a", ana, bob)
    assert ana.ask("REGISTER * * hunter2") == [
        CREATED,
        "900 ana ana!~ana@127.0.0.1 ana :You are now logged in as ana",
    ]
    assert bob.heard() == [":ana ACCOUNT ana"]
    told = log_in(negotiating(server), "ana", "hunter2")
    assert commands_of(told) == ["900", "903"]


def commands_of(lines: list[str]) -> list[str]:
    return [line.split()[0] for line in lines]


def test_an_account_before_registration(server: Server) -> None:
    """before-connect - if present, indicates the server supports early registration."""
    assert capabilities(server)[CAPABILITY] == "before-connect,custom-account-name"
    client = server.connect()
    client.ask("CAP LS 302", f"CAP REQ :{CAPABILITY}")
    assert client.ask("NICK ana", "REGISTER * * hunter2") == [
        CREATED,
        "900 ana ana!*@127.0.0.1 ana :You are now logged in as ana",
    ]
    assert commands(client.read("USER a 0 * :A", "CAP END"))[0] == "001"
    assert server.hub.state.account_name(client.session.uid) == "ana"


def test_an_account_of_another_name(server: Server) -> None:
    """custom-account-name - if present, the account name can be different from the user's current
    nickname."""
    ana = server.client("ana")
    told = ana.ask("REGISTER ქეთი a@example.org :correct horse")
    assert told[0] == "REGISTER SUCCESS ქეთი :Account created"
    assert commands_of(log_in(negotiating(server), "ქეთი", "correct horse")) == ["900", "903"]


def test_a_name_that_is_taken(server: Server) -> None:
    """FAIL REGISTER ACCOUNT_EXISTS <account> <message>"""
    add_account(server, "ana")
    client = server.client("foo")
    assert client.ask("REGISTER Ana * hunter2") == [
        "FAIL REGISTER ACCOUNT_EXISTS Ana :The name is taken: choose another"
    ]
    (refused,) = client.ask("REGISTER аna * hunter2")
    assert refused.startswith("FAIL REGISTER ACCOUNT_EXISTS аna :The name looks like ana")


def test_a_nick_that_somebody_else_has(server: Server) -> None:
    """Nobody takes the nick of a user who has no account by making one of that name."""
    server.client("root")
    late = server.connect()
    late.ask("NICK root")
    assert late.ask("REGISTER * * hunter2") == [
        "FAIL REGISTER USERNAME_EXISTS root :root is somebody else's nick now: choose another name"
    ]


def test_two_who_claim_one_name_in_one_turn(server: Server) -> None:
    clients = [server.connect() for _ in range(2)]
    for client in clients:
        client.ask("CAP LS 302")
        client.send("NICK ana", "REGISTER * * hunter2")
    one, other = (client.heard()[0] for client in clients)
    assert one == CREATED
    assert other.startswith("FAIL REGISTER ACCOUNT_EXISTS ana ")


@pytest.mark.parametrize("name", ["1ana", "#ana", "a!b", "x" * 31, "a\u202eb"])
def test_a_name_that_is_none(server: Server, name: str) -> None:
    """FAIL REGISTER BAD_ACCOUNT_NAME <account> <message>: the message should tell the user how or
    why the desired name has been rejected."""
    (refused,) = server.client("ana").ask(f"REGISTER {name} * hunter2")
    assert refused.startswith("FAIL REGISTER BAD_ACCOUNT_NAME ")


def test_a_name_whose_former_devices_would_log_in(server: Server) -> None:
    """A certificate outlives the account that it names, and would be a key to the next one."""
    device = Device("Ana", "lost phone", ends=server.now_ms + 60_000)
    server.hub.devices = {"aa": device}
    told = server.client("ana").ask("REGISTER * * hunter2")
    assert told == ["FAIL REGISTER BAD_ACCOUNT_NAME ana :The name is kept for devices that had it"]
    server.hub.devices = {"aa": device._replace(is_revoked=True)}
    assert server.client("ana2").ask("REGISTER ana * hunter2") != told


def test_without_a_nick(server: Server) -> None:
    """FAIL REGISTER NEED_NICK * <message>: sent if the client sends REGISTER before a NICK."""
    client = server.connect()
    assert (
        client.ask("REGISTER * * hunter2", "REGISTER ana * hunter2")
        == ["FAIL REGISTER NEED_NICK * :Choose a nick first (NICK)"] * 2
    )


def test_who_is_logged_in_already(server: Server) -> None:
    """FAIL REGISTER ALREADY_AUTHENTICATED <account> <message>"""
    ana = server.client("ana")
    ana.ask("REGISTER * * hunter2")
    assert ana.ask("REGISTER other * hunter2", "VERIFY ana 1") == [
        "FAIL REGISTER ALREADY_AUTHENTICATED other :You are logged in as ana already",
        "FAIL VERIFY ALREADY_AUTHENTICATED ana :You are logged in already",
    ]


@pytest.mark.parametrize("password", ["", "a\x07b", "x" * 480 + "\ufff0"])
def test_a_password_that_is_none(server: Server, password: str) -> None:
    """FAIL REGISTER UNACCEPTABLE_PASSWORD <account> <message>: sent if the password is invalid for
    any reason other than weakness."""
    (refused,) = server.client("ana").ask(f"REGISTER * * :{password}"[:500])
    assert refused.startswith("FAIL REGISTER UNACCEPTABLE_PASSWORD ana ")


def test_a_weak_password(open_server: OpenServer) -> None:
    """FAIL REGISTER WEAK_PASSWORD <account> <message>: the client MAY try registering again."""
    server = open_server(config=Config(accounts=Accounts(password_chars_min=8)))
    ana = server.client("ana")
    assert ana.ask("REGISTER * * seven77", "REGISTER longname * LONGname") == [
        (
            "FAIL REGISTER WEAK_PASSWORD ana :A password has at least 8 characters "
            "(accounts.password_chars_min)"
        ),
        "FAIL REGISTER WEAK_PASSWORD longname :A password cannot be the name of the account",
    ]


def test_there_is_nothing_to_verify(server: Server) -> None:
    """FAIL VERIFY INVALID_CODE <account> <message>"""
    (refused,) = server.client("ana").ask("VERIFY ana 39gvcdg4myvnmdcfhvd6exsv4n")
    assert refused.startswith("FAIL VERIFY INVALID_CODE ana ")


@pytest.mark.parametrize("line", ["REGISTER", "REGISTER *", "REGISTER * *", "VERIFY a"])
def test_too_few_parameters(server: Server, line: str) -> None:
    (refused,) = server.client("ana").ask(line)
    assert refused.startswith("461 ana ")


# -- who may ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "config",
    [
        Config(accounts=Accounts(registration="closed")),
        Config(accounts=Accounts(registration="invite")),
    ],
)
def test_where_only_operators_make_accounts(open_server: OpenServer, config: Config) -> None:
    """FAIL REGISTER TEMPORARILY_UNAVAILABLE <account> <message>; the capability's "presence
    signifies that the server accepts the REGISTER command"."""
    server = open_server(config=config)
    assert CAPABILITY not in capabilities(server)
    client = server.client("ana")
    assert client.ask(f"CAP REQ :{CAPABILITY}") == [f"CAP ana NAK {CAPABILITY}"]
    (refused,) = client.ask("REGISTER * * hunter2")
    assert refused.startswith("FAIL REGISTER TEMPORARILY_UNAVAILABLE ana :Accounts are made by ")


def test_a_private_server_is_closed_unless_told_otherwise(open_server: OpenServer) -> None:
    private = open_server(config=Config(access=Access(policy="accounts")))
    client = private.connect()
    client.ask("CAP LS 302", "NICK ana")
    (refused,) = client.ask("REGISTER * * hunter2")
    assert refused.startswith("FAIL REGISTER TEMPORARILY_UNAVAILABLE ana ")


def test_an_account_opens_a_private_server(open_server: OpenServer) -> None:
    """Its members are there while no device of theirs is, unless told otherwise."""
    accounts = Accounts(
        registration="open", argon2_memory_kib=8, argon2_passes=1, scram_iterations=4096
    )
    server = open_server(config=Config(access=Access(policy="accounts"), accounts=accounts))
    client = server.connect()
    client.ask("CAP LS 302", "NICK ana", "USER a 0 * :A", "REGISTER * * hunter2")
    told = client.ask("CAP END")
    assert told[0].startswith("001 ana ")
    assert any("draft/ACCOUNTREQUIRED" in line.split() for line in told)
    assert server.hub.state.users[client.session.uid].stays


def test_past_a_servers_password_nobody_registers_early(open_server: OpenServer) -> None:
    """Servers should ensure that if they allow REGISTER before connection registration, this
    functionality cannot be used to bypass requirements that clients send a server password."""
    config = Config(accounts=CHEAP, server=ServerSettings(password="x"))
    server = open_server(config=config)
    assert capabilities(server)[CAPABILITY] == "custom-account-name"
    client = server.connect()
    (refused,) = client.ask("NICK ana", "REGISTER * * hunter2")
    assert refused.startswith("FAIL REGISTER COMPLETE_CONNECTION_REQUIRED ana ")
    client.ask("PASS x", "USER a 0 * :A")
    assert client.ask("REGISTER * * hunter2")[0] == CREATED


def test_only_after_registration(open_server: OpenServer) -> None:
    """FAIL REGISTER COMPLETE_CONNECTION_REQUIRED is sent if the client sent a REGISTER command
    before connection registration."""
    server = open_server(config=Config(accounts=replace(CHEAP, before_connect=False)))
    assert capabilities(server)[CAPABILITY] == "custom-account-name"
    client = server.connect()
    client.ask("CAP LS 302", "NICK ana")
    (refused,) = client.ask("REGISTER * * hunter2")
    assert refused.startswith("FAIL REGISTER COMPLETE_CONNECTION_REQUIRED ana :Register after ")


@pytest.mark.parametrize("email", ["*", "ana", "@example.org", "ana@", f"a@{'x' * 254}"])
def test_an_address_is_asked_for(open_server: OpenServer, email: str) -> None:
    """email-required - if present, registrations require a valid email address to process. FAIL
    REGISTER INVALID_EMAIL <account> <message>"""
    server = open_server(config=Config(accounts=replace(CHEAP, email_required=True)))
    assert capabilities(server)[CAPABILITY] == "before-connect,custom-account-name,email-required"
    ana = server.client("ana")
    assert ana.ask(f"REGISTER * {email} hunter2") == [
        "FAIL REGISTER INVALID_EMAIL ana :This server asks for an e-mail address"
    ]
    assert ana.ask("REGISTER * ანა@example.org hunter2")[0] == CREATED
    assert "ანა@example.org" in ana.ask("NS INFO")[1]


def test_no_address_is_kept_that_was_not_asked_for(server: Server, folder: Path) -> None:
    server.client("ana").ask("REGISTER * ana@example.org hunter2")
    assert not any(b"example.org" in path.read_bytes() for path in folder.iterdir())


def test_storms(open_server: OpenServer) -> None:
    """A limit that is reached is named, and who reached it is told."""
    limits = Limits(registrations_per_address_burst=2, registrations_burst=3)
    server = open_server(config=Config(accounts=CHEAP, limits=limits))
    told = []
    for number in range(3):
        client = server.client(f"ana{number}", exempt=False)
        told += client.ask("REGISTER * * hunter2")[:1]
    assert told[2] == (
        "FAIL REGISTER TEMPORARILY_UNAVAILABLE ana2 :Too many new accounts from your address: "
        "try again in 360 seconds (limits.registrations_per_address_per_hour)"
    )
    for number in range(3, 5):
        client = server.connect(f"192.0.2.{number}", exempt=False)
        client.ask("CAP LS 302")
        told += client.ask(f"NICK ana{number}", "REGISTER * * hunter2")[:1]
    assert told[4].startswith("FAIL REGISTER TEMPORARILY_UNAVAILABLE ana4 :Too many new accounts: ")
    assert server.client("ana5").ask("REGISTER * * hunter2")[0].startswith("REGISTER SUCCESS")
