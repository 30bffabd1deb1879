"""SASL (ircv3.net/specs/extensions/sasl-3.1, sasl-3.2)."""

from __future__ import annotations

import pytest

from tests.chat.accounts import (
    CONFIG,
    Scram,
    add_account,
    encode,
    log_in,
    negotiating,
    plain_message,
)
from tests.chat.pair import Client, OpenServer, Server, commands
from xchat.chat.events import AccountChanged, AccountRemoved, AccountSuspended, CredentialsChanged
from xchat.config import Config
from xchat.config.settings import Access, Accounts
from xchat.limits import Limits

FINGERPRINT = "ab" * 32
OTHER = "cd" * 32
LOGGED_IN = [
    "900 * *!*@127.0.0.1 jilles :You are now logged in as jilles",
    "903 * :SASL authentication successful",
]
FAILED = ["904 * :SASL authentication failed"]


@pytest.fixture
def server(open_server: OpenServer) -> Server:
    server = open_server(config=CONFIG)
    add_account(server, "jilles")
    return server


def certified(server: Server, fingerprint: str = FINGERPRINT) -> Client:
    client = server.connect()
    client.session.certificate = fingerprint
    client.ask("CAP LS 302", "CAP REQ :sasl")
    return client


# -- the capability ---------------------------------------------------------------------------


def test_the_mechanisms_are_its_value(server: Server) -> None:
    """Servers SHOULD advertise the available SASL authentication mechanisms in the value of the
    sasl client capability in CAP LS."""
    assert server.connect().offered()["sasl"] == "PLAIN,SCRAM-SHA-256"
    assert server.connect().offered("")["sasl"] == ""
    device = server.connect()
    device.session.certificate = FINGERPRINT
    assert device.offered()["sasl"] == "PLAIN,SCRAM-SHA-256,EXTERNAL"


def test_who_does_not_ask_for_it_logs_in_all_the_same(server: Server) -> None:
    """The client MUST enable the sasl capability before using the AUTHENTICATE command; to hold it
    to that would help nobody."""
    client = server.connect()
    client.ask("CAP LS 302")
    assert log_in(client, "jilles") == LOGGED_IN


# -- PLAIN ------------------------------------------------------------------------------------


def test_plain(server: Server) -> None:
    """If authentication is successful, a 900 and 903 numeric will be sent."""
    client = negotiating(server)
    assert client.ask("AUTHENTICATE PLAIN") == ["AUTHENTICATE +"]
    message = plain_message("jilles", authzid="jilles")
    assert message == "amlsbGVzAGppbGxlcwBzZXNhbWU="
    assert client.ask(f"AUTHENTICATE {message}") == LOGGED_IN
    welcome = client.ask("NICK jilles", "USER j 0 * :J", "CAP END")
    assert welcome[0].startswith("001 jilles ")
    assert server.hub.state.account_name(client.session.uid) == "jilles"


def test_who_has_said_a_nick_is_told_all_of_it(server: Server) -> None:
    """:server 900 <nick> <nick>!<ident>@<host> <account> :You are now logged in as <user>"""
    client = negotiating(server)
    client.ask("NICK jilles", "USER j 0 * :J")
    assert log_in(client, "JILLES") == [
        "900 jilles jilles!~j@127.0.0.1 jilles :You are now logged in as jilles",
        "903 jilles :SASL authentication successful",
    ]


@pytest.mark.parametrize(
    "message",
    [
        plain_message("jilles", "millet"),
        plain_message("nobody"),
        plain_message("jilles", ""),
        plain_message("jilles", "x" * 2000)[:396],
        plain_message("jilles", authzid="ana"),
        plain_message("jilles", authzid="\u202e"),
        plain_message("", ""),
        plain_message("#\u202e "),
        encode("jilles"),
        encode("a\0b\0c\0d"),
        encode(b"\0jilles\0\xff\xfe"),
        "+",
        "=",
        "not base64!",
        "ჰო",
        "amlsbGVz=",
    ],
)
def test_whatever_else_fails(server: Server, message: str) -> None:
    """If authentication fails, a 904 or 905 numeric will be sent and the client MAY retry from the
    AUTHENTICATE <mechanism> command."""
    client = negotiating(server)
    client.ask("AUTHENTICATE PLAIN")
    (failed,) = client.read(f"AUTHENTICATE :{message}")
    assert failed.command == "904"
    assert log_in(client, "jilles") == LOGGED_IN


