"""Events as they stand in the log (chat/events)."""

from __future__ import annotations

import msgspec
import pytest

from xchat.chat import events

KEPT = (
    events.NodeStarted(node="n"),
    events.UserRegistered(uid="1", node="n", nick="ნ", user="u", host="h", realname="R"),
    events.UserRegistered(
        uid="1", node="n", nick="ნ", user="u", host="h", realname="R", account="2"
    ),
    events.SessionDetached(uid="1", sid="2", reason="x"),
    events.UserQuit(uid="1", reason=""),
    events.AccountRegistered(name="ნ", password="$argon2id$", scram="1", always_present=True),
    events.CredentialsChanged(aid="1", password="$argon2id$"),
    events.AccountChanged(aid="1", nicks=("a", "b"), role="operator"),
    events.AccountSuspended(aid="1", reason=None),
    events.AccountRemoved(aid="1"),
    events.InviteMade(sha256="ab" * 32, name="ნ", by="root", until=5, uses=2, invites_max=9),
    events.InviteRedeemed(sha256="ab" * 32, at=4, key="cd" * 32, device="ლეპტოპი"),
    events.InviteRedeemed(sha256="ab" * 32, at=4, uid="1", password="$argon2id$", scram="1"),
    events.InviteWithdrawn(sha256="ab" * 32, until=5),
    events.UserLoggedIn(uid="1", account="2"),
    events.UserLoggedOut(uid="1"),
    events.MarkedRead(uid="1", target="#a", ts=5),
    events.BanAdded(kind="mask", mask="*!*@h", by="root", reason="x", until=1, bans_max=5),
    events.BanRemoved(kind="mask", mask="*!*@h"),
    events.Broadcast(text="დილა მშვიდობისა"),
    events.SessionsEnded(sids=("1", "2"), reason="x"),
    events.Administered(who="root", act="reload"),
    events.Administered(
        who="root", act="user add", what="ნ", event=events.AccountRegistered(name="ნ", password="p")
    ),
    events.NickChanged(uid="1", nick="b"),
    events.RealnameChanged(uid="1", realname="გიორგი"),
    events.UserModesChanged(uid="1", modes=""),
    events.UserAccepted(uid="1", target="2", accepted=False),
    events.OperatorGranted(uid="1", name="root", role="admin"),
    events.HostChanged(uid="1", user="~u", host="h"),
    events.UserKilled(uid="1", target="2", reason="x"),
    events.MetadataSet(uid="1", target="#a", values={"a": "b", "c": None}),
    events.MetadataCleared(uid="1", target="2"),
    events.ChannelJoined(uid="1", channel="#a", key="k"),
    events.ChannelParted(uid="1", channel="#a"),
    events.ChannelParted(uid="1", channel="#a", reason="x"),
    events.UserKicked(uid="1", channel="#a", target="2", reason="x"),
    events.TopicChanged(uid="1", channel="#a", topic=""),
    events.TopicChanged(uid="1", channel="#a", topic=None),
    events.ModesChanged(
        uid="1",
        channel="#a",
        changes=(events.ModeChange("+", "o", "2"), events.ModeChange("-", "i")),
    ),
    events.UserInvited(uid="1", channel="#a", target="2"),
    events.BansEnded(channel="#a", cid="2", due=1_000, server="s"),
    events.ChannelRenamed(uid="1", channel="#a", name="#b", reason="why"),
    events.ChannelRegistered(uid="1", channel="#a", founder="2", channels_max=20),
    events.ChannelTransferred(channel="#a", founder="3"),
    events.ChannelDropped(uid="1", channel="#a"),
    events.AccessChanged(channel="#a", aid="2", letter="o", entries_max=5),
    events.StandingClaimed(uid="1", channel="#a"),
    events.RetentionSet(uid="1", channel="#a", days=30, messages=1_000),
    events.MessageSent(uid="1", command="PRIVMSG", target="#a", text="👋", tags={"+x": "a b;"}),
    events.MessageRedacted(uid="1", target="#a", history="2", msgid="x-3", author="1"),
    events.MessageSent(uid="1", command="TAGMSG", target="2", text=None, tags={"+x": ""}),
)
NOT_KEPT = {events.TypingNotified, events.AwayChanged, events.WallopsSent}


@pytest.mark.parametrize("event", KEPT, ids=str)
def test_what_is_written_reads_the_same(event: events.Event) -> None:
    data = events.encode(event)
    assert events.decode(data) == event
    assert events.encode(events.decode(data)) == data


def test_every_event_is_kept_or_known_not_to_be() -> None:
    assert {type(event) for event in KEPT} | NOT_KEPT == set(events.Event.__subclasses__())


def test_a_field_that_an_older_log_lacks_has_its_default() -> None:
    """A field may be added with a default, and never renamed."""
    data = b'{"k":"channel-parted","uid":"1","channel":"#a"}'
    assert events.decode(data) == events.ChannelParted(uid="1", channel="#a", reason=None)


@pytest.mark.parametrize(
    "data",
    [b"", b"{}", b"[]", b'{"k":"nosuch"}', b'{"k":"user-quit"}', b'{"k":"user-quit","uid":1}'],
)
def test_what_is_no_event(data: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        events.decode(data)
