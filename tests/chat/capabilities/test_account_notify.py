"""account-notify (ircv3.net/specs/extensions/account-notify)."""

from __future__ import annotations

from tests.chat.accounts import CONFIG
from tests.chat.pair import OpenServer
from xchat.chat.events import UserLoggedIn, UserLoggedOut


def test_who_registers_logs_in(open_server: OpenServer) -> None:
    """This capability allows a client to be notified when another user's account changes."""
    server = open_server(config=CONFIG)
    ana, bob = server.client("ana", "account-notify"), server.client("bob", "account-notify")
    stranger = server.client("stranger", "account-notify")
    server.channel("#a", ana, bob)
    ana.send("NS REGISTER hunter2")
    assert bob.heard() == [":ana ACCOUNT ana"]
    assert ":ana ACCOUNT ana" in ana.heard()
    assert stranger.heard() == [], "they share no channel"


def test_who_logs_in_is_told_so_first(open_server: OpenServer) -> None:
    """RPL_LOGGEDIN (900) is sent when the user's account name is set: before others, and they
    themselves, are notified of it.
    """
    server = open_server()
    account, guest = server.account("Ana"), server.client("guest", "account-notify")
    uid = guest.session.uid
    assert server.hub.ledger.append_own(uid, UserLoggedIn(uid=uid, account=account.aid))
    assert guest.heard() == [
        f"900 guest {guest.source} Ana :You are now logged in as Ana",
        ":guest ACCOUNT Ana",
    ]


def test_neighbours_hear_who_logs_in_and_out(open_server: OpenServer) -> None:
    """If the user has authenticated: `:nick!user@host ACCOUNT accountname`, else `ACCOUNT *`."""
    server = open_server()
    account = server.account("Ana")
    guest, bob = server.client("guest"), server.client("bob", "account-notify")
    old = server.client("old")
    server.channel("#a", guest, bob, old)
    ledger, uid = server.hub.ledger, guest.session.uid
    assert ledger.append_own(uid, UserLoggedIn(uid=uid, account=account.aid))
    assert bob.heard() == [":guest ACCOUNT Ana"]
    assert old.heard() == []
    assert guest.heard() == [f"900 guest {guest.source} Ana :You are now logged in as Ana"]
    assert ledger.append_own(uid, UserLoggedOut(uid=uid))
    assert bob.heard() == [":guest ACCOUNT *"]
    assert guest.heard() == [f"901 guest {guest.source} :You are now logged out"]
