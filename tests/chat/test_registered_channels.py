"""Registered channels: whose they are, who is what in them, and what stays (registration.py)."""

from __future__ import annotations

import pytest

from tests.chat.pair import Client, OpenServer, Server, commands
from xchat.chat import events
from xchat.chat.apply import check
from xchat.chat.apply.registration import channels_of
from xchat.chat.apply.standing import standing
from xchat.chat.entities import Account
from xchat.chat.modes import Rank
from xchat.chat.refused import Failed, Refused


def happen(server: Server, event: events.Event) -> None:
    """Append an event as the administration does, which asks before."""
    check(server.hub.state, event)
    server.hub.ledger.append_own("admin", event)
    server.run()


def refusal(server: Server, event: events.Event) -> str:
    """Return the code with which an event is refused."""
    try:
        check(server.hub.state, event)
    except Failed as failed:
        return failed.code
    except Refused as refused:
        return refused.numeric.code
    raise AssertionError("it is not refused")


def register(server: Server, owner: Client) -> Account:
    """Let an operator of #a register it; return their account."""
    uid = owner.session.uid
    account = server.hub.state.account_of(uid)
    assert account is not None
    happen(server, events.ChannelRegistered(uid=uid, channel="#a", founder=account.aid))
    server.quiet()
    return account


@pytest.fixture
def alice(server: Server) -> Client:
    """The founder of #a."""
    alice = server.client("alice", account=server.account("alice"))
    server.channel("#a", alice)
    register(server, alice)
    return alice


def access(
    server: Server, name: str, letter: str, by: Client | None = None
) -> events.AccessChanged:
    """Return the claim that an account is to have a role in #a."""
    account = server.hub.state.account_named(name) or server.account(name)
    uid = by.session.uid if by else ""
    return events.AccessChanged(uid=uid, channel="#a", aid=account.aid, letter=letter)


# -- registering ------------------------------------------------------------------------------


def test_an_operator_who_is_logged_in_registers(server: Server) -> None:
    account = server.account("alice")
    alice, bob = server.client("alice", account=account), server.client("bob")
    server.channel("#a", alice, bob)
    uid = alice.session.uid
    happen(server, events.ChannelRegistered(uid=uid, channel="#a", founder=account.aid))
    assert alice.heard() == bob.heard() == [":ChanServ MODE #a +q alice"]
    assert alice.ask("NAMES #a")[0] == "353 alice = #a :~alice bob"
    assert [channel.name for channel in channels_of(server.hub.state, account.aid)] == ["#a"]


def test_who_may_not(server: Server, alice: Client) -> None:
    bob = server.client("bob", account=server.account("bob"))
    carl = server.client("carl")
    server.channel("#a", bob)
    server.channel("#b", alice, bob)
    server.channel("#c", carl)
    aid = {
        name: getattr(server.hub.state.account_named(name), "aid", "") for name in ("alice", "bob")
    }

    def claim(client: Client, channel: str, name: str) -> events.ChannelRegistered:
        founder = aid.get(name, "gone")
        return events.ChannelRegistered(
            uid=client.session.uid, channel=channel, founder=founder, channels_max=1
        )

    assert refusal(server, claim(bob, "#nowhere", "bob")) == "NO_SUCH_CHANNEL"
    assert refusal(server, claim(bob, "#b", "bob")) == "482"
    assert refusal(server, claim(carl, "#c", "bob")) == "ACCOUNT_REQUIRED"
    assert refusal(server, claim(alice, "#a", "alice")) == "ALREADY_REGISTERED"
    assert refusal(server, claim(alice, "#b", "alice")) == "TOO_MANY_CHANNELS"
    gone = events.ChannelRegistered(channel="#b", founder="gone")
    assert refusal(server, gone) == "ACCOUNT_UNKNOWN"


# -- what stays -------------------------------------------------------------------------------