def test_the_authorization_identity_may_be_left_out(server: Server) -> None:
    """When no authorization identity is provided, the server derives an authorization identity from
    the prepared representation of the provided authentication identity string (RFC 4616, 2)."""
    client = negotiating(server)
    assert log_in(client, "jilles") == LOGGED_IN


@pytest.mark.parametrize("size", [1, 97 * 3, 300, 1022, 1024])
def test_long_passwords_come_in_chunks(server: Server, size: int) -> None:
    """The response is encoded in Base64, then split to 400-byte chunks. If the last chunk was
    exactly 400 bytes long, it must also be followed by AUTHENTICATE + to signal end of response."""
    password = "p" * size
    add_account(server, "foo", password)
    message = plain_message("foo", password, "foo")
    chunks = [message[start : start + 400] for start in range(0, len(message), 400)]
    if len(chunks[-1]) == 400:
        chunks.append("+")
    client = negotiating(server)
    told = client.ask("AUTHENTICATE PLAIN", *(f"AUTHENTICATE {chunk}" for chunk in chunks))
    assert [line.split()[0] for line in told] == ["AUTHENTICATE", "900", "903"]


def test_a_message_of_exactly_one_chunk(server: Server) -> None:
    add_account(server, "foo", "bar" * 97)
    message = plain_message("foo", "bar" * 97, "foo")
    assert len(message) == 400
    client = negotiating(server)
    assert client.ask("AUTHENTICATE PLAIN", f"AUTHENTICATE {message}") == ["AUTHENTICATE +"]
    assert [line[:3] for line in client.ask("AUTHENTICATE +")] == ["900", "903"]


def test_passwords_are_the_same_however_they_were_typed(server: Server) -> None:
    """The OpaqueString profile maps spaces and normalizes to NFC (RFC 8265, 4.2)."""
    add_account(server, "foo", "caf\u00e9 au\u00a0lait 🔑")
    client = negotiating(server)
    told = log_in(client, "foo", "cafe\u0301 au lait 🔑")
    assert [line[:3] for line in told] == ["900", "903"]


# -- what is no exchange ----------------------------------------------------------------------


def test_an_unknown_mechanism(server: Server) -> None:
    """:server 908 <nick> <mechanisms> :are available SASL mechanisms; a 904 numeric will be sent
    and the session state remains unchanged; the client MAY try another mechanism."""
    client = negotiating(server)
    for mechanism in ("FOO", "+", "EXTERNAL", "x" * 490):
        assert client.ask(f"AUTHENTICATE {mechanism}") == [
            "908 * PLAIN,SCRAM-SHA-256 :are available SASL mechanisms",
            "904 * :There is no such mechanism here",
        ]
    assert client.ask("AUTHENTICATE plain") == ["AUTHENTICATE +"]
    assert negotiating(server).ask("AUTHENTICATE") == ["461 * AUTHENTICATE :Not enough parameters"]


def test_a_client_aborts(server: Server) -> None:
    """The client can abort an authentication by sending an asterisk as the data. The server will
    send a 906 numeric."""
    client = negotiating(server)
    for before in ("PLAIN", "SCRAM-SHA-256"):
        client.ask(f"AUTHENTICATE {before}")
        assert client.ask("AUTHENTICATE *") == ["906 * :SASL authentication aborted"]
    assert log_in(client, "jilles") == LOGGED_IN


@pytest.mark.parametrize("chunks", [("x" * 401,), ("x" * 400,) * 11])
def test_a_message_too_long(server: Server, chunks: tuple[str, ...]) -> None:
    """905 aka ERR_SASLTOOLONG is sent when the parameter is longer than 400 bytes; the server MAY
    place a limit on the total length of a response."""
    client = negotiating(server)
    client.ask("AUTHENTICATE PLAIN")
    told = client.ask(*(f"AUTHENTICATE {chunk}" for chunk in chunks))
    assert told == ["905 * :SASL message too long"]
    assert log_in(client, "jilles") == LOGGED_IN


