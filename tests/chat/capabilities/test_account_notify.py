"""account-notify (ircv3.net/specs/extensions/account-notify)."""

from __future__ import annotations

from tests.chat.pair import OpenServer
from xchat.chat.events import UserLoggedIn, UserLoggedOut


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
