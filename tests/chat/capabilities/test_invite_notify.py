"""invite-notify (IRCv3)."""

from __future__ import annotations

from tests.chat.pair import Server


def test_members_hear_of_an_invitation(server: Server) -> None:
    """:<inviter> INVITE <target> <channel>: the user being invited, and where."""
    alice = server.client("alice", "invite-notify")
    bob, carl = server.client("bob", "invite-notify"), server.client("carl")
    dora, emil = server.client("dora", "invite-notify"), server.client("emil", "invite-notify")
    server.channel("#a", alice, bob, carl)
    assert alice.ask("INVITE dora #a") == ["341 alice dora #a"]
    assert bob.heard() == [":alice INVITE dora #a"]
    assert carl.heard() == emil.heard() == []
    assert dora.heard() == [":alice INVITE dora #a"], "once"
