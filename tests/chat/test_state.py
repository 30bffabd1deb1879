"""The live state (chat/state.py): its tables agree with each other after any change."""

from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from msgspec.structs import replace

from xchat.chat.apply.sight import meets
from xchat.chat.entities import Channel, User
from xchat.chat.kept import state_of
from xchat.chat.modes import OPERATOR, VOICE
from xchat.chat.state import Row, State
from xchat.irc import names

NICKS = ("alice", "Alice", "გიორგი", "paypal", "раураl", "bob", "ΒΟΒ", "Σίσυφος", "σίσυφοσ")
CHANNELS = ("#a", "#A", "#ალფა", "#аlfa")


def user(uid: str, nick: str) -> User:
    return User(uid=uid, node="n", nick=nick, user="u", host="h", realname="R", since=0)


@pytest.fixture
def state() -> State:
    state = State()
    state.put_user(user("1", "Alice"))
    state.put_channel(Channel(cid="c", name="#Talk", created=0))
    state.put_member("#talk", "1", OPERATOR)
    return state


def test_names_are_found_however_they_are_spelt(state: State) -> None:
    assert state.user_by_nick("aLICE") is state.users["1"]
    assert state.channel("#tALK") is state.channels["#talk"]
    for name in ("nobody", "a b", "\u202e", ""):
        assert state.user_by_nick(name) is None
        assert state.channel(name) is None


def test_a_nick_that_looks_taken_is_taken(state: State) -> None:
    state.put_user(user("2", "paypal"))
    holder = state.nick_taken("раураl")
    assert holder is state.users["2"]
    assert state.nick_taken("раураl", "2") is None, "but not from its holder"
    state.put_user(user("2", "other"))
    assert state.nick_taken("paypal") is None
    assert state.nick_taken("раураl") is None


def test_a_channel_that_looks_like_another(state: State) -> None:
    assert state.look_alike("#Таlk") is state.channels["#talk"]
    assert state.look_alike("#walk") is None
    state.drop_member("#talk", "1")
    state.drop_channel("#talk")
    assert state.look_alike("#Таlk") is None


def test_who_shares_a_channel(state: State) -> None:
    state.put_user(user("2", "bob"))
    assert not meets(state, "1", "2")
    state.put_member("#talk", "2", 0)
    assert meets(state, "1", "2")


def test_changes_are_taken_once_each_entity_once(state: State) -> None:
    state.changes()
    state.put_user(user("1", "a"))
    state.put_user(user("1", "b"))
    state.drop_member("#talk", "1")
    rows = dict(state.changes())
    assert rows.keys() == {"u 1", "m #talk 1"}
    assert b'"nick":"b"' in (rows["u 1"] or b"")
    assert rows["m #talk 1"] is None
    assert state.changes() == []


def test_nicks_that_changed_hands_are_taken_back(state: State) -> None:
    state.put_user(user("2", "bob"))
    state.put_away("2", "fishing")
    state.changes()
    state.confirm()
    state.put_user(user("1", "carl"))
    state.put_away("2", None)
    state.drop_user("2")
    state.put_user(user("3", "Alice"))
    state.put_user(user("1", "bob"))
    state.take_back()
    assert state.nicks == {"alice": "1", "bob": "2"}
    assert state.away == {"2": "fishing"}


def test_presence_costs_nothing_of_others(state: State) -> None:
    """One AWAY, or one who quits, does not copy what everyone else's is."""
    away = state.away
    state.put_away("1", "fishing")
    state.put_away("1", None)
    assert state.away is away