def test_who_registers_in_the_middle_is_registered_without(server: Server) -> None:
    """If the client completes registration while the SASL authentication is still in progress, the
    server SHOULD abort it and send a 906 numeric, then register the client without authentication.
    """
    client = negotiating(server)
    client.ask("AUTHENTICATE PLAIN")
    told = commands(client.read("NICK foo", "USER f 0 * :F", "CAP END"))
    assert told[:2] == ["906", "001"]
    assert server.hub.state.account_of(client.session.uid) is None


def test_who_registers_while_a_password_is_checked_waits_for_it(server: Server) -> None:
    client = negotiating(server)
    message = plain_message("jilles")
    told = client.read(
        "AUTHENTICATE PLAIN", f"AUTHENTICATE {message}", "NICK jilles", "USER j 0 * :J", "CAP END"
    )
    assert commands(told)[:4] == ["AUTHENTICATE", "900", "903", "001"]
    assert told[3].params[0] == "jilles"


# -- SCRAM-SHA-256 ----------------------------------------------------------------------------


def test_scram(server: Server) -> None:
    """Both sides prove that they know the password, and neither says it (RFC 5802, 3)."""
    client = negotiating(server)
    scram = Scram(client, "jilles")
    scram.first()
    (answer,) = scram.final()
    assert scram.verify(answer) == LOGGED_IN


@pytest.mark.parametrize(("name", "password"), [("jilles", "millet"), ("nobody", "sesame")])
def test_scram_fails(server: Server, name: str, password: str) -> None:
    client = negotiating(server)
    scram = Scram(client, name, password)
    scram.first()
    assert scram.final() == FAILED
    assert log_in(client, "jilles") == LOGGED_IN


def test_an_account_there_is_none_of_has_one_salt(server: Server) -> None:
    """Who asks twice is not told by another salt that there is no such account (RFC 5802, 9)."""
    salts = set()
    for _ in range(2):
        scram = Scram(negotiating(server), "nobody")
        scram.first()
        salts.add(bytes(scram.half.salt))
    assert len(salts) == 1


@pytest.mark.parametrize(
    "first",
    [
        "",
        "n,,",
        "n,,n=jilles",
        "n,,n=jilles,r=\u0101",
        "n,a=ana,n=jilles,r=abc",
        "p=tls-unique,,n=jilles,r=abc",
        "y,,m=1,n=jilles,r=abc",
        "n,,n=ji=lles,r=abc",
        "n,,r=abc,n=jilles",
        "n,,n=jilles,r=abc,i=99999999999999999999",
        "\0\0\0",
    ],
)
def test_scram_malformed_first_messages(server: Server, first: str) -> None:
    client = negotiating(server)
    client.ask("AUTHENTICATE SCRAM-SHA-256")
    assert client.ask(f"AUTHENTICATE {encode(first) or '+'}") == FAILED
    assert log_in(client, "jilles") == LOGGED_IN


@pytest.mark.parametrize("final", ["", "c=biws,r=x,p=AAAA", "c=biws", "c=biws,r=x,p=!", "\xff"])
def test_scram_malformed_final_messages(server: Server, final: str) -> None:
    client = negotiating(server)
    Scram(client, "jilles").first()
    assert client.ask(f"AUTHENTICATE {encode(final) or '+'}") == FAILED


def test_scram_ends_with_an_empty_message(server: Server) -> None:
    client = negotiating(server)
    scram = Scram(client, "jilles")
    scram.first()
    scram.final()
    assert client.ask("AUTHENTICATE AAAA") == FAILED


def test_scram_for_an_account_that_changes_meanwhile(server: Server) -> None:
    account = server.hub.state.account_named("jilles")
    assert account is not None
    client = negotiating(server)
    scram = Scram(client, "jilles")
    scram.first()
    server.hub.ledger.append_own("", CredentialsChanged(aid=account.aid, password="x", scram=None))
    server.run()
    assert scram.final() == FAILED


def test_scram_answers_a_long_nonce_in_chunks(server: Server) -> None:
    client = negotiating(server)
    first = encode(f"n,,n=jilles,r={'x' * 600}")
    told = client.ask(
        "AUTHENTICATE SCRAM-SHA-256",
        *(f"AUTHENTICATE {first[at : at + 400]}" for at in (0, 400, 800)),
    )
    assert [len(line.split()[1]) for line in told[:-1]] == [1, 400, 400]
    assert all(line.startswith("AUTHENTICATE ") for line in told)


