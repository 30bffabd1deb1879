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
        and one.read == other.read
        and one.bans == other.bans
        and one.invites == other.invites
        and one.ends == other.ends
        and one._owners == other._owners
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
        channel = state.channels[name]
        rests = not members and not channel.founder
        assert rests is (name in state.empty), "who is in a channel is not counted right"
        assert rests is bool(channel.emptied)
    for invite in state.invites.values():
        keys = {use.key for use in invite.redeemed}
        assert len(keys) == len(invite.redeemed) <= invite.uses, "an invite is used too often"
        assert bool(invite.aid) >= bool(keys), "an invite was used, and no account is there"
        assert not invite.aid or invite.aid in state.accounts, "an invite to no account"
    for user in state.users.values():
        assert bool(user.sessions) is not bool(user.detached), "nobody is attached, and nobody away"
        assert user.sessions or user.account, "somebody stays who has no account"
        assert not user.account or user.account in state.accounts, "logged in to nothing"


def rejoining(hub: Hub) -> set[str]:
    """Return the sids of the devices that have yet to be told of channels of their user."""
    return {
        sid
        for sid, session in hub.sessions.items()
        if session.rejoining is not None or session in hub.streams
    }


def check_fanout(hub: Hub) -> None:
    """Who hears a channel is who is in it, on each device, with the capabilities it has."""
    live = {sid: session for sid, session in hub.sessions.items() if session.ending is None}
    expected = {
        (folded, sid, session.caps)
        for sid, session in live.items()
        for folded in hub.state.joined.get(session.uid, ())
    }
    sessions = {
        (folded, session, caps)
        for folded, room in hub.fanout._rooms.items()
        for caps, group in room.items()
        for session in group
    }
    actual = {(folded, session.sid, caps) for folded, session, caps in sessions}
    actual = {item for item in actual if item[1] in live}
    assert actual <= expected, "who hears is not who is there"
    late = rejoining(hub)
    assert all(item[1] in late for item in expected - actual), "who is there does not hear"
    gone = [session for _, session, _ in sessions if session.uid not in hub.state.users]
    assert not gone, "who is gone still hears"
    assert all(group for room in hub.fanout._rooms.values() for group in room.values())
    assert hub.fanout.sessions.keys() <= hub.state.users.keys()


def check_wire(wire: Wire, hub: Hub) -> None:
    """Hold what a client was told against the truth, once it has read it all."""
    session = wire.session
    if session.ending is not None or session.backlog:
        return
    told = [token for token in wire.told if token not in wire.perhaps]
    assert told == wire.due, f"{wire.nick} heard {told}, and should have {wire.due}"
    wire.told.clear()
    wire.due.clear()
    wire.perhaps.clear()
    user = hub.state.users.get(session.uid)
    assert wire.registered == session.registered == (user is not None)
    if user is None:
        return
    assert wire.nick == user.nick, "a client is called otherwise than it believes"
    if session.sid in rejoining(hub):
        return
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
