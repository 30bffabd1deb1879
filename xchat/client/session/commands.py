"""What a person can ask of a session, and what can be asked about it."""

from __future__ import annotations

from xchat.client.session import membership, talk, turns
from xchat.client.session.events import Kind, Parted
from xchat.client.session.orders import Order
from xchat.client.session.rooms import Room
from xchat.client.session.split import ACTION_HEAD, ACTION_TAIL, split, text_bytes_max
from xchat.client.session.state import Phase, State, is_sane
from xchat.errors import UsageError, XChatError
from xchat.irc.message import format_line
from xchat.limits import LINE_BYTES_MAX
from xchat.limits.client import HISTORY_MESSAGES_MAX, LEAVE_SECONDS_MAX


class OfflineError(XChatError):
    """A command that needs the server, while there is none."""


class Commands:
    """The commands of a Session, each a line or several to the server."""

    _state: State

    # -- what is so ---------------------------------------------------------------------------
    @property
    def ready(self) -> bool:
        """Whether the server has let us in and we are not leaving."""
        return self._state.ready

    @property
    def leaving(self) -> bool:
        """Whether QUIT has been sent."""
        return self._state.phase is Phase.LEAVING

    @property
    def ever_ready(self) -> bool:
        """Whether the server has ever let us in."""
        return self._state.ever_ready

    @property
    def nick(self) -> str:
        """Our nick, or the one we want while there is no connection."""
        state = self._state
        return state.wanted_nick if state.phase is Phase.OFFLINE else state.nick

    @property
    def gave_password(self) -> bool:
        """Whether we send a password to the server."""
        return self._state.identity.password != ""

    @property
    def channels(self) -> tuple[str, ...]:
        """The channels that we are in or want to be in."""
        wishes = self._state.orders.wishes()
        names = {key: room.name for key, room in self._state.rooms.items()}
        names |= {key: order.room.name for key, order in wishes.items() if order.room}
        leaving = {key for key, order in wishes.items() if order.command == "PART"}
        return tuple(name for key, name in names.items() if key not in leaving)

    @property
    def unsettled(self) -> int:
        """How many lines of ours are not yet kept, refused, or known to be uncertain."""
        return len(self._state.outbox)

    @property
    def unsent(self) -> int:
        """How many lines and commands of ours wait to be sent."""
        return self._state.outbox.pending + len(self._state.orders)

    @property
    def idle(self) -> bool:
        """Whether nothing is under way that an answer is awaited for."""
        state = self._state
        fetching = any(room.fetch or not room.joined for room in state.rooms.values())
        return not (
            len(state.outbox) or len(state.orders) or fetching or state.asked or state.fences
        )

    def joined(self, channel: str) -> bool:
        """Tell whether we are in a channel now."""
        room = self._state.room(channel)
        return room is not None and room.joined

    def same(self, one: str, other: str) -> bool:
        """Tell whether two names are one to the server."""
        return self._state.support.fold(one) == self._state.support.fold(other)

    def is_channel(self, name: str) -> bool:
        """Tell a channel from a nick."""
        return self._state.support.is_channel(name)

    def members(self, channel: str) -> tuple[str, ...]:
        """Return who is in a channel, with prefixes, as far as we know."""
        found = self._state.roster[channel]
        members = found.members.values() if found else ()
        return tuple(member.prefixes + member.nick for member in members)

    # -- what to do ---------------------------------------------------------------------------
    def say(self, target: str, text: str, kind: Kind = "message") -> tuple[int, ...]:
        """Send text, cut to lines that fit; return an id for each line.

        Works without a connection: the lines wait for it. Raises UsageError, OutboxFullError.
        """
        state = self._state
        _check_name(target, "target")
        frame = len(ACTION_HEAD + ACTION_TAIL) if kind == "action" else 0
        longer = max(0, state.orders.nick_bytes - len(state.nick.encode(errors="replace")))
        room = text_bytes_max(state.source, talk.COMMANDS[kind], target) - frame - longer
        key = state.support.fold(target)
        ids = tuple(state.outbox.add(key, target, kind, piece) for piece in split(text, room))
        turns.pump(state)
        return ids

    def join(self, channel: str, *, key: str = "", history: int = 0) -> None:
        """Be in a channel from now on, across connections; tell so much of its past first."""
        _check_name(channel, "channel")
        if not self.is_channel(channel):
            raise UsageError(f"{channel} is not a channel: they start with #", mend=f"#{channel}")
        words = _fit("JOIN", channel, *([key] if key else []))
        state, folded = self._state, self._fold(channel)
        wish = state.orders.wishes().get(folded)
        enters = wish.command == "JOIN" if wish else folded in state.rooms
        if enters:
            return
        new = Room(channel, key=key, history=min(history, HISTORY_MESSAGES_MAX))
        if wish is None:
            state.rooms[folded] = new
        if wish is not None or self.ready:
            self._order("JOIN", *words, room=new)

    def part(self, channel: str, reason: str = "") -> None:
        """Leave a channel, when the lines typed before are said and our JOIN is answered."""
        state, key = self._state, self._fold(channel)
        ordered = key in state.orders.wishes()
        if not ordered and key not in state.rooms:
            raise UsageError(f"you are not in {channel}", mend="/join #CHANNEL goes into one.")
        if self.ready or ordered or state.outbox.has_before(state.outbox.last, key):
            self._order("PART", channel, *([reason] if reason else []))
        else:
            membership.leave(state, channel, "you left the channel")
            state.emit(Parted(channel=channel, nick=state.nick, reason=reason, own=True))

    def change_nick(self, nick: str) -> None:
        """Ask for another nick; before we are let in, too."""
        _check_name(nick, "nick")
        state = self._state
        if self.ready or (state.ever_ready and self.unsettled):
            self._order("NICK", nick, key="")
            return
        if state.phase in (Phase.REGISTERING, Phase.OFFLINE):
            state.nick = state.wanted_nick = nick
        if state.phase is Phase.REGISTERING:
            state.send("NICK", nick)

    def ask_topic(self, channel: str) -> None:
        """Ask for a channel's topic."""
        self._command("TOPIC", channel)

    def change_topic(self, channel: str, topic: str) -> None:
        """Change a channel's topic; an empty one removes it."""
        self._command("TOPIC", channel, topic)

    def ask_names(self, channel: str) -> None:
        """Ask who is in a channel."""
        self._command("NAMES", channel)

    def ask_whois(self, nick: str) -> None:
        """Ask who somebody is."""
        self._command("WHOIS", nick)

    def ask_history(self, target: str, count: int) -> None:
        """Ask for the last messages of a target, told as one HistoryReceived."""
        _check_name(target, "target")
        self._need_connection()
        if not self._state.caps.history:
            raise XChatError("this server keeps no history that can be asked for")
        if self._fold(target) in self._state.asked:
            raise XChatError(f"the history of {target} is being fetched already")
        self._order("CHATHISTORY", target, str(max(1, min(count, HISTORY_MESSAGES_MAX))))

    def fence(self) -> None:
        """Be idle again only when the server has answered all that was asked until now."""
        self._need_connection()
        talk.fence(self._state)

    def quit(self, reason: str = "") -> None:
        """Leave for good."""
        if self._state.phase is not Phase.OFFLINE:
            self._state.send("QUIT", *_fit("QUIT", *([reason] if reason else [])))
            self._state.phase = Phase.LEAVING
            self._state.leave_by = self._state.now + LEAVE_SECONDS_MAX

    def _command(self, command: str, name: str, *params: str) -> None:
        _check_name(name, "name")
        self._need_connection()
        self._order(command, name, *params)

    def _need_connection(self) -> None:
        if not self.ready:
            raise OfflineError("there is no connection now", mend="Try again once it is back.")

    def _order(
        self, command: str, *params: str, key: str | None = None, room: Room | None = None
    ) -> None:
        folded = self._fold(params[0]) if key is None else key
        turns.give(self._state, Order(command, _fit(command, *params), folded, room=room))

    def _fold(self, name: str) -> str:
        return self._state.support.fold(name)


def _fit(command: str, *params: str) -> tuple[str, ...]:
    """Return parameters as one line can carry them. Raises UsageError."""
    words = tuple(_one_line(param) for param in params)
    size = len(format_line(None, command, *words).encode(errors="replace")) + 2
    if size > LINE_BYTES_MAX:
        raise UsageError(f"too long for one line: {size} bytes, and {LINE_BYTES_MAX} fit")
    return words


def _one_line(text: str) -> str:
    return text.translate({0x0D: " ", 0x0A: " ", 0: None})


def _check_name(name: str, what: str) -> None:
    if not is_sane(name):
        raise UsageError(f"{name!r} cannot be a {what}: no spaces, no commas, no colon in front")
