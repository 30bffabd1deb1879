"""What the administration asks for (chat/admin), decided and kept like any command."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from tests.chat.pair import OpenServer, Server
from xchat.chat.admin.operation import Operation
from xchat.chat.admin.table import VERBS, begin
from xchat.chat.devices import Device
from xchat.chat.events import Administered
from xchat.chat.ledger import CannotKeep
from xchat.config import Config
from xchat.config.settings import Access, Accounts

CHEAP = Accounts(argon2_memory_kib=8, argon2_passes=1, scram_iterations=4096)
CONFIG = replace(Config(), accounts=CHEAP)
CERT = "ab" * 32


@pytest.fixture
def server(open_server: OpenServer) -> Server:
    return open_server(config=CONFIG)


def refused(operation: Operation) -> tuple[str, str]:
    assert operation.refusal is not None
    return operation.refusal.code, operation.refusal.what


def acts(server: Server) -> list[str]:
    return [row.act for row in server.store.audit(limit=1000)]


def test_every_verb_is_a_row_with_its_words() -> None:
    for name, verb in VERBS.items():
        assert verb.about.endswith("."), name
        assert verb.handler.__doc__, name
        assert verb.shape.__doc__
        assert verb.arguments.__doc__


@pytest.mark.parametrize(
    ("verb", "arguments", "code"),
    [
        ("user add", {"name": "a b", "password": "good enough"}, "BAD_ACCOUNT_NAME"),
        ("user add", {"name": "NickServ", "password": "good enough"}, "BAD_ACCOUNT_NAME"),
        ("user add", {"name": "x" * 31, "password": "good enough"}, "BAD_ACCOUNT_NAME"),
        ("user add", {"name": "Bea", "password": "good enough"}, "ACCOUNT_EXISTS"),
        ("user add", {"name": "ana", "password": "ANA"}, "WEAK_PASSWORD"),
        ("user add", {"name": "ana", "password": "a\x00b"}, "UNACCEPTABLE_PASSWORD"),
        ("user add", {"name": "ana", "password": "good", "role": "king"}, "UNKNOWN_ROLE"),
        ("user add", {"name": "ana"}, "NO_CREDENTIALS"),
        ("user add", {"name": "ana", "cert": CERT}, "CERTIFICATE_TAKEN"),
        ("user passwd", {"name": "ana", "password": "good enough"}, "ACCOUNT_UNKNOWN"),
        ("user passwd", {"name": "bea", "password": "bea"}, "WEAK_PASSWORD"),
        ("user remove", {"name": "\u202e"}, "ACCOUNT_UNKNOWN"),
        ("user suspend", {"name": "ana"}, "ACCOUNT_UNKNOWN"),
        ("user resume", {"name": "bea"}, "NOT_SUSPENDED"),
        ("user role", {"name": "bea", "role": ""}, "UNKNOWN_ROLE"),
        ("user cert del", {"name": "bea", "cert": "00" * 32}, "CERTIFICATE_UNKNOWN"),
        ("user cert add", {"name": "bea", "cert": CERT}, "CERTIFICATE_TAKEN"),
        ("user cert list", {"name": "ana"}, "ACCOUNT_UNKNOWN"),
        ("channel drop", {"channel": "#none"}, "CHANNEL_UNKNOWN"),
        ("channel drop", {"channel": "\u202e"}, "CHANNEL_UNKNOWN"),
        ("channel transfer", {"channel": "#none", "name": "bea"}, "CHANNEL_UNKNOWN"),
        ("ban add", {"kind": "nick", "mask": "bea"}, "INVALID_BAN"),
        ("ban remove", {"kind": "mask", "mask": "bea"}, "BAN_UNKNOWN"),
        ("session kill", {"target": "nobody"}, "SESSION_UNKNOWN"),
        ("broadcast", {"text": "\u200b"}, "NO_TEXT"),
        ("reload", {}, "NO_CONFIGURATION"),
        ("user add", {"name": "x" * 1000, "password": "p"}, "INVALID_ARGUMENTS"),
        ("user suspend", {"name": "bea", "reason": "x" * 1001}, "INVALID_ARGUMENTS"),
    ],
)
def test_what_cannot_be_is_refused_and_not_recorded(
    server: Server, verb: str, arguments: dict[str, object], code: str
) -> None:
    assert server.administer("user add", name="bea", cert=CERT).refusal is None
    operation = server.administer(verb, **arguments)
    assert refused(operation)[0] == code
    assert refused(operation)[1]
    assert operation.answer is None
    assert acts(server) == ["user add"]


def test_what_cannot_be_kept_is_refused_and_undone(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_args: object) -> None:
        raise CannotKeep("the disk is full")

    monkeypatch.setattr(server.store, "keep", full)
    operation = server.administer("user add", name="ana", password="good enough")
    assert refused(operation) == ("CANNOT_KEEP", "Not kept, and shown to nobody: the disk is full")
    assert not server.hub.state.accounts
    monkeypatch.undo()
    assert server.administer("user add", name="ana", password="good enough").refusal is None


def test_of_two_at_once_the_first_in_the_log_has_it(server: Server) -> None:
    first = begin(server.hub, "root", "user add", {"name": "ana", "cert": CERT})
    second = begin(server.hub, "eve", "user add", {"name": "Ana", "cert": "cd" * 32})
    server.run()
    assert first.refusal is None
    assert refused(second)[0] == "ACCOUNT_EXISTS"
    assert acts(server) == ["user add"]


def test_a_ban_that_ends_in_the_moment_it_is_set_is_answered(server: Server) -> None:
    arguments = {"kind": "mask", "mask": "bea"}
    server.administer("ban add", **arguments)
    added = begin(server.hub, "root", "ban add", {**arguments, "reason": "spam"})
    begin(server.hub, "eve", "ban remove", arguments)
    server.run()
    assert not server.hub.state.bans
    assert added.answer is not None
    assert added.answer().reason == "spam"


def test_a_password_is_hashed_beside_the_loop(server: Server) -> None:
    """The loop never waits: password hashing goes to a small thread pool."""
    begin(server.hub, "root", "user add", {"name": "ana", "password": "good enough"})
    assert not server.hub.state.accounts
    assert len(server.hub.work.take()) == 1
    operation = server.administer("user add", name="bea", password="good enough")
    assert operation.refusal is None
    assert server.hub.state.account_named("bea")


def test_whoever_asked_and_is_gone_makes_nothing(server: Server) -> None:
    operation = begin(server.hub, "root", "user add", {"name": "ana", "password": "good enough"})
    operation.is_gone = True
    server.run()
    assert not server.hub.state.accounts


def test_in_a_private_server_accounts_are_always_present(open_server: OpenServer) -> None:
    private = open_server(config=replace(CONFIG, access=Access(policy="accounts")))
    private.administer("user add", name="ana", cert=CERT)
    account = private.hub.state.account_named("ana")
    private.client("ana", account=account).drop()
    assert private.hub.state.user_by_nick("ana") is not None


def test_a_role_counts_for_who_is_here_already(server: Server) -> None:
    account = server.account("ana")
    ana = server.client("ana", account=account)
    server.administer("user role", name="ana", role="moderator")
    assert ":ana MODE ana +o" in ana.heard()
    server.administer("user role", name="ana", role="none")
    assert ":ana MODE ana -o" in ana.heard()


def test_who_stays_when_their_session_is_killed(server: Server) -> None:
    """A user who is always present stays."""
    account = server.account("ana", always_present=True)
    bea, ana = server.client("bea"), server.client("ana", account=account)
    server.channel("#a", bea, ana)
    server.administer("session kill", target="ana", reason="bye")
    assert ana.heard() == ["ERROR :Closing link (127.0.0.1): Closed by the administration: bye"]
    assert bea.sync() == []
    assert server.hub.state.user_by_nick("ana") is not None


def test_a_list_is_told_as_far_as_it_is_read_whatever_changes_meanwhile(server: Server) -> None:
    for name in ("ana", "bea", "gio", "lia"):
        server.account(name)
    operation = server.administer("user list")
    assert operation.rows is not None
    told = [next(operation.rows).name]
    server.administer("user remove", name="bea")
    server.account("mia")
    told += [row.name for row in operation.rows]
    assert told == ["ana", "gio", "lia"]


def test_who_removes_an_account_is_told_which_of_its_devices_are_in_force(server: Server) -> None:
    """They would log in to another account of that name."""
    server.account("Bea")
    server.hub.devices = {
        "aa": Device("bea", "phone", ends=2**60),
        "bb": Device("bea", "laptop", ends=2**60),
        "cc": Device("bea", "laptop", ends=2**60),
        "dd": Device("bea", "lost", ends=2**60, is_revoked=True),
        "ee": Device("bea", "old", ends=0),
        "ff": Device("ana", "other", ends=2**60),
    }
    operation = server.administer("user remove", name="bea")
    assert operation.answer is not None
    assert operation.answer().devices_in_force == ["laptop", "phone"]


def test_nobody_is_given_a_name_whose_former_devices_would_log_in(server: Server) -> None:
    """A certificate names the account: it would be a key to the next one of that name."""
    server.hub.devices = {"aa": Device("Bea", "lost phone", ends=2**60)}
    operation = server.administer("user add", name="bea", password="good enough")
    assert operation.refusal is not None
    assert operation.refusal.code == "DEVICES_IN_FORCE"
    assert "lost phone" in operation.refusal.what
    assert server.administer("user ensure", name="bea").refusal is None  # they are hers


def test_the_audit_log_is_told_in_pieces(server: Server) -> None:
    for number in range(250):
        server.hub.ledger.append_own("x", _noted(number))
    server.run()
    operation = server.administer("audit")
    assert operation.rows is not None
    assert [row.what for row in operation.rows] == [str(number) for number in range(250)]


def _noted(number: int) -> Administered:
    return Administered(who="root", act="x", what=str(number))


def test_words_for_all_survive_nothing_but_are_recorded(server: Server) -> None:
    ana = server.client("ana")
    early = server.connect()
    server.administer("broadcast", text="The server stops at noon")
    assert ana.heard() == ["NOTICE $* :The server stops at noon"]
    assert early.heard() == [], "who has not said who they are is nobody yet"
    (row,) = server.store.audit(limit=10)
    assert (row.act, row.what) == ("broadcast", "The server stops at noon")