# -- EXTERNAL ---------------------------------------------------------------------------------


@pytest.mark.parametrize("message", ["+", encode("jilles"), encode("JILLES")])
def test_external(server: Server, message: str) -> None:
    """The client's identity is established by its certificate; an authorization identity may be
    given (RFC 4422, appendix A)."""
    jilles = server.hub.state.account_named("jilles")
    assert jilles is not None
    change = AccountChanged(aid=jilles.aid, certificates=(OTHER, FINGERPRINT))
    server.hub.ledger.append_own("", change)
    client = certified(server)
    assert client.ask("AUTHENTICATE EXTERNAL") == ["AUTHENTICATE +"]
    assert client.ask(f"AUTHENTICATE {message}") == LOGGED_IN


@pytest.mark.parametrize("message", ["+", encode("jilles"), encode("ana"), encode(b"\xff")])
def test_external_fails_for_a_stranger(server: Server, message: str) -> None:
    add_account(server, "ana", certificates=(OTHER,))
    client = certified(server)
    client.ask("AUTHENTICATE EXTERNAL")
    assert client.ask(f"AUTHENTICATE {message}") == [
        "904 * :Your certificate does not log in to one account here"
    ]


def test_external_with_a_certificate_of_two_accounts(server: Server) -> None:
    for name in ("ana", "bob"):
        add_account(server, name, certificates=(FINGERPRINT,))
    client = certified(server)
    assert [line[:3] for line in client.ask("AUTHENTICATE EXTERNAL", "AUTHENTICATE +")] == [
        "AUT",
        "904",
    ]
    told = client.ask("AUTHENTICATE EXTERNAL", f"AUTHENTICATE {encode('bob')}")
    assert told[1].endswith("bob :You are now logged in as bob")


def device(server: Server, account: str, fingerprint: str = FINGERPRINT) -> Client:
    """Return a client whose certificate a CA of ours calls a device of an account."""
    client = certified(server, fingerprint)
    client.session.certified = account
    return client


def test_external_with_a_device_of_our_ca_needs_no_fingerprint(server: Server) -> None:
    client = device(server, "Jilles")
    assert client.ask("AUTHENTICATE EXTERNAL", "AUTHENTICATE +")[1:] == LOGGED_IN
    assert client.session.claim.proof == "certificate"


def test_external_nobody_pins_the_device_of_another(server: Server) -> None:
    add_account(server, "mallory", certificates=(FINGERPRINT,))
    client = device(server, "jilles")
    assert client.ask("AUTHENTICATE EXTERNAL", "AUTHENTICATE +")[1:] == LOGGED_IN
    (_, failed) = device(server, "jilles").ask(
        "AUTHENTICATE EXTERNAL", f"AUTHENTICATE {encode('mallory')}"
    )
    assert failed == "904 * :Your certificate does not log in to one account here"


def test_external_with_a_device_of_an_account_that_is_not_there(server: Server) -> None:
    client = device(server, "nobody")
    assert client.ask("AUTHENTICATE EXTERNAL", "AUTHENTICATE +")[1] == (
        "904 * :Your certificate is of a device of nobody: there is no such account here"
    )
    add_account(server, "ana", certificates=(FINGERPRINT,))
    assert client.ask("AUTHENTICATE EXTERNAL", "AUTHENTICATE +")[1].startswith("900 ")


def test_external_with_a_device_of_an_account_that_was_removed(server: Server) -> None:
    jilles = server.hub.state.account_named("jilles")
    assert jilles is not None
    server.hub.ledger.append_own("", AccountRemoved(aid=jilles.aid))
    failed = device(server, "jilles").ask("AUTHENTICATE EXTERNAL", "AUTHENTICATE +")[1]
    assert failed.endswith("of a device of jilles: there is no such account here")


def test_external_what_a_certificate_calls_an_account_is_shown_harmless(server: Server) -> None:
    odd = "x\r\nQUIT \x1b[2J"
    failed = device(server, odd).ask("AUTHENTICATE EXTERNAL", "AUTHENTICATE +")
    assert len(failed) == 2
    assert "\x1b" not in failed[1]


