"""NAMES (modern.ircdocs.horse, NAMES message)."""

from __future__ import annotations

from tests.chat.pair import Server
from xchat.irc.message import parse


def test_who_is_there_with_their_prefixes(server: Server) -> None:
    """NAMES is used to view the nicknames joined to a channel and their membership prefixes."""
    alice, bob, carl = (server.client(nick) for nick in ("alice", "bob", "carl"))
    server.channel("#a", alice, bob, carl)
    alice.ask("MODE #a +v bob")
    alice.heard()
    assert alice.ask("NAMES #a") == [
        "353 alice = #a :@alice +bob carl",
        "366 alice #a :End of /NAMES list",
    ]


def test_several_channels_have_one_end(server: Server) -> None:
    """The channel names are evaluated one-by-one. RPL_ENDOFNAMES: "<client> <channel>"; servers
    that take several name all of them in it.
    """
    alice = server.client("alice")
    alice.ask("JOIN #a,#b")
    assert alice.ask("NAMES #a,#b,#nowhere") == [
        "353 alice = #a @alice",
        "353 alice = #b @alice",
        "366 alice #a,#b,#nowhere :End of /NAMES list",
    ]


def test_what_is_no_channel_ends_at_once(server: Server) -> None:
    """If the channel name is invalid or the channel does not exist, one RPL_ENDOFNAMES numeric
    containing the given channel name should be returned.
    """
    alice = server.client("alice")
    assert alice.ask("NAMES invalid") == ["366 alice invalid :End of /NAMES list"]
    assert alice.ask("NAMES #nowhere") == ["366 alice #nowhere :End of /NAMES list"]
    assert alice.ask("NAMES") == ["366 alice * :End of /NAMES list"]


def test_a_secret_channel_is_its_members(server: Server) -> None:
    """If the given channel has the secret channel mode set and the user is not joined to that
    channel, one RPL_ENDOFNAMES numeric is returned. ("@" is used for secret channels.)
    """
    alice, bob = server.client("alice"), server.client("bob")
    alice.ask("JOIN #a", "MODE #a +s")
    assert bob.ask("NAMES #a") == ["366 bob #a :End of /NAMES list"]
    assert alice.ask("NAMES #a")[0] == "353 alice @ #a @alice"


def test_invisible_users_are_seen_from_within(server: Server) -> None:
    """Users with the invisible user mode set are not shown in channel responses unless the
    requesting client is also joined to that channel.
    """
    alice, bob, carl = (server.client(nick) for nick in ("alice", "bob", "carl"))
    server.channel("#a", alice, bob)
    bob.ask("MODE bob +i")
    assert carl.ask("NAMES #a")[0] == "353 carl = #a @alice"
    assert alice.ask("NAMES #a")[0] == "353 alice = #a :@alice bob"


def test_many_long_names_are_split_to_fit(server: Server) -> None:
    """Each line within 512 bytes, every name whole."""
    alice = server.client("alice", "multi-prefix", "userhost-in-names")
    nicks = [
        f"{'ჭ' * 28}{chr(0x10D0 + number // 8)}{chr(0x10D0 + number % 8)}" for number in range(40)
    ]
    name = f"#{'ჰ' * 49}"
    server.channel(name, alice, *(server.client(nick) for nick in nicks))
    alice.send(f"NAMES {name}")
    lines = alice.read_raw()
    assert max(map(len, lines)) <= 512
    rows = [parse(line.strip()) for line in lines[:-1]]
    shown = [word for row in rows for word in row.params[-1].split()]
    assert [word.partition("!")[0] for word in shown] == ["@alice", *nicks]
    assert all(word.endswith("@127.0.0.1") for word in shown)
