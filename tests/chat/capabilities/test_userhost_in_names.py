"""userhost-in-names (IRCv3)."""

from __future__ import annotations

from tests.chat.pair import Server


def test_the_whole_mask_of_everyone(server: Server) -> None:
    """It extends the NAMES reply messages to contain the full hostmask of every user listed."""
    alice = server.client("alice", "userhost-in-names", "multi-prefix")
    bob = server.client("bob")
    server.channel("#a", alice, bob)
    alice.ask("MODE #a +v alice")
    server.quiet()
    shown = f"353 alice = #a :@+{alice.source} {bob.source}"
    assert alice.ask("NAMES #a")[0] == shown
    assert bob.ask("NAMES #a")[0] == "353 bob = #a :@alice bob"
    bob.ask("CAP REQ userhost-in-names", "PART #a")
    assert bob.ask("JOIN #a")[1] == f"353 bob = #a :@{alice.source} {bob.source}"