class Machine(RuleBasedStateMachine):
    """Any users and channels come, change and go; what is kept makes the same state."""

    def __init__(self) -> None:
        super().__init__()
        self.state = State()
        self.kept: dict[str, bytes] = {}
        self.away: dict[str, str] = {}
        self.count = 0

    @rule(nick=st.sampled_from(NICKS))
    def come(self, nick: str) -> None:
        if self.state.nick_taken(nick) is None:
            self.count += 1
            self.state.put_user(user(str(self.count), nick))

    @precondition(lambda self: self.state.users)
    @rule(data=st.data(), nick=st.sampled_from(NICKS))
    def rename(self, data: st.DataObject, nick: str) -> None:
        one = data.draw(st.sampled_from(list(self.state.users.values())))
        if self.state.nick_taken(nick, one.uid) is None:
            self.state.put_user(replace(one, nick=nick))

    @precondition(lambda self: self.state.users)
    @rule(
        data=st.data(), name=st.sampled_from(CHANNELS), roles=st.sampled_from((0, VOICE, OPERATOR))
    )
    def join(self, data: st.DataObject, name: str, roles: int) -> None:
        uid = data.draw(st.sampled_from(list(self.state.users)))
        folded = names.fold(name)
        if folded not in self.state.channels:
            if self.state.look_alike(name) is not None:
                return
            self.state.put_channel(Channel(cid="c", name=name, created=0))
        self.state.put_member(folded, uid, roles)

    @precondition(lambda self: self.state.users)
    @rule(data=st.data())
    def go(self, data: st.DataObject) -> None:
        uid = data.draw(st.sampled_from(list(self.state.users)))
        for folded in list(self.state.joined[uid]):
            self.state.drop_member(folded, uid)
            if not self.state.members[folded]:
                self.state.drop_channel(folded)
        self.state.drop_user(uid)

    @precondition(lambda self: self.state.users)
    @rule(data=st.data(), message=st.sampled_from((None, "fishing", "asleep")))
    def go_away(self, data: st.DataObject, message: str | None) -> None:
        self.state.put_away(data.draw(st.sampled_from(list(self.state.users))), message)

    @precondition(lambda self: self.state.channels)
    @rule(data=st.data(), emptied=st.integers(0, 9))
    def change_channel(self, data: st.DataObject, emptied: int) -> None:
        one = data.draw(st.sampled_from(list(self.state.channels.values())))
        self.state.put_channel(replace(one, emptied=emptied))

    @rule()
    def keep(self) -> None:
        self._keep(self.state.changes())
        self.state.confirm()
        self.away = dict(self.state.away)
        self._compare(state_of(self.kept.items()))

    @rule(has_tried=st.booleans())
    def refuse(self, *, has_tried: bool) -> None:
        """What was not kept is taken back, whatever it was."""
        if has_tried:
            self.state.changes()
        self.state.take_back()
        assert self.state.changes() == []
        assert self.state.away == self.away
        self._compare(state_of(self.kept.items()))
        assert [self.state.channels[folded].emptied for folded in self.state.empty] == sorted(
            one.emptied for one in self.state.channels.values() if one.emptied
        )

    def _compare(self, again: State) -> None:
        assert again.users == self.state.users
        assert again.channels == self.state.channels
        assert again.members == self.state.members
        assert again.joined == self.state.joined
        assert again.nicks == self.state.nicks
        assert again.empty == self.state.empty
        for nick in NICKS:
            assert (again.nick_taken(nick) is None) is (self.state.nick_taken(nick) is None), nick
        for name in CHANNELS:
            assert (again.look_alike(name) is None) is (self.state.look_alike(name) is None), name

    def _keep(self, rows: list[Row]) -> None:
        for key, value in rows:
            if value is None:
                self.kept.pop(key, None)
            else:
                self.kept[key] = value

    @invariant()
    def nicks_and_users_agree(self) -> None:
        found = {names.fold(user.nick): uid for uid, user in self.state.users.items()}
        assert self.state.nicks == found

    @invariant()
    def every_holder_of_a_nick_is_found_by_it(self) -> None:
        for uid, one in self.state.users.items():
            holder = self.state.nick_taken(one.nick)
            assert holder is not None
            assert holder.uid == uid

    @invariant()
    def members_and_joined_agree(self) -> None:
        pairs = {(folded, uid) for folded, uids in self.state.members.items() for uid in uids}
        assert pairs == {(folded, uid) for uid, at in self.state.joined.items() for folded in at}


Machine.TestCase.settings = settings(max_examples=30, stateful_step_count=30, deadline=None)
TestAnyHistory = Machine.TestCase
