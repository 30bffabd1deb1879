"""LUSERS (modern.ircdocs.horse, Server queries)."""

from __future__ import annotations

from tests.chat.pair import Server


def test_lusers(server: Server) -> None:
    """Servers MUST reply with RPL_LUSERCLIENT and RPL_LUSERME, and SHOULD also include all those
    defined.
    """
    alice, bob, carl = (server.client(nick) for nick in ("alice", "bob", "carl"))
    server.channel("#a", alice)
    bob.ask("MODE bob +i")
    carl.drop()
    server.connect()
    assert alice.ask("LUSERS") == [
        "251 alice :There is 1 user and 1 invisible on 1 server",
        "252 alice 0 :operator(s) online",
        "253 alice 1 :unknown connection(s)",
        "254 alice 1 :channels formed",
        "255 alice :I have 2 clients and 0 servers",
        "265 alice 2 3 :Current local users 2, max 3",
        "266 alice 2 3 :Current global users 2, max 3",
    ]


def test_lusers_counts_as_people_do(server: Server) -> None:
    alice = server.client("alice")
    texts = {line.split(" ", 1)[0]: line for line in alice.ask("LUSERS")}
    assert texts["255"] == "255 alice :I have 1 client and 0 servers"
    server.client("bob")
    assert alice.ask("LUSERS")[0] == "251 alice :There are 2 users and 0 invisible on 1 server"
