"""Invites by the rules: single use, bound to a name, until a time (chat/apply/invites)."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from tests.chat.pair import OpenServer, Server
from xchat.chat.admin.operation import Operation
from xchat.chat.devices import Device
from xchat.chat.events import InviteMade, InviteRedeemed
from xchat.chat.invites import Invite
from xchat.chat.refused import Failed
from xchat.chat.tokens import Token, make_token, parse_token
from xchat.config import Config
from xchat.config.settings import Tls
from xchat.limits import Limits

HOUR_MS = 3_600_000
CONFIG = replace(Config(), limits=Limits(invites_max=3, invite_uses_max=5))


@pytest.fixture
def server(open_server: OpenServer) -> Server:
    return with_links(open_server(config=CONFIG))


def with_links(server: Server) -> Server:
    """Let a server know how it is reached, as one with an issuer does."""
    server.hub.link = lambda token, host: f"xchat://{host or 'chat.lan'}:8080/#{token.text}"
    return server


def invite(server: Server, name: str = "alice", **arguments: object) -> Token:
    """Invite somebody as the administration does; return the token that is told."""
    operation = server.administer("invite add", name=name, **arguments)
    assert operation.answer is not None, operation.refusal
    token = parse_token(operation.answer().token)
    assert token is not None
    return token


def kept(server: Server, token: Token) -> Invite:
    return server.hub.state.invites[token.sha256]


def redeem(server: Server, token: Token, key: str = "k1", device: str = "laptop") -> str:
    """Redeem a token for a device's key; return the code of the refusal, or nothing."""
    return settle(server, claim(server, token, key, device))


def claim(server: Server, token: Token, key: str, device: str = "laptop") -> Operation:
    """Claim a use, and let the log decide later."""
    operation = Operation("enrolment")
    event = InviteRedeemed(sha256=token.sha256, at=server.now_ms, key=key, device=device)
    try:
        server.hub.append(operation, event)
    except Failed as failed:
        operation.refused(failed)
    return operation


def settle(server: Server, operation: Operation) -> str:
    server.run()
    assert operation.is_settled
    return operation.refusal.code if operation.refusal else ""


def refusal(operation: Operation) -> str:
    assert operation.refusal is not None
    return operation.refusal.code


# -- redeeming --------------------------------------------------------------------------------


def test_it_makes_the_account_without_a_password(server: Server) -> None:
    """Redeem makes the account if there is none, bound to the name."""
    token = invite(server)
    assert server.hub.state.account_named("alice") is None
    assert redeem(server, token) == ""
    account = server.hub.state.account_named("alice")
    assert account is not None
    assert (account.password, account.scram, account.role) == (None, None, "")
    assert kept(server, token).aid == account.aid


def test_it_is_for_the_account_that_is_there(server: Server) -> None:
    account = server.account("alice")
    token = invite(server, "ALICE")
    assert redeem(server, token) == ""
    assert kept(server, token).aid == account.aid
    assert kept(server, token).account == "alice"
    assert len(server.hub.state.accounts) == 1


def test_of_two_claims_the_first_in_the_log_wins(server: Server) -> None:
    """Single use by one transaction: of 50 keys at once, one."""
    token = invite(server)
    claims = [claim(server, token, f"k{number}") for number in range(50)]
    codes = [settle(server, each) for each in claims]
    assert codes == ["", *["INVITE_SPENT"] * 49]
    assert [use.key for use in kept(server, token).redeemed] == ["k0"]


def test_the_same_key_again_is_no_second_use(server: Server) -> None:
    """Redeemed again with the same key gives the same again (the line broke)."""
    token = invite(server)
    assert redeem(server, token) == redeem(server, token) == ""
    assert len(kept(server, token).redeemed) == 1
    assert redeem(server, token, "k2") == "INVITE_SPENT"


def test_as_many_uses_as_it_says(server: Server) -> None:
    token = invite(server, uses=2)
    codes = [redeem(server, token, key) for key in ("k1", "k2", "k1", "k3")]
    assert codes == ["", "", "", "INVITE_SPENT"]
    assert kept(server, token).left == 0


def test_not_after_its_time_and_then_it_is_forgotten(server: Server) -> None:
    token = invite(server, seconds=60)
    server.now_ms += 60_000  # the clock has passed it, and nobody has looked yet
    assert redeem(server, token) == "INVITE_EXPIRED"
    server.pass_time(1)
    assert not server.hub.state.invites
    assert redeem(server, token) == "INVITE_UNKNOWN"
    assert server.hub.state.account_named("alice") is None


