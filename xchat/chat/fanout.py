"""Who hears what: effects to bytes in outboxes.

The hot path of the whole server is `_tell`: a line is written out once for each
variant of capabilities present, and the same bytes object is appended to the
outbox of everyone who has that variant. Nothing is called, formatted or counted
for a single delivery; who has to be flushed is found once a turn, by room.

A room is a channel as it is heard: its sessions here, grouped by capabilities.
Rooms follow the effects, not the state, so that each line reaches those who
were there at its place in the log.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar

from xchat.chat import effects
from xchat.chat.lines import VARIANTS, Line, render
from xchat.chat.monitor import Monitor
from xchat.chat.session import Request, Session
from xchat.irc import names
from xchat.irc.capabilities import ECHO_MESSAGE, EXTENDED_MONITOR
from xchat.irc.numerics import RPL_MONOFFLINE, RPL_MONONLINE

Outbox = list[bytes]
Room = dict[int, dict[Session, Outbox]]


class Fanout:
    """The sessions of this server, by user and by channel."""

    def __init__(self, name: str = "*") -> None:
        self.name = name
        self.sessions: dict[str, list[Session]] = {}
        self.monitor = Monitor()
        self._rooms: dict[str, Room] = {}
        self._dirty: set[Session] = set()
        self._spoken_in: set[str] = set()

    # -- who is where -------------------------------------------------------------------------

    def welcome(self, uid: str, session: Session) -> None:
        """Let a session hear what its user hears."""
        self.sessions.setdefault(uid, []).append(session)

    def gone(self, uid: str) -> list[Session]:
        """Forget a user; return the sessions they had."""
        return self.sessions.pop(uid, [])

    def enter(self, uid: str, folded: str) -> None:
        """Let a user's sessions hear a channel."""
        room = self._rooms.setdefault(folded, {})
        for session in self.sessions.get(uid, ()):
            room.setdefault(session.caps, {})[session] = session.outbox

    def hear(self, session: Session, folded: str) -> None:
        """Let one session hear a channel."""
        group = self._rooms.setdefault(folded, {}).setdefault(session.caps, {})
        group[session] = session.outbox

    def hears(self, session: Session, folded: str) -> bool:
        """Say whether a session hears a channel."""
        return session in self._rooms.get(folded, {}).get(session.caps, ())

    def leave(self, uid: str, folded: str) -> None:
        """Let a user's sessions hear a channel no more."""
        room = self._rooms.get(folded, {})
        for session in self.sessions.get(uid, ()):
            self._remove(room, session)
            self._dirty.add(session)  # what it was told before it left is still to be sent
        if not room:
            self._rooms.pop(folded, None)

    def rename(self, old: str, new: str) -> None:
        """Let everybody who hears a channel hear it under another name."""
        room = self._rooms.pop(old, None)
        if room is not None:
            self._rooms[new] = room
            self._spoken_in.add(new)

    def tell(self, session: Session, line: Line, request: Request | None) -> None:
        """Tell one session a line, in its place among the answers if it is the one that asks."""
        self._to_sessions([session], line, 0, request)

    def rebuild(self, joined: Mapping[str, Iterable[str]]) -> None:
        """Let everybody hear exactly the channels they are in, by user."""
        self._rooms.clear()
        for uid in self.sessions:
            for folded in joined.get(uid, ()):
                self.enter(uid, folded)

    def regroup(self, session: Session, caps: int, channels: Iterable[str]) -> None:
        """Give a session other capabilities, in all the channels it hears."""
        rooms = [self._rooms[folded] for folded in channels if folded in self._rooms]
        heard = [room for room in rooms if self._remove(room, session)]
        session.caps = caps
        for room in heard:
            room.setdefault(caps, {})[session] = session.outbox

    def deafen(self, session: Session, channels: Iterable[str]) -> None:
        """Let a session that ends hear nothing more of what these channels, or others, say."""
        self.monitor.forget(session)
        own = self.sessions.get(session.uid, [])
        if session in own:
            own.remove(session)
        for folded in channels:
            room = self._rooms.get(folded, {})
            if self._remove(room, session) and not room:
                del self._rooms[folded]

    def _remove(self, room: Room, session: Session) -> bool:
        group = room.get(session.caps)
        if not group or session not in group:
            return False
        del group[session]
        if not group:
            del room[session.caps]
        return True

    # -- telling ------------------------------------------------------------------------------

    def carry_out(self, effect: effects.Effect, request: Request | None) -> None:
        """Carry out one effect; `request` is what it answers, if that came from here."""
        self._PERFORM[type(effect)](self, effect, request)

    def touch(self, *sessions: Session) -> None:
        """Remember that sessions have something to be sent."""
        self._dirty.update(sessions)

    def take_dirty(self) -> set[Session]:
        """Return the sessions that were told something since the last call."""
        dirty, self._dirty = self._dirty, set()
        for folded in self._spoken_in:
            for group in self._rooms.get(folded, {}).values():
                dirty.update(group)
        self._spoken_in.clear()
        return dirty

    def _to_channel(self, effect: effects.ToChannel, request: Request | None) -> None:
        heard = self._tell(effect.channel, effect.line, effect.need, request)
        if request is not None and heard:
            request.put(effect.line)

    def _channel_message(self, effect: effects.ChannelMessage, request: Request | None) -> None:
        self._tell(effect.channel, effect.line, effect.need, request)
        self._echo(effect.line, effect.need, request)

    def _user_message(self, effect: effects.UserMessage, request: Request | None) -> None:
        self._to_user(effect, None)
        if effect.sender and effect.sender != effect.uid:
            self._to_other_devices(effect.sender, effect, request)
        self._echo(effect.line, effect.need, request)

    def _some_message(self, effect: effects.SomeMessage, request: Request | None) -> None:
        others = [uid for uid in effect.uids if uid != effect.sender]
        sessions = [session for uid in others for session in self.sessions.get(uid, ())]
        self._to_sessions(sessions, effect.line, effect.need, None)
        self._to_other_devices(effect.sender, effect, request)
        self._echo(effect.line, effect.need, request)

    def _to_other_devices(
        self, uid: str, effect: effects.UserMessage | effects.SomeMessage, request: Request | None
    ) -> None:
        origin = request.session if request is not None else None
        others = [session for session in self.sessions.get(uid, ()) if session is not origin]
        self._to_sessions(others, effect.line, effect.need, None)

    def _echo(self, line: Line, need: int, request: Request | None) -> None:
        need |= ECHO_MESSAGE
        if request is not None and request.session.caps & need == need:
            request.put(line)

    def _tell(self, folded: str, line: Line, need: int, request: Request | None) -> bool:
        """Append a line to every outbox of a room but the origin's; say whether that is there."""
        origin = request.session if request is not None else None
        variants = line.richer_need | VARIANTS
        written: dict[int, bytes] = {}
        heard = False
        for caps, group in self._rooms.get(folded, {}).items():
            if caps & need != need:
                continue
            data = written.get(caps & variants)
            if data is None:
                data = written[caps & variants] = render(line, caps)
            for outbox in group.values():
                outbox.append(data)
            if origin in group:
                group[origin].pop()  # its own copy comes in its place among its replies
                heard = True
        self._spoken_in.add(folded)
        return heard

    def _to_user(
        self, effect: effects.ToUser | effects.UserMessage, request: Request | None
    ) -> None:
        self._to_sessions(self.sessions.get(effect.uid, ()), effect.line, effect.need, request)

    def _to_users(self, effect: effects.ToUsers, request: Request | None) -> None:
        for uid in effect.uids:
            sessions = self.sessions.get(uid, ())
            self._to_sessions(sessions, effect.line, effect.need, request)

    def _to_neighbours(self, effect: effects.ToNeighbours, request: Request | None) -> None:
        own = self.sessions.get(effect.uid, ())
        sessions = self._in_rooms(effect.channels)
        watchers = self.monitor.watchers(effect.watched)
        sessions |= {one: None for one in watchers if one.caps & EXTENDED_MONITOR}
        for uid in effect.also:
            sessions |= dict.fromkeys(self.sessions.get(uid, ()))
        lack = effect.lack
        others = [one for one in sessions if one not in own and not one.caps & lack]
        self._to_sessions(others, effect.line, effect.need, request)

    def around(self, channels: Iterable[str], watched: str, uids: Iterable[str]) -> list[Session]:
        """Return once who hears these channels, watches this nick, or is one of these users."""
        sessions = self._in_rooms(channels)
        sessions |= dict.fromkeys(self.monitor.watchers(watched))
        for uid in uids:
            sessions |= dict.fromkeys(self.sessions.get(uid, ()))
        return list(sessions)

    def _in_rooms(self, channels: Iterable[str]) -> dict[Session, None]:
        rooms = (self._rooms.get(folded, {}) for folded in channels)
        return {session: None for room in rooms for group in room.values() for session in group}

    def _to_sessions(
        self, sessions: Iterable[Session], line: Line, need: int, request: Request | None
    ) -> None:
        origin = request.session if request is not None else None
        written: dict[int, bytes] = {}
        for session in sessions:
            caps = session.caps
            if caps & need != need:
                continue
            if session is origin and request is not None:
                request.put(line)
                continue
            data = written.get(caps)
            if data is None:
                data = written[caps] = render(line, caps)
            session.outbox.append(data)
            self._dirty.add(session)

    def to_all(self, line: Line) -> None:
        """Tell every session of every user a line."""
        sessions = [session for own in self.sessions.values() for session in own]
        self._to_sessions(sessions, line, 0, None)

    def _nick_taken(self, effect: effects.NickTaken, request: Request | None) -> None:
        user = effect.user
        line = Line(self.name, RPL_MONONLINE.code, ("*", user.prefix), effect.ts)
        self._to_watchers(user.nick, line, request)

    def _nick_left(self, effect: effects.NickLeft, request: Request | None) -> None:
        nick = effect.user.nick
        line = Line(self.name, RPL_MONOFFLINE.code, ("*", nick), effect.ts)
        self._to_watchers(nick, line, request)

    def _to_watchers(self, nick: str, line: Line, request: Request | None) -> None:
        """Tell those who watch a nick (IRCv3 monitor): the same bytes for all, so `*` it is."""
        self._to_sessions(self.monitor.watchers(names.fold(nick)), line, 0, request)

    def _entered(self, effect: effects.Entered, request: Request | None) -> None:
        self.enter(effect.uid, effect.folded)
        if effect.witnesses is not None:
            self._to_users(effects.ToUsers(effect.witnesses, effect.line), request)
            return
        heard = self._tell(effect.folded, effect.line, 0, request)
        if request is not None and heard:
            request.put(effect.line)

    def _left(self, effect: effects.Left, _request: Request | None) -> None:
        self.leave(effect.uid, effect.folded)

    _PERFORM: ClassVar[
        dict[type[effects.Effect], Callable[[Fanout, Any, Request | None], None]]
    ] = {
        effects.ToUser: _to_user,
        effects.ToUsers: _to_users,
        effects.ToChannel: _to_channel,
        effects.ToNeighbours: _to_neighbours,
        effects.ChannelMessage: _channel_message,
        effects.SomeMessage: _some_message,
        effects.UserMessage: _user_message,
        effects.NickTaken: _nick_taken,
        effects.NickLeft: _nick_left,
        effects.Entered: _entered,
        effects.Left: _left,
    }
