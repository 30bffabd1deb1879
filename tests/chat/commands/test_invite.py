"""INVITE (modern.ircdocs.horse, INVITE message)."""

from __future__ import annotations

from tests.chat.pair import OpenServer, Server, commands


def test_both_are_told_and_nobody_else(server: Server) -> None:
    """When the invite is successful, the server MUST send a RPL_INVITING (341) numeric to the
    command issuer, and an INVITE message, with the issuer as source, to the target user. Other
    channel members SHOULD NOT be notified.
    """
    alice, bob, carl = (server.client(nick) for nick in ("alice", "bob", "carl"))
    server.channel("#a", alice, carl)
    assert alice.ask("INVITE BOB #A") == ["341 alice bob #a"]
    assert bob.heard() == [":alice INVITE bob #a"]
    assert carl.heard() == []


def test_who_may(server: Server) -> None:
    """Only members of the channel are allowed to invite other users. ... they SHOULD reject it when
    the channel has invite-only mode set, and the user is not a channel operator.
    """
    alice, bob, carl = (server.client(nick) for nick in ("alice", "bob", "carl"))
    server.channel("#a", alice, bob)
    assert carl.ask("INVITE alice #a") == ["442 carl #a :You're not on that channel"]
    assert carl.ask("INVITE alice #nowhere") == ["403 carl #nowhere :No such channel"]
    assert bob.ask("INVITE carl #a") == ["341 bob carl #a"]
    alice.ask("MODE #a +i")
    bob.heard()
    assert bob.ask("INVITE carl #a") == ["482 bob #a :You're not channel operator"]
    assert bob.ask("INVITE nobody #a") == ["401 bob nobody :No such nick/channel"]


def test_who_is_there_already(server: Server) -> None:
    """If the user is already on the target channel, the server MUST reject the command with the
    ERR_USERONCHANNEL (443) numeric.
    """
    alice, bob = server.client("alice"), server.client("bob")
    server.channel("#a", alice, bob)
    assert alice.ask("INVITE bob #a") == ["443 alice bob #a :is already on channel"]


def test_a_members_invitation_opens_nothing(server: Server) -> None:
    alice, bob, carl = (server.client(nick) for nick in ("alice", "bob", "carl"))
    server.channel("#a", alice, bob)
    bob.ask("INVITE carl #a")
    alice.ask("MODE #a +i")
    assert commands(carl.read("JOIN #a")) == ["INVITE", "473"]


def test_a_bare_invite_lists_ones_invitations(server: Server) -> None:
    """RPL_INVITELIST (336) ... sent in reply to INVITE without parameters."""
    alice, bob = server.client("alice"), server.client("bob")
    alice.ask("JOIN #a,#b", "INVITE bob #a", "INVITE bob #b")
    bob.heard()
    assert bob.ask("INVITE") == ["336 bob #a", "336 bob #b", "337 bob :End of /INVITE list"]
    bob.ask("JOIN #a")
    assert bob.ask("INVITE") == ["336 bob #b", "337 bob :End of /INVITE list"]
    assert alice.ask("INVITE")[-1] == "337 alice :End of /INVITE list"


def test_one_parameter_is_too_few(server: Server) -> None:
    assert server.client("alice").ask("INVITE bob") == ["461 alice INVITE :Not enough parameters"]


def test_who_invites_learns_that_the_target_is_away(server: Server) -> None:
    alice, bob = server.client("alice"), server.client("bob")
    alice.ask("JOIN #a")
    bob.ask("AWAY :at lunch")
    assert sorted(alice.ask("INVITE bob #a")) == ["301 alice bob :at lunch", "341 alice bob #a"]


def test_invitations_are_bounded_and_those_of_the_gone_do_not_count(
    open_server: OpenServer,
) -> None:
    server = open_server(invites_per_channel_max=2)
    alice, *others = (server.client(nick) for nick in ("alice", "bob", "carl", "dora"))
    alice.ask("JOIN #a", "INVITE bob #a", "INVITE carl #a")
    assert alice.ask("INVITE dora #a") == ["407 alice #a :Too many invitations are open"]
    assert alice.ask("INVITE carl #a") == ["341 alice carl #a"], "it is open already"
    others[0].drop()
    assert alice.ask("INVITE dora #a") == ["341 alice dora #a"]


def test_an_invitation_is_for_this_connection_of_the_nick(server: Server) -> None:
    alice, bob = server.client("alice"), server.client("bob")
    alice.ask("JOIN #a", "MODE #a +i", "INVITE bob #a")
    bob.drop()
    assert commands(server.client("bob").read("JOIN #a")) == ["473"]


def test_two_who_invite_in_one_turn_do_not_pass_the_limit(open_server: OpenServer) -> None:
    server = open_server(invites_per_channel_max=1)
    alice, bob, *_ = (server.client(nick) for nick in ("alice", "bob", "carl", "dora"))
    server.channel("#a", alice, bob)
    alice.ask("MODE #a +o bob")
    bob.heard()
    alice.send("INVITE carl #a")
    bob.send("INVITE dora #a")
    assert bob.heard() == ["407 bob #a :Too many invitations are open"]
    assert len(server.hub.state.channels["#a"].invited) == 1