def test_it_stays_when_empty_with_all_that_holds_there(open_server: OpenServer) -> None:
    """Registered channels keep topic, modes and bans when everyone left, and over a restart."""
    server = open_server()
    account = server.account("alice")
    alice = server.client("alice", account=account)
    server.channel("#a", alice)
    register(server, alice)
    alice.ask("TOPIC #a :mine", "MODE #a +b eve!*@*", "PART #a")
    server = open_server()
    bob = server.client("bob")
    answers = bob.ask("JOIN #a")
    assert answers == [
        ":bob JOIN #a",
        "332 bob #a mine",
        answers[2],
        "353 bob = #a bob",
        "366 bob #a :End of /NAMES list",
    ]
    alice = server.client("alice", account=server.hub.state.accounts[account.aid])
    assert "353 alice = #a :bob ~alice" in alice.ask("JOIN #a")
    assert bob.heard() == [":alice JOIN #a", ":ChanServ MODE #a +q alice"]
    assert commands(server.client("eve").read("JOIN #a")) == ["474"]


def test_no_mode_of_their_channel_keeps_the_founder_out(open_server: OpenServer) -> None:
    """A channel that was +i when the server ended is not closed to all."""
    server = open_server()
    account = server.account("alice")
    alice = server.client("alice", account=account)
    server.channel("#a", alice)
    register(server, alice)
    alice.ask("MODE #a +iklbR key 1 *!*@*")
    server = open_server()
    assert commands(server.client("bob").read("JOIN #a key")) == ["473"]
    alice = server.client("alice", account=server.hub.state.accounts[account.aid])
    assert commands(alice.read("JOIN #a"))[0] == "JOIN"


@pytest.mark.parametrize(("letter", "comes"), [("a", True), ("h", True), ("v", False)])
def test_who_may_invite_needs_no_invitation(
    server: Server, alice: Client, letter: str, *, comes: bool
) -> None:
    happen(server, access(server, "bob", letter))
    bob = server.client("bob", account=server.hub.state.account_named("bob"))
    alice.ask("MODE #a +i")
    assert commands(bob.read("JOIN #a"))[0] == ("JOIN" if comes else "473")


def test_dropped_it_is_a_channel_like_any_other(server: Server, alice: Client) -> None:
    bob = server.client("bob")
    server.channel("#a", bob)
    happen(server, access(server, "carl", "a"))
    carl = server.client("carl", account=server.hub.state.account_named("carl"))
    server.channel("#a", carl)
    happen(server, events.ChannelDropped(uid=alice.session.uid, channel="#a"))
    assert bob.heard()[-2:] == [":ChanServ MODE #a -q alice", ":ChanServ MODE #a -a carl"]
    assert server.hub.state.channels["#a"].access == ()
    for client in (alice, bob, carl):
        client.ask("PART #a")
    assert "#a" not in server.hub.state.channels


def test_one_that_is_dropped_while_empty(server: Server, alice: Client) -> None:
    alice.ask("PRIVMSG #a :said", "PART #a")
    happen(server, events.ChannelDropped(channel="#a"))
    assert list(server.hub.state.empty) == ["#a"]
    alice.ask("JOIN #a")
    register(server, alice)
    alice.ask("MODE #a +i", "PART #a")
    assert "#a" in server.hub.state.channels
    happen(server, events.ChannelDropped(channel="#a"))
    assert "#a" not in server.hub.state.channels


# -- whose it is ------------------------------------------------------------------------------


def test_a_channel_changes_hands(server: Server, alice: Client) -> None:
    bob = server.client("bob", account=server.account("bob"))
    server.channel("#a", bob)
    account = server.hub.state.account_named("bob")
    assert account is not None
    mine = events.ChannelTransferred(
        uid=alice.session.uid, channel="#a", founder=account.aid, channels_max=1
    )
    theirs = events.ChannelTransferred(uid=bob.session.uid, channel="#a", founder=account.aid)
    assert refusal(server, theirs) == "NOT_FOUNDER"
    happen(server, mine)
    assert bob.heard() == [":ChanServ MODE #a +a-q alice alice", ":ChanServ MODE #a +q bob"]
    assert refusal(server, mine) == "NOT_FOUNDER"
    assert (
        refusal(server, events.ChannelDropped(uid=alice.session.uid, channel="#a")) == "NOT_FOUNDER"
    )


