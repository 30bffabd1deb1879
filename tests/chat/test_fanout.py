"""Who hears what (chat/fanout.py): rooms, variants, the dirty."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from xchat.chat import effects
from xchat.chat.entities import Channel, User
from xchat.chat.fanout import Fanout
from xchat.chat.lines import Line
from xchat.chat.outcomes import OUTCOMES
from xchat.chat.session import Request, Session
from xchat.irc.capabilities import AWAY_NOTIFY, ECHO_MESSAGE, MESSAGE_TAGS, SERVER_TIME
from xchat.irc.message import Message

HI = Line("a!a@a", "PRIVMSG", ("#a", "hi"), 1_000, "id")
PLAIN = b":a!a@a PRIVMSG #a :hi\r\n"


@pytest.fixture
def fanout() -> Fanout:
    return Fanout()


def come(fanout: Fanout, uid: str, *channels: str, caps: int = 0) -> Session:
    """Return a session of a user, who is in these channels."""
    session = Session(uid, "127.0.0.1", 0.0)
    session.caps = caps
    fanout.welcome(uid, session)
    for folded in channels:
        fanout.enter(uid, folded)
    return session


def asks(session: Session) -> Request:
    return Request(session, Message("X"), "s")


def told(*sessions: Session) -> list[list[bytes]]:
    """Return what waits for each session, and take it."""
    found = [list(session.outbox) for session in sessions]
    for session in sessions:
        session.outbox.clear()
    return found


def test_all_of_one_variant_share_the_very_same_bytes(fanout: Fanout) -> None:
    """A line is written out once for each variant of capabilities present."""
    one, two = come(fanout, "1", "#a"), come(fanout, "2", "#a")
    timed = come(fanout, "3", "#a", caps=SERVER_TIME)
    fanout.carry_out(effects.ChannelMessage("#a", HI), None)
    assert one.outbox == [PLAIN]
    assert one.outbox[0] is two.outbox[0]
    assert timed.outbox == [b"@time=1970-01-01T00:00:01.000Z " + PLAIN]


def test_capabilities_that_make_no_difference_share_too(fanout: Fanout) -> None:
    one, two = come(fanout, "1", "#a"), come(fanout, "2", "#a", caps=AWAY_NOTIFY | ECHO_MESSAGE)
    fanout.carry_out(effects.ChannelMessage("#a", HI), None)
    assert one.outbox[0] is two.outbox[0]


@pytest.mark.parametrize(("caps", "echo"), [(0, []), (ECHO_MESSAGE, [PLAIN])])
def test_who_sent_a_message_hears_it_with_echo_message(
    fanout: Fanout, caps: int, echo: list[bytes]
) -> None:
    one, two = come(fanout, "1", "#a", caps=caps), come(fanout, "2", "#a")
    fanout.carry_out(effects.ChannelMessage("#a", HI), asks(one))
    assert told(one, two) == [echo, [PLAIN]]


def test_who_changed_a_channel_hears_of_it_in_its_place(fanout: Fanout) -> None:
    """Its own copy comes among its replies, in the order of its commands."""
    one, two = come(fanout, "1", "#a"), come(fanout, "2", "#a")
    earlier, later = asks(one), asks(one)
    earlier.wait()
    later.wait()
    fanout.carry_out(effects.ToChannel("#a", HI), later)
    assert told(one, two) == [[], [PLAIN]]
    for request in (later, earlier):
        request.finish()
        request.settled()
    assert told(one) == [[PLAIN]]


def test_only_those_with_the_capabilities_needed(fanout: Fanout) -> None:
    one, two = come(fanout, "1", "#a"), come(fanout, "2", "#a", caps=MESSAGE_TAGS)
    fanout.carry_out(effects.ChannelMessage("#a", HI, MESSAGE_TAGS), None)
    assert told(one, two) == [[], [b"@msgid=id " + PLAIN]]


def test_the_other_devices_of_who_speaks_hear_it(fanout: Fanout) -> None:
    one = come(fanout, "1")
    phone = come(fanout, "1", "#a")
    fanout.carry_out(effects.ChannelMessage("#a", HI), asks(one))
    assert told(one, phone) == [[], [PLAIN]]


def test_to_one_and_to_several_users(fanout: Fanout) -> None:
    one, two, three = (come(fanout, uid) for uid in "123")
    fanout.carry_out(effects.ToUser("1", HI), None)
    fanout.carry_out(effects.ToUsers(("2", "3", "nobody"), HI), None)
    assert told(one, two, three) == [[PLAIN]] * 3
    assert fanout.take_dirty() == {one, two, three}


def test_neighbours_hear_once_and_oneself_not(fanout: Fanout) -> None:
    one = come(fanout, "1", "#a", "#b")
    both, other, far = (
        come(fanout, "2", "#a", "#b"),
        come(fanout, "3", "#b"),
        come(fanout, "4", "#c"),
    )
    fanout.carry_out(effects.ToNeighbours(("#a", "#b"), "1", HI), asks(one))
    assert told(one, both, other, far) == [[], [PLAIN], [PLAIN], []]


def test_who_enters_hears_their_entrance_and_who_leaves_nothing_after(fanout: Fanout) -> None:
    one, two = come(fanout, "1", "#a"), come(fanout, "2")
    user = User(uid="2", node="n", nick="b", user="b", host="h", realname="B", since=0)
    channel = Channel(cid="1", name="#a", created=0)
    line = Line("b!b@h", "JOIN", ("#a",))
    entered = effects.Entered("2", "#a", channel, line, ((user, 0),))
    fanout.carry_out(entered, asks(two))
    assert told(one, two) == [[b":b!b@h JOIN #a\r\n"]] * 2
    fanout.carry_out(effects.Left("2", "#a"), None)
    fanout.carry_out(effects.ToChannel("#a", HI), None)
    assert told(one, two) == [[PLAIN], []]


def test_what_was_told_before_leaving_is_still_to_be_sent(fanout: Fanout) -> None:
    """Who was told something is found once a turn, by room; leaving it forgets nobody."""
    one, two = come(fanout, "1", "#a"), come(fanout, "2", "#a")
    fanout.take_dirty()
    fanout.carry_out(effects.ToChannel("#a", HI), None)
    fanout.leave("2", "#a")
    fanout.leave("1", "#a")
    assert fanout.take_dirty() == {one, two}
    assert fanout.take_dirty() == set()


def test_changing_capabilities_changes_what_is_heard(fanout: Fanout) -> None:
    one = come(fanout, "1", "#a", "#b")
    fanout.regroup(one, SERVER_TIME, ("#a", "#b", "#c"))
    for folded in ("#a", "#b"):
        fanout.carry_out(effects.ChannelMessage(folded, HI), None)
    assert [line[:6] for line in one.outbox] == [b"@time="] * 2
    fanout.leave("1", "#a")
    one.outbox.clear()
    fanout.carry_out(effects.ChannelMessage("#a", HI), None)
    assert one.outbox == []


def test_two_who_change_capabilities_stay_in_their_rooms(fanout: Fanout) -> None:
    sessions = [come(fanout, str(number), "#a") for number in range(4)]
    for number, session in enumerate(sessions):
        fanout.regroup(session, SERVER_TIME if number % 2 else AWAY_NOTIFY, ("#a",))
    fanout.carry_out(effects.ChannelMessage("#a", HI), None)
    assert [len(session.outbox) for session in sessions] == [1] * 4


def test_a_user_who_is_gone_is_forgotten_with_their_sessions(fanout: Fanout) -> None:
    one = come(fanout, "1", "#a")
    fanout.leave("1", "#a")
    assert fanout.gone("1") == [one]
    assert fanout.gone("1") == []
    fanout.carry_out(effects.ToUser("1", HI), None)
    fanout.carry_out(effects.ChannelMessage("#a", HI), None)
    assert one.outbox == []


def test_empty_rooms_cost_nothing(fanout: Fanout) -> None:
    for number in range(100):
        come(fanout, str(number), f"#{number}")
        fanout.leave(str(number), f"#{number}")
    assert fanout._rooms == {}


def kinds() -> Iterable[type[effects.Effect]]:
    return effects.Effect.__subclasses__()


def test_every_kind_of_effect_is_carried_out_somewhere() -> None:
    assert set(kinds()) == set(OUTCOMES) | set(Fanout._PERFORM)
