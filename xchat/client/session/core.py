"""The session: bytes and time in, events and bytes out.

No socket, thread, clock or chance is known here. Whoever drives it

* calls `connected` when a verified connection stands, `feed` with what it brings,
  `disconnected` when it is gone (or could not be made),
* writes what `take` returns after each call, and closes when `hang_up` says why,
* calls `tick` at `deadline`, and before a command, and connects again at `retry_at`.

`now` is in seconds on any clock that never goes back. What the server said never
raises, whatever it was; a command that cannot be given raises an XChatError.
"""

from __future__ import annotations

from collections.abc import Callable

from xchat.client.session import commands, history, login, membership, registration, replies, turns
from xchat.client.session.batches import Batch
from xchat.client.session.events import Disconnected, Event, LineDropped, ServerSaid
from xchat.client.session.state import Identity, Phase, State
from xchat.irc.framing import TOO_LONG, LineBuffer, LineTooLong
from xchat.irc.message import Message, ParseError, parse
from xchat.limits import TAGS_BYTES_MAX
from xchat.limits.client import (
    DEAD_AFTER_SECONDS,
    LINE_BYTES_MAX,
    PING_AFTER_SECONDS,
    REGISTER_SECONDS_MAX,
    RETRY_SECONDS,
    RETRY_SECONDS_MAX,
    STEADY_SECONDS,
)


class Session(commands.Commands):
    """One person's presence on one server, across connections."""

    def __init__(self, identity: Identity) -> None:
        self._state = State(identity)
        self._buffer = LineBuffer(tags_max=TAGS_BYTES_MAX, line_max=LINE_BYTES_MAX)
        self._since = 0.0
        self._heard = 0.0
        self._pinged: float | None = None
        self._tries = 0
        self.retry_at: float | None = None
        """When to connect again, while there is no connection."""

    # -- the connection -----------------------------------------------------------------------
    def connected(self, now: float) -> list[Event]:
        """Begin: a connection stands, and the server is who it should be."""
        self._buffer = LineBuffer(tags_max=TAGS_BYTES_MAX, line_max=LINE_BYTES_MAX)
        self._since = self._heard = self._state.now = now
        self._pinged = self.retry_at = None
        self._state.reset()
        registration.start(self._state)
        return self._state.take_events()

    def disconnected(self, reason: str, now: float, chance: float) -> list[Event]:
        """Take note that the connection is gone, or could not be made.

        `chance` (0 to 1) spreads the next tries of many clients over time.
        """
        state = self._state
        state.now = now
        if state.ready and now - self._since >= STEADY_SECONDS:
            self._tries = 0
        leaving = state.phase is Phase.LEAVING
        self._forget_connection()
        if not leaving:
            turns.lose_connection(state)
        self.retry_at = None if leaving or not state.ever_ready else now + self._pause(chance)
        state.emit(Disconnected(reason=state.goodbye or reason, retry_at=self.retry_at))
        return state.take_events()

    def _forget_connection(self) -> None:
        state = self._state
        state.phase = Phase.OFFLINE
        state.hang_up = None
        state.outbox.lose_connection()
        for room in state.rooms.values():
            room.lose_connection()
        for key in state.outbox.unsure_targets():
            if key not in state.rooms:
                history.give_up_unsure(state, key)
        state.take_bytes()

    def _pause(self, chance: float) -> float:
        pause = min(RETRY_SECONDS * 2.0 ** min(self._tries, 30), RETRY_SECONDS_MAX)
        self._tries += 1
        return pause * (0.5 + chance / 2)

    # -- bytes --------------------------------------------------------------------------------
    def feed(self, data: bytes, now: float) -> list[Event]:
        """Take bytes as they came; return what happened."""
        self._state.now = self._heard = now
        self._pinged = None
        for line in self._buffer.feed(data):
            if not isinstance(line, LineTooLong):
                self._take_line(line)
            elif line is TOO_LONG:  # that it does not end, the connection's end will tell
                self._state.emit(LineDropped())
        turns.pump(self._state)
        return self._state.take_events()

    def take(self) -> bytes:
        """Return what is to be written, and forget it."""
        return self._state.take_bytes()

    def _take_line(self, line: bytes) -> None:
        try:
            message = parse(line)
        except ParseError:
            try:
                message = parse(line.decode(errors="replace").encode())
            except ParseError:
                return
        if not self._state.batches.take(message) or message.command == "BATCH":
            self._dispatch(message, message.tags.get("label", ""))

    def _dispatch(self, message: Message, label: str) -> None:
        row = HANDLERS.get(message.command)
        if message.command == "BATCH" and message.params:
            self._batch(message)
        elif row is not None:
            params_min, handle = row
            if len(message.params) >= params_min:
                handle(self._state, message)
        elif message.command in LABELLED:
            params_min, handle_labelled = LABELLED[message.command]
            if len(message.params) >= params_min:
                handle_labelled(self._state, message, label)
        elif message.command.isdecimal() and len(message.params) > 1:
            replies.on_numeric(self._state, message, label)

    def _batch(self, message: Message) -> None:
        if message.params[0].startswith("+"):
            self._state.batches.open(message)
        else:
            batch = self._state.batches.close(message)
            if batch is not None:
                self._complete(batch)

    def _complete(self, batch: Batch) -> None:
        """Take a batch whole: pages of history as such, all else message by message."""
        pages = list(batch.inner("chathistory"))
        for page in pages:
            history.on_batch(self._state, page)
        for message in batch.messages() if not pages else ():
            self._dispatch(message, message.tags.get("label", "") or batch.label)

    # -- time ---------------------------------------------------------------------------------
    @property
    def hang_up(self) -> str | None:
        """Why the connection is to be closed from our side, if it is."""
        return self._state.hang_up

    def deadline(self) -> float | None:
        """Return when `tick` is due next, if ever."""
        if self._state.phase is Phase.OFFLINE:
            return self.retry_at
        times = [self._limit()[0], history.deadline(self._state)]
        if self._state.ready:
            state = self._state
            times += [state.reclaim_at, state.ghost_until, turns.deadline(state)]
        return min(time for time in times if time is not None)

    def tick(self, now: float) -> list[Event]:
        """Do what is due; return what happened."""
        state = self._state
        state.now = now
        if state.phase is not Phase.OFFLINE:
            self._keep_alive()
            history.expire(state)
        if state.ready:
            if state.reclaim_at is not None and now >= state.reclaim_at:
                registration.reclaim(state)
            if state.ghost_until is not None and now >= state.ghost_until:
                history.settle_ghost(state)
            turns.pump(state)
        return state.take_events()

    def _limit(self) -> tuple[float, str]:
        """Return when patience ends in this phase, and what to say then."""
        state = self._state
        if state.phase is Phase.REGISTERING:
            return (
                self._since + REGISTER_SECONDS_MAX,
                f"the server did not let us in within {REGISTER_SECONDS_MAX:.0f} s",
            )
        if state.phase is Phase.LEAVING:
            return state.leave_by, "left"
        if self._pinged is None:
            return self._heard + PING_AFTER_SECONDS, ""
        return self._pinged + DEAD_AFTER_SECONDS, "the server has fallen silent"

    def _keep_alive(self) -> None:
        limit, words = self._limit()
        if self._state.now < limit:
            return
        if words:
            self._state.hang_up = self._state.hang_up or words
        else:
            self._pinged = self._state.now
            self._state.send("PING", "alive")


