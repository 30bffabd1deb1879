"""Bans from the server (chat/server_bans.py): whom they are for, when, and in which words."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from tests.chat.pair import OpenServer, Server
from xchat.chat.admin.operation import Operation
from xchat.chat.events import BanAdded, BanRemoved
from xchat.chat.refused import Failed
from xchat.chat.server_bans import BadBan, canonical
from xchat.limits import MASK_BYTES_MAX

HOUR_MS = 3_600_000


def ban(server: Server, kind: str, mask: str, *, reason: str = "spam", until: int = 0) -> Operation:
    """Ban somebody as the administration does."""
    operation = Operation("root")
    event = BanAdded(
        kind=kind, mask=canonical(kind, mask), by="root", reason=reason, until=until, bans_max=3
    )
    server.hub.append(operation, event)
    server.run()
    assert operation.is_settled
    return operation


def test_who_is_here_goes_and_their_channel_hears_why(open_server: OpenServer) -> None:
    server = open_server()
    ana, bea = server.client("ana"), server.client("bea")
    server.channel("#a", ana, bea)
    ban(server, "mask", "bea!*@*")
    assert ana.heard() == [":bea QUIT :Banned: spam"]
    assert bea.heard()[-1] == "ERROR :Closing link (127.0.0.1): Banned: spam"
    assert bea.closed


def test_whom_a_mask_is_for_does_not_come_back(open_server: OpenServer) -> None:
    server = open_server()
    ban(server, "mask", "*!~bea@*")
    guest = server.connect()
    told = guest.ask("NICK other", "USER bea 0 * :Bea")
    assert told == [
        "465 other :You cannot join: you are banned from this server: spam",
        "ERROR :Closing link (127.0.0.1): you are banned from this server: spam",
    ]
    assert "001" in [line.command for line in server.connect().read("NICK b", "USER b 0 * :b")]


def test_a_nick_that_is_banned_is_not_taken(open_server: OpenServer) -> None:
    server = open_server()
    ana = server.client("ana")
    ban(server, "mask", "bea*")
    assert ana.ask("NICK BEATA") == [
        "432 ana BEATA :As that, you are banned from this server: spam"
    ]
    assert ana.nick == "ana"


@pytest.mark.parametrize(
    ("mask", "address"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("192.0.2.0/24", "192.0.2.9"),
        ("192.0.2.9/24", "192.0.2.1"),
        ("2001:DB8::/32", "2001:db8:1::1"),
        ("::1", "0::1"),
        ("192.0.2.0/24", "0::ffff:192.0.2.1"),
    ],
)
def test_an_address_goes_and_does_not_come_back(
    open_server: OpenServer, mask: str, address: str
) -> None:
    server = open_server()
    early, other = server.connect(address), server.connect("198.51.100.1")
    ban(server, "address", mask)
    assert early.heard() == [
        f"ERROR :Closing link ({address}): you are banned from this server: spam"
    ]
    late = server.connect(address)
    assert late.ask("NICK bea", "USER bea 0 * :Bea")[0].startswith("465 bea ")
    assert "001" in [line.command for line in other.read("NICK ana", "USER ana 0 * :Ana")]


def test_of_an_account_every_device_goes_and_who_is_always_present_too(
    open_server: OpenServer,
) -> None:
    server = open_server()
    account = server.account("bea", always_present=True)
    server.client("bea", account=account).drop()
    assert server.hub.state.user_by_nick("bea") is not None
    ban(server, "account", "Bea")
    assert server.hub.state.user_by_nick("bea") is None
    guest = server.connect()
    guest.session.claim.account = account.aid
    assert guest.ask("NICK bea", "USER bea 0 * :Bea")[0] == (
        "465 bea :You cannot join: you are banned from this server: spam"
    )


def test_it_ends_when_its_time_is_over(open_server: OpenServer) -> None:
    server = open_server()
    ban(server, "mask", "bea!*@*", until=server.now_ms + HOUR_MS)
    told = server.connect().ask("NICK bea", "USER bea 0 * :Bea")
    assert "until 2025-06-15 16:06 UTC: spam" in told[0]
    server.pass_time(3599)
    assert server.hub.state.bans
    server.pass_time(2)
    assert not server.hub.state.bans
    server.client("bea")


def test_of_two_that_follow_each_other_the_end_of_the_first_is_not_that_of_the_second(
    open_server: OpenServer,
) -> None:
    server = open_server()
    ban(server, "mask", "bea!*@*", until=server.now_ms + HOUR_MS)
    first = next(iter(server.hub.state.bans.values()))
    ban(server, "mask", "bea!*@*", until=server.now_ms + 2 * HOUR_MS)
    with pytest.raises(Failed):
        server.hub.append(
            Operation("x"), BanRemoved(kind="mask", mask="bea!*@*", until=first.until)
        )
    assert len(server.hub.state.bans) == 1


def test_it_survives_a_restart(open_server: OpenServer) -> None:
    server = open_server()
    ban(server, "mask", "bea!*@*")
    kept = server.hub.state.bans
    server.close()
    again = open_server()
    assert again.hub.state.bans == kept
    assert again.connect().ask("NICK bea", "USER bea 0 * :Bea")[0].startswith("465 ")


def test_there_are_only_so_many(open_server: OpenServer) -> None:
    server = open_server()
    for mask in ("a!*@*", "b!*@*", "c!*@*"):
        ban(server, "mask", mask)
    with pytest.raises(Failed, match="TOO_MANY_BANS"):
        ban(server, "mask", "d!*@*")
    ban(server, "mask", "c!*@*", reason="said again")
    assert server.hub.state.bans["mask", "c!*@*"].reason == "said again"


def test_one_that_cannot_be_kept_bans_nobody(
    open_server: OpenServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    from xchat.chat.ledger import CannotKeep

    def full(*_args: object) -> None:
        raise CannotKeep("the disk is full")

    server = open_server()
    bea = server.client("bea")
    monkeypatch.setattr(server.store, "keep", full)
    operation = ban(server, "mask", "bea!*@*")
    assert operation.refusal is not None
    assert operation.refusal.code == "CANNOT_KEEP"
    monkeypatch.undo()
    assert bea.sync() == []
    assert not server.hub.state.bans


@pytest.mark.parametrize(
    ("kind", "mask", "why"),
    [
        ("mask", "*!*@*", "for everybody"),
        ("mask", "*", "for everybody"),
        ("mask", "", "empty"),
        ("mask", "a b", "spaces"),
        ("mask", "\u202e", "hides"),
        ("mask", "x" * (MASK_BYTES_MAX + 1), "bytes"),
        ("address", "0.0.0.0/0", "everybody's"),
        ("address", "::/0", "everybody's"),
        ("address", "chat.lan", "not an address"),
        ("address", "10.0.0.0/99", "not an address"),
        ("account", "", ""),
        ("nick", "bea", "one of"),
    ],
)
def test_what_bans_nobody_or_everybody_is_none(kind: str, mask: str, why: str) -> None:
    with pytest.raises(BadBan) as caught:
        canonical(kind, mask)
    assert why in caught.value.why


def test_a_log_of_another_hand_bans_nobody_by_nonsense(open_server: OpenServer) -> None:
    """A check raises before anything has changed."""
    server = open_server()
    event = BanAdded(kind="mask", mask="BEA", by="root")
    for odd in (event, replace(event, mask="*!*@*"), replace(event, kind="x")):
        with pytest.raises(Failed, match="INVALID_BAN"):
            server.hub.append(Operation("root"), odd)
