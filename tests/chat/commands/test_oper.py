"""OPER (modern.ircdocs.horse, OPER message), and what shows that one is an operator."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from tests.chat.commands.operators import CONFIG, HASH, operator
from tests.chat.pair import OpenServer, Server
from xchat.chat.entities import Account
from xchat.chat.events import AccountChanged, UserLoggedIn, UserLoggedOut
from xchat.chat.passwords import NO_HASH, hash_password, verify
from xchat.limits import Limits

WRONG = "491 alice :There is no such operator, or this is not the password"


@pytest.fixture
def server(open_server: OpenServer) -> Server:
    return open_server(config=CONFIG)


def test_the_right_password(server: Server) -> None:
    """Upon successful OPER, the user receives an RPL_YOUREOPER (381) and a MODE with +o."""
    alice = server.client("alice")
    assert alice.ask("OPER root right") == [
        "381 alice :You are now an IRC operator",
        ":alice MODE alice +o",
    ]
    assert alice.ask("MODE alice") == ["221 alice +o"]
    assert alice.ask("OPER root right") == ["381 alice :You are now an IRC operator"]


@pytest.mark.parametrize("given", ["root wrong", "nobody right", "ROOT right", "* :", "root"])
def test_a_wrong_one(server: Server, given: str) -> None:
    """ERR_NOOPERHOST (491), or the password is not correct: which, stays unsaid."""
    alice = server.client("alice")
    assert alice.ask(f"OPER {given}") == [WRONG]
    assert alice.ask("MODE alice") == ["221 alice +"]


def test_nobody_is_an_operator_here(open_server: OpenServer) -> None:
    """ERR_NOOPERHOST (491): the server has not been configured to allow connections from the
    client's host as an operator.
    """
    alice = open_server().client("alice")
    assert alice.ask("OPER root right") == ["491 alice :No O-lines for your host"]


def test_many_tries_are_answered_and_not_compared(open_server: OpenServer) -> None:
    """They count as failed logins of an address, and wait for as long as those."""
    limits = Limits(login_failures_per_address_burst=2, login_failures_per_address_per_minute=6)
    server = open_server(config=replace(CONFIG, limits=limits))
    alice = server.client("alice", exempt=False)
    assert alice.ask(*["OPER root wrong"] * 2) == [WRONG] * 2
    (refused,) = alice.ask("OPER root right")
    assert refused.startswith("464 alice :Too many failed logins from your address: ")
    server.pass_time(20)
    operator(alice)


def with_role(server: Server, name: str, role: str) -> Account:
    """Return an account that has a role."""
    account = server.account(name)
    assert server.hub.ledger.append_own("", AccountChanged(aid=account.aid, role=role))
    server.run()
    return account


def test_the_role_of_an_account_makes_an_operator(server: Server) -> None:
    """Operators are accounts with a role, by certificate or password."""
    account = with_role(server, "alice", "moderator")
    alice, bob = server.client("alice", account=account), server.client("bob")
    assert alice.ask("MODE alice", "REHASH") == [
        "221 alice +o",
        "723 alice rehash :Insufficient oper privileges.",
    ]
    alice.ask("KILL bob")
    assert bob.closed
    assert alice.ask("MODE alice -o", "WALLOPS :x")[-1].startswith("481 ")


def test_a_role_counts_at_once(server: Server) -> None:
    account = server.account("alice")
    alice = server.client("alice", account=account)
    for role, mode in (("admin", "+o"), ("", "-o")):
        server.hub.ledger.append_own("", AccountChanged(aid=account.aid, role=role))
        assert alice.heard() == [f":alice MODE alice {mode}"]


def test_who_logs_in_and_out_becomes_one_and_is_none_any_more(server: Server) -> None:
    account = with_role(server, "root", "admin")
    alice = server.client("alice")
    server.hub.ledger.append_own("", UserLoggedIn(uid=alice.session.uid, account=account.aid))
    assert alice.heard()[-1] == ":alice MODE alice +o"
    server.hub.ledger.append_own("", UserLoggedOut(uid=alice.session.uid))
    assert alice.heard()[-1] == ":alice MODE alice -o"
    assert alice.ask("REHASH")[0].startswith("481 ")


def test_what_is_no_hash_lets_nobody_in() -> None:
    assert verify(f" {HASH}\n", "right")
    assert not verify(HASH, "Right")
    assert not verify(NO_HASH, "")
    assert not verify("right", "right")
    assert hash_password("right", memory_kib=8, passes=1) != HASH, "each has a salt of its own"


def test_it_is_shown(server: Server) -> None:
    """RPL_WHOISOPERATOR (313); `*` among the flags of WHO and in USERHOST; LUSERS counts them."""
    alice, bob = server.client("alice"), operator(server.client("bob"))
    assert "313 alice bob :is an IRC operator (admin)" in alice.ask("WHOIS bob")
    assert "352 alice * ~bob 127.0.0.1 xchat.local bob H* :0 bob's name" in alice.ask("WHO bob")
    assert alice.ask("USERHOST bob") == ["302 alice bob*=+~bob@127.0.0.1"]
    assert "252 alice 1 :operator(s) online" in alice.ask("LUSERS")
    assert alice.ask("WHO * o")[:-1] == alice.ask("WHO bob")[:-1]
    assert bob.ask("MODE bob -o") == [":bob MODE bob -o"]
    assert "252 alice 0 :operator(s) online" in alice.ask("LUSERS")
    assert "481" in bob.ask("KILL alice")[0]


def test_operators_see_who_hides_and_where_from(server: Server) -> None:
    alice, bob = server.client("alice"), operator(server.client("bob"))
    alice.ask("MODE alice +i")
    assert "alice" in bob.ask("WHO ali*")[0]
    said = bob.ask("WHOIS alice")
    assert "338 bob alice 127.0.0.1 :Is actually using host" in said
    assert "378 bob alice :is connecting from ~alice@127.0.0.1 127.0.0.1" in said


def test_it_ends_with_the_connection(server: Server) -> None:
    operator(server.client("alice")).drop()
    assert server.client("alice").ask("MODE alice") == ["221 alice +"]
