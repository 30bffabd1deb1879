"""What must hold after every turn, between what the server believes, its file, and its clients."""

from __future__ import annotations

from tests.chat.simulation.referee import Referee
from tests.chat.simulation.wire import Room, Wire
from xchat.chat.hub import Hub
from xchat.chat.modes import ROLES
from xchat.chat.state import State
from xchat.irc import names
from xchat.irc.capabilities import MULTI_PREFIX
from xchat.store.store import SqliteStore


def same_state(one: State, other: State) -> bool:
    """Say whether two states are one, presence left out."""
    return (
        one.users == other.users
        and one.channels == other.channels
        and one.members == other.members
        and one.joined == other.joined
        and one.nicks == other.nicks
        and one.accounts == other.accounts
        and one.metadata == other.metadata
        and one._nick_looks == other._nick_looks
        and one._channel_looks == other._channel_looks
    )


def check_server(hub: Hub, store: SqliteStore, referee: Referee) -> None:
    """Hold the state in memory, in the file, and as the log comes to, against each other."""
    state = hub.state
    assert store.seq == referee.seq, "the server counts otherwise than its file"
    assert same_state(state, store.state()), "the state in memory is not the one in the file"
    assert same_state(state, referee.state), "the state in memory is not what the log comes to"
    folded = [names.fold(user.nick) for user in state.users.values()]
    assert len(set(folded)) == len(folded), "a nick has two holders"
    assert state.away.keys() <= state.users.keys()
    for name, members in state.members.items():
        assert (not members) is (name in state.empty), "who is in a channel is not counted right"
        assert (not members) is bool(state.channels[name].emptied)


def check_fanout(hub: Hub) -> None:
    """Who hears a channel is who is in it: each with the capabilities they have."""
    live = {uid for uid, session in hub.sessions.items() if session.closing is None}
    expected = {
        (folded, uid, hub.sessions[uid].caps)
        for folded, members in hub.state.members.items()
        for uid in members
        if uid in live
    }
    actual = {
        (folded, session.uid, caps)
        for folded, room in hub.fanout._rooms.items()
        for caps, group in room.items()
        for session in group
    }
    assert {item for item in actual if item[1] in live} == expected, "who hears is not who is there"
    assert all(uid in hub.state.users for _, uid, _ in actual), "who is gone still hears"
    assert all(group for room in hub.fanout._rooms.values() for group in room.values())
    assert hub.fanout.sessions.keys() <= hub.state.users.keys()


def check_wire(wire: Wire, hub: Hub) -> None:
    """Hold what a client was told against the truth, once it has read it all."""
    session = wire.session
    if session.closing is not None or session.backlog:
        return
    assert wire.told == wire.due, f"{wire.nick} heard {wire.told}, and should have {wire.due}"
    wire.told.clear()
    wire.due.clear()
    user = hub.state.users.get(session.uid)
    assert wire.registered == session.registered == (user is not None)
    if user is None:
        return
    assert wire.nick == user.nick, "a client is called otherwise than it believes"
    joined = hub.state.joined[session.uid]
    assert wire.rooms.keys() == joined.keys(), (
        f"{session.uid} is in {list(joined)}, and believes it is in {list(wire.rooms)}"
    )
    for folded, room in wire.rooms.items():
        _check_room(wire, folded, room, hub.state)


def _check_room(wire: Wire, folded: str, room: Room, state: State) -> None:
    roles_by_nick = {
        state.users[uid].nick: {role.letter for role in ROLES if bits & role.bit}
        for uid, bits in state.members[folded].items()
    }
    where = f"{wire.nick} in {folded}"
    assert room.complete, f"{where} was never told who is there"
    assert room.nicks.keys() == roles_by_nick.keys(), f"{where} believes in others than are there"
    room.knows_roles &= bool(wire.session.caps & MULTI_PREFIX)
    assert not room.knows_roles or room.nicks == roles_by_nick, f"{where} believes in other roles"
    topic = state.channels[folded].topic
    assert room.topic == (topic.text if topic else None), f"{where} believes in another topic"
