"""setname (IRCv3); the command is in commands/test_setname.py."""

from __future__ import annotations

from tests.chat.pair import Server


def test_it_is_told_to_who_has_it_and_once(server: Server) -> None:
    """The SETNAME message MUST NOT be sent to clients which do not have the capability."""
    alice = server.client("alice")
    bob, carl = server.client("bob", "setname"), server.client("carl")
    server.channel("#a", alice, bob, carl)
    server.channel("#b", alice, bob, carl)
    assert alice.ask("SETNAME :qux") == []
    assert bob.heard() == [":alice SETNAME qux"]
    assert carl.heard() == []