def test_the_channels_of_an_account_that_ends_are_nobodys(server: Server, alice: Client) -> None:
    bob = server.client("bob", account=server.account("bob"))
    server.channel("#a", bob)
    server.channel("#b", bob)
    account = server.hub.state.account_named("bob")
    owner = server.hub.state.account_named("alice")
    assert account is not None
    assert owner is not None
    happen(server, access(server, "bob", "o"))
    happen(server, events.AccountRemoved(aid=account.aid))
    assert server.hub.state.channels["#a"].access == ()
    assert server.hub.state.channels["#a"].founder == owner.aid
    happen(server, events.AccountRemoved(aid=owner.aid))
    assert "#a" not in server.hub.state.channels


# -- who is what ------------------------------------------------------------------------------


def test_an_accounts_role_is_given_when_it_enters_and_at_once(
    server: Server, alice: Client
) -> None:
    bob = server.client("bob", account=server.account("bob"))
    server.channel("#a", bob)
    happen(server, access(server, "bob", "o", alice))
    assert bob.heard() == [":ChanServ MODE #a +o bob"] == alice.heard()
    bob.ask("PART #a")
    assert bob.ask("JOIN #a")[0] == ":bob JOIN #a"
    assert alice.heard()[-1] == ":ChanServ MODE #a +o bob"
    happen(server, access(server, "bob", "v", alice))
    assert alice.heard() == [":ChanServ MODE #a +v-o bob bob"]
    happen(server, access(server, "bob", "", alice))
    assert alice.heard() == [":ChanServ MODE #a -v bob"]


def test_who_logs_in_becomes_what_they_are(server: Server, alice: Client) -> None:
    happen(server, access(server, "bob", "h"))
    bob = server.client("bob2")
    server.channel("#a", bob)
    account = server.hub.state.account_named("bob")
    assert account is not None
    happen(server, events.UserLoggedIn(uid=bob.session.uid, account=account.aid))
    assert alice.heard()[-1] == ":ChanServ MODE #a +h bob2"


@pytest.mark.parametrize(
    ("own", "may"), [("q", "qaohv-"), ("a", "ohv-"), ("o", "-"), ("h", "-"), ("v", "-")]
)
def test_who_says_what_others_are(server: Server, alice: Client, own: str, may: str) -> None:
    """Below themselves, administrators of the channel and above; founders as they like."""
    happen(server, access(server, "bob", own))
    bob = server.client("bob", account=server.hub.state.account_named("bob"))
    for letter in "qaohv":
        claim = access(server, "carl", letter, bob)
        if letter in may:
            check(server.hub.state, claim)
        else:
            assert refusal(server, claim) == "PRIVILEGES_NEEDED"
    check(server.hub.state, access(server, "bob", "", bob))
    happen(server, access(server, "dora", "a"))
    if own != "q":
        assert refusal(server, access(server, "dora", "", bob)) == "PRIVILEGES_NEEDED"
        assert refusal(server, access(server, "bob", "q", bob)) == "PRIVILEGES_NEEDED"
    assert alice.nick == "alice"


def test_bad_claims_on_roles(server: Server, alice: Client) -> None:
    assert refusal(server, access(server, "alice", "o", alice)) == "IS_FOUNDER"
    assert refusal(server, access(server, "bob", "x", alice)) == "UNKNOWN_ROLE"
    gone = events.AccessChanged(channel="#a", aid="gone", letter="o")
    assert refusal(server, gone) == "ACCOUNT_UNKNOWN"
    elsewhere = events.AccessChanged(channel="#b", aid="gone", letter="o")
    assert refusal(server, elsewhere) == "CHANNEL_NOT_REGISTERED"
    happen(server, access(server, "bob", "v"))
    full = access(server, "carl", "v")
    full = events.AccessChanged(channel="#a", aid=full.aid, letter="v", entries_max=1)
    assert refusal(server, full) == "LIST_FULL"


def test_standing_needs_nobody_to_be_there(server: Server, alice: Client) -> None:
    happen(server, access(server, "bob", "h"))
    state = server.hub.state
    channel, bob = state.channels["#a"], state.account_named("bob")
    assert bob is not None
    assert standing(channel, bob.aid) == Rank.HALFOP
    assert standing(channel, channel.founder) == Rank.FOUNDER
    assert standing(channel, "") == Rank.NONE
    assert alice.nick == "alice"