def test_one_that_was_used_is_known_until_its_time_is_over(server: Server) -> None:
    token = invite(server, seconds=60)
    redeem(server, token)
    server.pass_time(50)
    assert redeem(server, token) == ""
    server.pass_time(11)
    assert redeem(server, token) == "INVITE_UNKNOWN"


def test_a_token_that_nobody_made(server: Server) -> None:
    invite(server)
    assert redeem(server, make_token()) == "INVITE_UNKNOWN"


def test_not_once_it_is_withdrawn_not_even_for_the_same_key(server: Server) -> None:
    token = invite(server, uses=2)
    assert redeem(server, token) == ""
    server.administer("invite withdraw", name="Alice")
    assert redeem(server, token) == redeem(server, token, "k2") == "INVITE_UNKNOWN"
    assert server.hub.state.account_named("alice") is not None, "who was let in, stays"


def test_an_account_that_was_suspended_meanwhile(server: Server) -> None:
    token = invite(server, uses=2)
    redeem(server, token)
    server.administer("user suspend", name="alice", reason="spam")
    assert redeem(server, token) == redeem(server, token, "k2") == "ACCOUNT_SUSPENDED"
    server.administer("user resume", name="alice")
    assert redeem(server, token, "k2") == ""


def test_an_account_that_was_removed_meanwhile_is_not_made_anew(server: Server) -> None:
    first, second = invite(server, uses=2), invite(server)
    redeem(server, first)
    server.account("bob")
    third = invite(server, "bob")
    server.administer("user remove", name="alice")
    assert redeem(server, first) == redeem(server, first, "k2") == "INVITE_UNKNOWN"
    assert kept(server, third)
    assert redeem(server, second) == "INVITE_UNKNOWN", "made before there was one: to its name"


def test_a_name_that_has_become_somebody_elses(server: Server) -> None:
    """An invite is for the account of when it was made: nobody gets into another one by it."""
    token, looks_so = invite(server), invite(server, "bоb")
    server.account("alice")
    server.account("bob")
    assert redeem(server, token) == redeem(server, looks_so) == "ACCOUNT_EXISTS"
    assert not kept(server, token).redeemed


def test_what_is_refused_changes_nothing(server: Server) -> None:
    token = invite(server)
    redeem(server, token)
    before = kept(server, token)
    redeem(server, token, "k2")
    assert kept(server, token) == before


def test_it_survives_the_server(open_server: OpenServer) -> None:
    server = with_links(open_server(config=CONFIG))
    token = invite(server, uses=2)
    redeem(server, token)
    before = dict(server.hub.state.invites)
    server.close()
    again = with_links(open_server(config=CONFIG))
    assert again.hub.state.invites == before
    assert [redeem(again, token, key) for key in ("k1", "k2", "k3")] == ["", "", "INVITE_SPENT"]


# -- by the administration --------------------------------------------------------------------


def test_what_is_told_of_a_new_one(server: Server) -> None:
    operation = server.administer("invite add", name="alice", uses=2, host="vm.lan")
    assert operation.answer is not None
    answer = operation.answer()
    assert (answer.account, answer.uses) == ("alice", 2)
    assert answer.link == f"xchat://vm.lan:8080/#{answer.token}"
    token = parse_token(answer.token)
    assert token is not None
    assert token.sha256.startswith(answer.invite)
    assert answer.token not in repr(answer)


def test_the_list_and_the_audit_log_tell_all_but_the_token(server: Server) -> None:
    token = invite(server, uses=3)
    redeem(server, token, "k1", "laptop")
    rows = server.administer("invite list").rows
    assert rows is not None
    (row,) = rows
    assert (row.account, row.left, row.devices, row.by) == ("alice", 2, ["laptop"], "root")
    audit = [(each.via, each.who, each.act, each.what) for each in server.store.audit(limit=9)]
    assert [each[:3] for each in audit] == [
        ("console", "root", "invite add"),
        ("enrolment", "alice", "invite redeem"),
    ]
    assert audit[1][3] == f"{row.invite}, made by root, for the device laptop"
    assert row.invite in audit[0][3]
    assert token.text not in f"{audit} {row}"