def test_external_is_not_for_the_suspended(server: Server) -> None:
    jilles = server.hub.state.account_named("jilles")
    assert jilles is not None
    server.hub.ledger.append_own("", AccountSuspended(aid=jilles.aid, reason="away"))
    client = device(server, "jilles")
    assert client.ask("AUTHENTICATE EXTERNAL", "AUTHENTICATE +")[1].startswith("902 ")


# -- after registration -----------------------------------------------------------------------


def test_after_registration(server: Server) -> None:
    """Servers SHOULD allow a client, authenticated or otherwise, to reauthenticate by sending a new
    AUTHENTICATE message at any time."""
    add_account(server, "foo")
    user, bob = server.client("user", "sasl"), server.client("bob", "account-notify")
    server.channel("#a", user, bob)
    for name in ("foo", "jilles"):
        assert log_in(user, name) == [
            f"900 user user!~user@127.0.0.1 {name} :You are now logged in as {name}",
            "903 user :SASL authentication successful",
        ]
        assert bob.heard() == [f":user ACCOUNT {name}"]
    watched = server.client("watched", "sasl", "account-notify")
    assert [line.split()[0] for line in log_in(watched, "jilles")] == ["900", ":watched", "903"]
    assert [line[:3] for line in log_in(user, "jilles")] == ["900", "903"]
    assert bob.heard() == [], "nothing has changed"


def test_one_of_several_devices_does_not_change_the_account_of_all(server: Server) -> None:
    """An error appropriate to the circumstances MUST be sent (for instance, ERR_SASLALREADY is
    appropriate if changing accounts is not supported)."""
    add_account(server, "foo")
    jilles = server.hub.state.account_named("jilles")
    first, _ = (server.client("jilles", "sasl", account=jilles) for _ in range(2))
    (refused,) = log_in(first, "foo")
    assert refused.startswith("907 jilles :Several devices are connected as you")
    assert [line[:3] for line in log_in(first, "jilles")] == ["900", "903"]


# -- accounts that may not log in -------------------------------------------------------------


def test_a_suspended_account(server: Server) -> None:
    """902 aka ERR_NICKLOCKED is sent when the SASL authentication fails because the account is
    currently locked out, held, or otherwise administratively made unavailable."""
    jilles = server.hub.state.account_named("jilles")
    assert jilles is not None
    server.hub.ledger.append_own("", AccountSuspended(aid=jilles.aid, reason="on leave"))
    client = negotiating(server)
    assert log_in(client, "jilles") == ["902 * :The account is suspended: on leave"]
    assert log_in(client, "jilles", "millet") == FAILED, "only its owner is told"


def test_who_has_logged_in_to_what_ends_before_they_register(server: Server) -> None:
    jilles = server.hub.state.account_named("jilles")
    assert jilles is not None
    client = negotiating(server)
    log_in(client, "jilles")
    server.hub.ledger.append_own("", AccountRemoved(aid=jilles.aid))
    client.ask("NICK foo", "USER f 0 * :F")
    assert client.ask("CAP END") == ["904 foo :The account is no more"]
    assert client.ask("CAP END")[0].startswith("001 foo ")


def test_a_certificate_of_a_suspended_account_proves_nothing(open_server: OpenServer) -> None:
    config = Config(accounts=CONFIG.accounts, access=Access(policy="devices"))
    server = open_server(config=config)
    held = add_account(server, "held", certificates=(FINGERPRINT,))
    add_account(server, "jilles")
    server.hub.ledger.append_own("", AccountSuspended(aid=held.aid, reason="lost"))
    client = certified(server)
    assert log_in(client, "jilles") == LOGGED_IN
    assert client.ask("AUTHENTICATE EXTERNAL", "AUTHENTICATE +")[1].startswith("902 ")
    told = client.ask("NICK jilles", "USER j 0 * :J", "CAP END")
    assert told[0].startswith("FAIL * ACCOUNT_REQUIRED ")


def test_a_device_does_not_change_its_account_by_password(open_server: OpenServer) -> None:
    config = Config(accounts=CONFIG.accounts, access=Access(policy="devices"))
    server = open_server(config=config)
    add_account(server, "ana", certificates=(FINGERPRINT,))
    add_account(server, "jilles")
    client = certified(server)
    client.ask("AUTHENTICATE EXTERNAL", "AUTHENTICATE +", "NICK ana", "USER a 0 * :A", "CAP END")
    assert log_in(client, "jilles") == ["904 ana :Here a certificate alone logs in to an account"]


