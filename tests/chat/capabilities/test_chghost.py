"""chghost (IRCv3): a user is shown with another user name and host."""

from __future__ import annotations

from tests.chat.pair import Client, Server
from xchat.chat.events import HostChanged


def change(server: Server, client: Client, user: str, host: str) -> None:
    """Change a user's host, as an operator's command will."""
    event = HostChanged(uid=client.session.uid, user=user, host=host)
    assert server.hub.ledger.append_own(client.session.uid, event)
    server.run()


def test_who_knows_it_is_told_once(server: Server) -> None:
    """When a client username or host is changed, servers MUST send the CHGHOST message to other
    clients who share channels with the target client; servers SHOULD also send it to the client
    whose own username or host changed.
    """
    tim, bob = server.client("tim", "chghost"), server.client("bob", "chghost")
    server.channel("#a", tim, bob)
    server.channel("#b", bob, tim)
    change(server, tim, "~b", "ckyard")
    (told,) = bob.read()
    assert (told.source, told.command, told.params) == (
        "tim!~tim@127.0.0.1",
        "CHGHOST",
        ("~b", "ckyard"),
    )
    assert tim.heard() == [":tim CHGHOST ~b ckyard"]
    change(server, tim, "~b", "ckyard")
    assert bob.heard() == tim.heard() == []


def test_to_others_they_leave_and_come_back(server: Server) -> None:
    """The simulated events SHOULD include appropriate QUIT, JOIN and MODE commands, to restore
    membership and user channel modes.
    """
    tim, bob, carl = (server.client(nick) for nick in ("tim", "bob", "carl"))
    server.channel("#a", tim, bob)
    server.channel("#b", bob, tim)
    change(server, tim, "~b", "ckyard")
    told = bob.read()
    assert [(line.source, line.command, *line.params) for line in told] == [
        ("tim!~tim@127.0.0.1", "QUIT", "Changing host"),
        ("tim!~b@ckyard", "JOIN", "#a"),
        ("tim!~b@ckyard", "MODE", "#a", "+o", "tim"),
        ("tim!~b@ckyard", "JOIN", "#b"),
    ]
    assert carl.heard() == tim.heard() == []
    assert bob.ask("PRIVMSG tim :still here?") == []


def test_those_who_watch(server: Server) -> None:
    """extended-monitor: if `chghost` is also enabled, the client will get CHGHOST notifications for
    monitored nicks.
    """
    tim, bob = server.client("tim"), server.client("bob", "chghost", "extended-monitor")
    bob.ask("MONITOR + tim")
    change(server, tim, "~b", "ckyard")
    assert bob.heard() == [":tim CHGHOST ~b ckyard"]


def test_where_they_come_from_is_hidden_then(server: Server) -> None:
    """WHOX: 255.255.255.255 is used when the server refuses to disclose the IP address."""
    tim, bob = server.client("tim"), server.client("bob")
    change(server, tim, "~b", "ckyard")
    assert bob.ask("WHO tim %ihn")[0] == "354 bob 255.255.255.255 ckyard tim"
    assert tim.ask("WHO tim %ihn")[0] == "354 tim 127.0.0.1 ckyard tim"
    assert "338 tim tim 127.0.0.1 :Is actually using host" in tim.ask("WHOIS tim")


def test_an_account_is_shown_with_the_host_it_was_given(server: Server) -> None:
    """A client username or host is changed: by xchat-admin user host."""
    account = server.account("ana")
    ana, bob = server.client("ana", "chghost", account=account), server.client("bob", "chghost")
    server.channel("#a", ana, bob)
    server.administer("user host", name="ana", host="quiet.lan")
    assert bob.heard() == ana.heard() == [":ana CHGHOST ~ana quiet.lan"]
    ana.drop()
    server.quiet()
    back = server.client("ana", account=server.hub.state.account_named("ana"))
    assert back.source == "ana!~ana@quiet.lan"
    bob.ask("JOIN #a")
    back.ask("JOIN #a")
    server.quiet()
    back.ask("NickServ LOGOUT")
    assert ":ana CHGHOST ~ana 127.0.0.1" in bob.heard()


def test_a_host_that_was_taken_away_is_the_address_again(server: Server) -> None:
    account = server.account("ana")
    server.administer("user host", name="ana", host="quiet.lan")
    ana = server.client("ana", account=server.hub.state.accounts[account.aid])
    server.administer("user host", name="ana", host="none")
    assert ana.source == "ana!~ana@127.0.0.1"


def test_a_host_that_is_none_is_refused(server: Server) -> None:
    server.account("ana")
    for host in ("a b", "", "-x", "x" * 64, "\x1b[0m", "\u10d0"):
        refusal = server.administer("user host", name="ana", host=host).refusal
        assert refusal is not None
        assert refusal.code == "INVALID_HOST"
