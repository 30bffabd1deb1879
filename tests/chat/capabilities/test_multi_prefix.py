"""multi-prefix (IRCv3)."""

from __future__ import annotations

from tests.chat.pair import Server


def test_all_prefixes_highest_first(server: Server) -> None:
    """It will cause the IRC server to send all possible prefixes which apply to a user in NAMES and
    WHO output. These prefixes MUST be in order of 'rank', from highest to lowest.
    """
    alice, bob = server.client("alice", "multi-prefix"), server.client("bob")
    server.channel("#a", alice, bob)
    alice.ask("MODE #a +v alice", "MODE #a +v bob")
    server.quiet()
    assert alice.ask("NAMES #a")[0] == "353 alice = #a :@+alice +bob"
    assert bob.ask("NAMES #a")[0] == "353 bob = #a :@alice +bob"
    assert alice.read("WHO #a")[0].params[6] == "H@+"
    assert bob.read("WHO #a")[0].params[6] == "H@"
    assert "319 alice alice @+#a" in alice.ask("WHOIS alice")


def test_on_joining_too(server: Server) -> None:
    alice, bob = server.client("alice"), server.client("bob", "multi-prefix")
    alice.ask("JOIN #a", "MODE #a +v alice")
    assert bob.ask("JOIN #a")[1] == "353 bob = #a :@+alice bob"


def test_taking_the_higher_leaves_the_lower(server: Server) -> None:
    alice = server.client("alice", "multi-prefix")
    alice.ask("JOIN #a", "MODE #a +v alice", "MODE #a -o alice")
    assert alice.ask("NAMES #a")[-2] == "353 alice = #a +alice"
