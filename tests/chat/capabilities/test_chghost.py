"""chghost (IRCv3): offered, so that clients need not reconnect when hosts change one day."""

from __future__ import annotations

from tests.chat.pair import Server


def test_it_can_be_had_and_nothing_sends_it_yet(server: Server) -> None:
    """When a client username or host is changed, servers MUST send the CHGHOST message: no user's
    name or host changes on this server.
    """
    alice, bob = server.client("alice"), server.client("bob")
    assert bob.ask("CAP REQ chghost") == ["CAP bob ACK chghost"]
    server.channel("#a", alice, bob)
    alice.ask("NICK alice2", "SETNAME :x", "AWAY :x", "MODE alice2 +i")
    assert bob.heard() == [":alice NICK alice2"]
    assert "chghost" in alice.ask("CAP LS")[0].split()
    assert bob.ask("CAP LIST") == ["CAP bob LIST chghost"]