def test_an_account_removed_while_its_password_is_checked(server: Server) -> None:
    jilles = server.hub.state.account_named("jilles")
    assert jilles is not None
    client = negotiating(server)
    client.ask("AUTHENTICATE PLAIN")
    client.send(f"AUTHENTICATE {plain_message('jilles')}")
    server.hub.serve(server.now, server.now_ms)
    server.hub.ledger.append_own("", AccountRemoved(aid=jilles.aid))
    assert client.heard() == FAILED


def test_an_account_without_a_password(server: Server) -> None:
    server.account("ana")
    assert log_in(negotiating(server), "ana", "") == FAILED
    scram = Scram(negotiating(server), "ana")
    scram.first()
    assert scram.final() == FAILED


# -- what guessing comes to -------------------------------------------------------------------


def test_so_many_failures_end_a_connection(server: Server) -> None:
    """Servers MAY disconnect ANY client at any time as a result of failed authentication, but MUST
    provide the reason for the authentication failure prior to disconnection."""
    client = negotiating(server, exempt=False)
    for _ in range(4):
        assert log_in(client, "jilles", "millet") == FAILED
        server.pass_time(10)
    failed, error = log_in(client, "jilles", "millet")
    assert [failed] == FAILED
    assert "Too many failed logins (limits.login_failures_max)" in error
    assert client.closed


def test_so_many_failures_of_an_address(open_server: OpenServer) -> None:
    limits = Limits(login_failures_per_address_burst=2)
    server = open_server(config=Config(accounts=CONFIG.accounts, limits=limits))
    recorded: list[tuple[str, str]] = []
    server.hub.attempts.record = lambda *what: recorded.append(what)
    add_account(server, "jilles")
    for _ in range(5):
        client = negotiating(server, exempt=False)
        assert log_in(client, "jilles") == LOGGED_IN, "those that succeed are not counted"
    for _ in range(2):
        assert log_in(negotiating(server, exempt=False), "jilles", "millet") == FAILED
    assert log_in(negotiating(server, exempt=False), "jilles") == [
        (
            "904 * :Too many failed logins from your address: try again in 15 seconds "
            "(limits.login_failures_per_address_per_minute)"
        )
    ]
    assert [line[:3] for line in log_in(negotiating(server), "jilles")] == ["900", "903"], "exempt"
    server.pass_time(16)
    assert log_in(negotiating(server, exempt=False), "jilles") == LOGGED_IN
    assert recorded == [
        ("failed login", "127.0.0.1"),
        ("failed login", "127.0.0.1"),
        ("too many failed logins", "127.0.0.1"),
    ]


def test_a_login_hashes_anew_what_costs_otherwise_now(open_server: OpenServer) -> None:
    accounts = Accounts(argon2_memory_kib=16, argon2_passes=1, scram_iterations=5000)
    server = open_server(config=Config(accounts=accounts))
    old = add_account(server, "jilles")
    assert log_in(negotiating(server), "jilles") == LOGGED_IN
    new = server.hub.state.account_named("jilles")
    assert new is not None
    assert new.password != old.password
    assert "m=16," in (new.password or "")
    assert (new.scram or "").startswith("SCRAM-SHA-256$5000:")
    assert log_in(negotiating(server), "jilles") == LOGGED_IN
    assert server.hub.state.account_named("jilles") == new


# -- PASS -------------------------------------------------------------------------------------


def test_pass_logs_in_who_knows_no_sasl(server: Server) -> None:
    client = server.connect()
    told = client.ask("PASS jilles:sesame", "NICK jilles", "USER j 0 * :J")
    assert told[0] == LOGGED_IN[0]
    assert told[1].startswith("001 jilles ")
    assert server.hub.state.account_name(client.session.uid) == "jilles"


def test_a_wrong_one_is_told_and_the_nick_stays_its_owners(server: Server) -> None:
    client = server.connect()
    told = client.ask("PASS jilles:millet", "NICK jilles", "USER j 0 * :J")
    assert told[0] == "464 * :Password incorrect"
    assert told[1].startswith("433 * jilles :Nickname belongs to the account jilles")
    assert server.connect().ask("PASS :", "PASS :a", "PASS ::b") == []
