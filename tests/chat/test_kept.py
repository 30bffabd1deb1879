"""From kept rows to the state, under a Unicode that is not the one they were written under."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest

from tests.chat.pair import OpenServer
from xchat.chat.entities import Channel, Member, User
from xchat.chat.kept import state_of
from xchat.chat.state import State
from xchat.irc import names

UNKNOWN = "\u1c89"
"""A letter of Unicode 16: this Python may be older, and another one will be."""


@pytest.fixture
def kept() -> dict[str, bytes]:
    """Return the rows of two users in two channels."""
    state = State()
    for uid, nick in (("1", "ana"), ("2", "bea")):
        state.put_user(user(uid, nick))
    for cid, name in (("c1", "#Talk"), ("c2", "#other")):
        state.put_channel(Channel(cid=cid, name=name, created=int(cid[1:])))
        state.put_member(names.fold(name), "1", 1)
        state.put_member(names.fold(name), "2", 0)
    return {key: value for key, value in state.changes() if value is not None}


def user(uid: str, nick: str) -> User:
    return User(uid=uid, node="n", nick=nick, user="u", host="h", realname="R", since=0)


def put(kept: dict[str, bytes], key: str, entity: User | Channel | Member) -> None:
    kept[key] = msgspec.json.encode(entity)


def keep(kept: dict[str, bytes], state: State) -> None:
    """Write the state's changes, as the store does."""
    for key, value in state.changes():
        if value is None:
            del kept[key]
        else:
            kept[key] = value


@pytest.fixture
def another_unicode(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let `q` fold as `k`, and one letter be unknown."""
    fold = names.fold

    def fold_otherwise(name: str) -> str:
        if UNKNOWN in name:
            raise names.BadName("holds a character that Unicode does not know")
        return fold(name.replace("q", "k"))

    monkeypatch.setattr(names, "fold", fold_otherwise)
    names.skeletons.cache_clear()
    yield
    names.skeletons.cache_clear()


@pytest.mark.usefixtures("another_unicode")
def test_a_channel_with_an_unknown_name_is_left_out_and_kept(kept: dict[str, bytes]) -> None:
    """A downgrade must not stop the start, nor cost the channel: an upgrade brings it back."""
    put(kept, f"c #{UNKNOWN}", Channel(cid="c3", name=f"#{UNKNOWN}", created=3))
    put(kept, f"m #{UNKNOWN} 1", Member(f"#{UNKNOWN}", "1", 0))
    state = state_of(kept.items())
    assert state.left_out == 1
    assert state.channels.keys() == {"#talk", "#other"}
    assert state.joined["1"].keys() == {"#talk", "#other"}
    keep(kept, state)
    assert f"c #{UNKNOWN}" in kept
    assert f"m #{UNKNOWN} 1" not in kept, "the user goes with this run; nobody else would drop it"


@pytest.mark.usefixtures("another_unicode")
def test_a_user_with_an_unknown_nick_is_gone(kept: dict[str, bytes]) -> None:
    """Their connection was one of another run, so nobody will miss the row."""
    put(kept, "u 3", user("3", UNKNOWN))
    put(kept, "m #talk 3", Member("#talk", "3", 0))
    state = state_of(kept.items())
    assert state.left_out == 1
    assert state.users.keys() == {"1", "2"}
    assert state.members["#talk"] == {"1": 1, "2": 0}
    keep(kept, state)
    assert not any(key.endswith("3") for key in kept)


@pytest.mark.usefixtures("another_unicode")
def test_a_name_that_folds_otherwise_has_one_row(kept: dict[str, bytes]) -> None:
    put(kept, "c #q", Channel(cid="c3", name="#q", created=3))
    put(kept, "m #q 1", Member("#q", "1", 1))
    state = state_of(kept.items())
    assert state.channels.keys() == {"#talk", "#other", "#k"}
    assert state.members["#k"] == {"1": 1}
    assert state.left_out == 0
    keep(kept, state)
    assert not any("#q" in key for key in kept)
    assert {"c #k", "m #k 1"} <= kept.keys()
    again = state_of(kept.items())
    assert again.members == state.members
    assert again.changes() == []


@pytest.mark.usefixtures("another_unicode")
def test_of_two_that_have_become_one_name_the_older_stays(kept: dict[str, bytes]) -> None:
    put(kept, "c #qq", Channel(cid="c3", name="#qq", created=4))
    put(kept, "c #kq", Channel(cid="c4", name="#kq", created=3))
    put(kept, "m #kq 1", Member("#kq", "1", 1))
    put(kept, "m #qq 2", Member("#qq", "2", 0))
    state = state_of(kept.items())
    assert state.channels["#kk"].cid == "c4"
    assert state.members["#kk"] == {"1": 1}, "and nobody gets in who was in the other"
    assert state.left_out == 1
    keep(kept, state)
    assert [key for key in kept if "k" in key and "talk" not in key] == ["c #kk", "m #kk 1"]
    assert "c #qq" not in kept


@pytest.mark.usefixtures("another_unicode")
def test_the_row_under_the_right_key_is_the_newer(kept: dict[str, bytes]) -> None:
    """Where the old row could not be dropped before the channel was written again."""
    put(kept, "c #q", Channel(cid="c3", name="#q", created=3))
    put(kept, "c #k", Channel(cid="c3", name="#q", created=3, spoken=True))
    state = state_of(kept.items())
    assert state.channels["#k"].spoken
    keep(kept, state)
    assert "c #q" not in kept


@pytest.mark.usefixtures("another_unicode")
def test_two_users_whose_nicks_have_become_one(kept: dict[str, bytes]) -> None:
    put(kept, "u 3", user("3", "qa"))
    put(kept, "u 4", user("4", "ka"))
    state = state_of(kept.items())
    assert state.nicks["ka"] == "3"
    assert state.left_out == 1
    for uid in ("3", "1", "2"):
        for folded in list(state.joined[uid]):
            state.drop_member(folded, uid)
        state.drop_user(uid)
    assert not state.nicks


def test_what_is_kept_under_its_own_key_owes_nothing(kept: dict[str, bytes]) -> None:
    state = state_of(kept.items())
    assert state.changes() == []
    assert state.left_out == 0


def test_a_server_starts_with_a_name_it_does_not_know(open_server: OpenServer) -> None:
    """It was a traceback."""
    server = open_server()
    server.client("ana").ask("JOIN #a", "PRIVMSG #a :hello")
    server.store._db.execute("UPDATE state SET value = replace(value, '\"#a\"', '\"#\uffff\"')")
    server = open_server()
    assert server.hub.state.left_out == 1
    assert not server.hub.state.channels
    assert server.client("ana").ask("JOIN #a")
