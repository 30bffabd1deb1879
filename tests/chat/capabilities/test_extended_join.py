"""extended-join (IRCv3)."""

from __future__ import annotations

from tests.chat.pair import Server


def test_account_and_real_name(server: Server) -> None:
    """:nick!user@host JOIN #channelname * :Real Name - as the penultimate parameter is an asterisk,
    the user has not logged in to an account.
    """
    alice, bob = server.client("alice", "extended-join"), server.client("bob")
    alice.ask("JOIN #a")
    assert bob.ask("JOIN #a")[0] == ":bob JOIN #a"
    assert alice.heard() == [":bob JOIN #a * :bob's name"]


def test_the_account_of_who_is_logged_in(server: Server) -> None:
    """:nick!user@host JOIN #channelname accountname :Real Name"""
    alice = server.client("alice", "extended-join")
    alice.ask("JOIN #a")
    server.client("bob", account=server.account("Bobby")).ask("JOIN #a")
    assert alice.heard() == [":bob JOIN #a Bobby :bob's name"]


def test_ones_own_join_too(server: Server) -> None:
    alice = server.client("alice", "extended-join")
    alice.ask("SETNAME :ალისა")
    assert alice.ask("JOIN #a")[0] == ":alice JOIN #a * ალისა"


def test_the_longest_names_fit(server: Server) -> None:
    nick, name = "ნ" * 30, f"#{'ა' * 49}"
    one, other = server.client("one", "extended-join"), server.client(nick)
    one.ask(f"JOIN {name}")
    other.ask(f"SETNAME :{'ჰ' * 50}", f"JOIN {name}")
    (line,) = one.read_raw()
    assert len(line) <= 512
    assert f" JOIN {name} * ჰჰჰ".encode() in line