def test_the_token_is_nowhere_in_the_store(server: Server) -> None:
    """Tokens kept as hashes: "store file grep: the token is nowhere"."""
    token = invite(server)
    redeem(server, token)
    server.store.tidy()
    files = list(server.store._path.parent.iterdir())
    data = b"".join(file.read_bytes() for file in files)
    assert token.sha256.encode() in data
    for spelling in (token.text.encode(), token.capitals.encode(), token.secret):
        assert spelling not in data


def test_one_of_several_is_withdrawn(server: Server) -> None:
    first, second = invite(server), invite(server)
    withdrawn = server.administer("invite withdraw", name="alice", invite=first.sha256[:8])
    assert withdrawn.answer is not None
    assert withdrawn.answer().invites == 1
    assert [redeem(server, first), redeem(server, second)] == ["INVITE_UNKNOWN", ""]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"name": "a b"}, "BAD_ACCOUNT_NAME"),
        ({"name": "NickServ"}, "BAD_ACCOUNT_NAME"),
        ({"name": ""}, "INVALID_ARGUMENTS"),
        ({"name": "bоb"}, "ACCOUNT_EXISTS"),
        ({"name": "eve"}, "ACCOUNT_SUSPENDED"),
        ({"name": "ana", "uses": 0}, "INVALID_ARGUMENTS"),
        ({"name": "ana", "uses": 6}, "INVALID_ARGUMENTS"),
        ({"name": "ana", "seconds": 0}, "INVALID_ARGUMENTS"),
        ({"name": "ana", "seconds": 86_400 * 30 + 1}, "INVALID_ARGUMENTS"),
        ({"name": "ana", "token": "mine"}, "INVALID_ARGUMENTS"),
    ],
)
def test_what_is_no_invite(server: Server, arguments: dict[str, object], code: str) -> None:
    server.account("bob")
    server.account("eve")
    server.administer("user suspend", name="eve")
    assert refusal(server.administer("invite add", **arguments)) == code
    assert not server.hub.state.invites


def test_there_are_only_so_many(server: Server) -> None:
    """Open invites at once: limits.invites_max."""
    for name in ("ana", "bea", "gia"):
        invite(server, name, seconds=60)
    full = server.administer("invite add", name="nia")
    assert refusal(full) == "TOO_MANY_INVITES"
    assert full.refusal is not None
    assert "limits.invites_max" in full.refusal.what
    server.pass_time(61)
    invite(server, "nia")


def test_without_an_issuer_nothing_is_made(server: Server) -> None:
    """Where there is no issuer key: clear refusal, before a token is made."""
    server.hub.link = lambda _token, _host: Failed("NO_ISSUER", text="no key")
    assert refusal(server.administer("invite add", name="ana")) == "NO_ISSUER"
    server.hub.link = None
    assert refusal(server.administer("invite add", name="ana")) == "NO_ISSUER"
    assert not server.hub.state.invites


def test_where_no_device_is_asked_for_its_certificate_nothing_is_made(
    open_server: OpenServer,
) -> None:
    server = with_links(open_server(config=replace(CONFIG, tls=Tls(client_certificates="none"))))
    assert refusal(server.administer("invite add", name="ana")) == "NO_DEVICES"


def test_devices_of_an_account_that_was_removed_are_no_way_into_the_next_one(
    server: Server,
) -> None:
    """Their certificates name the account: whoever is invited by that name would share it."""
    device = Device("Alice", "old laptop", ends=server.now_ms + HOUR_MS)
    server.hub.devices = {"ab12": device}
    operation = server.administer("invite add", name="alice")
    assert refusal(operation) == "DEVICES_IN_FORCE"
    assert operation.refusal is not None
    assert "old laptop" in operation.refusal.what
    server.hub.devices = {"ab12": device._replace(is_revoked=True)}
    invite(server, "alice")
    server.hub.devices = {"ab12": device}
    server.account("alice")
    invite(server, "alice")


def test_to_withdraw_what_there_is_not(server: Server) -> None:
    invite(server)
    for arguments in ({"name": "bob"}, {"name": "alice", "invite": "0" * 8}, {"name": "\u202e"}):
        assert refusal(server.administer("invite withdraw", **arguments)) == "INVITE_UNKNOWN"


def test_an_older_event_is_read_with_its_defaults(server: Server) -> None:
    """Events on disk may be of an older version: a new field has a default."""
    event = InviteMade(sha256="ab" * 32, name="alice", by="root", until=server.now_ms + HOUR_MS)
    assert server.hub.ledger.append_own("", event)
    server.run()
    assert server.hub.state.invites["ab" * 32].left == 1