def _on_ping(state: State, message: Message) -> None:
    state.send("PONG", *message.params)


def _on_pong(state: State, message: Message) -> None:
    turns.on_fence(state, message.params[-1])


def _on_motd(state: State, message: Message) -> None:
    state.emit(ServerSaid(code="372", words=message.params[-1].removeprefix("- ")))


Handler = Callable[[State, Message], None]
Labelled = Callable[[State, Message, str], None]

HANDLERS: dict[str, tuple[int, Handler]] = {
    "PING": (1, _on_ping),
    "PONG": (1, _on_pong),
    "CAP": (2, registration.on_cap),
    "AUTHENTICATE": (1, login.on_authenticate),
    "900": (1, login.on_logged_in),
    "903": (1, login.on_success),
    "902": (1, login.on_failure),
    "904": (1, login.on_failure),
    "905": (1, login.on_failure),
    "001": (1, registration.on_welcome),
    "005": (2, registration.on_support),
    "376": (1, registration.on_ready),
    "422": (1, registration.on_ready),
    "432": (2, registration.on_nick_refused),
    "433": (2, registration.on_nick_refused),
    "436": (2, registration.on_nick_refused),
    "464": (1, registration.on_banned),
    "465": (1, registration.on_banned),
    "ERROR": (1, registration.on_error),
    "JOIN": (1, membership.on_join),
    "PART": (1, membership.on_part),
    "KICK": (2, membership.on_kick),
    "QUIT": (0, membership.on_quit),
    "NICK": (1, membership.on_nick),
    "TOPIC": (2, membership.on_topic),
    "331": (2, membership.on_topic_reply),
    "332": (2, membership.on_topic_reply),
    "353": (3, membership.on_names),
    "366": (2, membership.on_names_end),
    "MODE": (2, membership.on_mode),
    "INVITE": (2, membership.on_invite),
    "CHGHOST": (2, membership.on_host),
    "AWAY": (0, membership.on_silent_news),
    "SETNAME": (0, membership.on_silent_news),
    "ACCOUNT": (0, membership.on_silent_news),
    "TAGMSG": (0, membership.on_silent_news),
    "372": (2, _on_motd),
    "NOTE": (3, replies.on_note),
    "WARN": (3, replies.on_note),
    "318": (2, replies.on_whois_end),
    **dict.fromkeys(replies.WHOIS_FACTS, (3, replies.on_whois)),
}
"""Command to the parameters it needs at least, and its handler."""

LABELLED: dict[str, tuple[int, Labelled]] = {
    "PRIVMSG": (2, history.on_said),
    "NOTICE": (2, history.on_said),
    "FAIL": (3, replies.on_fail),
    "ACK": (0, lambda state, _, label: replies.on_ack(state, label)),
}
"""The same for those that may answer a line of ours."""
