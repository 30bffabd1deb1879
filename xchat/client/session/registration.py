"""Being let in: CAP, the nick, the welcome; and getting our own nick back."""

from __future__ import annotations

from xchat.client.session import history, login, talk
from xchat.client.session.events import EntryRefused, NickRefused, Refused, Registered
from xchat.client.session.state import Phase, State, is_sane
from xchat.irc.message import Message
from xchat.limits.client import (
    GHOST_SECONDS_MAX,
    JOIN_BYTES,
    RECLAIM_SECONDS,
    RECLAIM_SECONDS_MAX,
)


def start(state: State) -> None:
    """Say who we are; the first lines of a connection."""
    identity = state.identity
    state.phase = Phase.REGISTERING
    state.nick = state.source = state.wanted_nick
    state.send("CAP", "LS", "302")
    if identity.password:
        state.send("PASS", identity.password)
    state.send("NICK", state.wanted_nick)
    state.send("USER", identity.user, "0", "*", identity.realname)


def on_cap(state: State, message: Message) -> None:
    """Go on with the negotiation."""
    for words in state.caps.handle(message.params):
        state.send("CAP", *words)
    login.maybe_begin(state)


def on_welcome(state: State, message: Message) -> None:
    """001: the nick that we were given."""
    if is_sane(message.params[0]):
        state.nick = state.source = message.params[0]
    state.server = message.source or ""
    state.caps.finish()
    login.check_welcome(state)


def on_support(state: State, message: Message) -> None:
    """005: what the server says of itself."""
    state.support.update(message.params[1:-1])


def on_ready(state: State, _message: Message) -> None:
    """376 and 422 end the welcome: from here on commands are sent."""
    if state.phase is not Phase.REGISTERING:
        return
    again, state.ever_ready = state.ever_ready, True
    state.phase = Phase.READY
    state.emit(
        Registered(nick=state.nick, server=state.server, network=state.support.network, again=again)
    )
    if again and not state.is_me(state.wanted_nick):
        state.ghost_until = state.now + GHOST_SECONDS_MAX
        state.reclaim_pause = RECLAIM_SECONDS
        state.reclaim_at = state.now + RECLAIM_SECONDS
    else:
        state.wanted_nick = state.nick
        state.ghost_until = None
    join_all(state)


def join_all(state: State) -> None:
    """Ask for every channel that we want to be in and are not."""
    rooms = [room for room in state.rooms.values() if not room.joined]
    for room in rooms:
        if room.key:
            state.send("JOIN", room.name, room.key)
    names = [room.name for room in rooms if not room.key]
    while names:
        together = 1
        while together < len(names) and len(",".join(names[: together + 1]).encode()) < JOIN_BYTES:
            together += 1
        state.send("JOIN", ",".join(names[:together]))
        del names[:together]
    if rooms:
        state.joining = talk.fence(state)


def on_nick_refused(state: State, message: Message) -> None:
    """432, 433, 436, 437: take another if it is our own ghost that has it, else say so."""
    named = message.params[1] if len(message.params) > 2 else "*"
    nick = state.wanted_nick if named == "*" else named
    words = message.params[-1]
    if state.phase is Phase.REGISTERING and state.ever_ready and message.command != "432":
        state.nick = state.source = another(nick, state.support.nick_chars_max)
        state.send("NICK", state.nick)
    elif state.phase is Phase.REGISTERING:
        state.emit(NickRefused(nick=nick, code=message.command, words=words))
    elif state.reclaim_at is None or nick != state.wanted_nick:
        state.emit(Refused(code=message.command, words=words, about=(nick,)))


def another(nick: str, chars_max: int) -> str:
    """Return the next nick to try where one is taken: `ana`, `ana_`, ... `ana__1`."""
    if len(nick) < chars_max and not nick.endswith("___"):
        return f"{nick}_"
    stem = nick.rstrip("0123456789")
    number = int(nick[len(stem) :] or 0) + 1
    return f"{stem[: chars_max - len(str(number))]}{number}"


def reclaim(state: State) -> None:
    """Ask for our own nick, which somebody else has, or had until now."""
    state.send("NICK", state.wanted_nick)
    state.reclaim_at = state.now + state.reclaim_pause
    state.reclaim_pause = min(state.reclaim_pause * 2, RECLAIM_SECONDS_MAX)


def maybe_reclaim(state: State, freed: str) -> None:
    """Ask for our own nick where it is the one that has just become free."""
    if state.reclaim_at is not None and state.support.fold(freed) == state.support.fold(
        state.wanted_nick
    ):
        reclaim(state)


def on_own_nick(state: State, new: str) -> None:
    """We go by another nick now: it is the one we want, unless told otherwise."""
    was_ghost = state.reclaim_at is not None and state.support.fold(new) == state.support.fold(
        state.wanted_nick
    )
    state.source = state.source.replace(state.nick, new, 1)
    state.nick = state.wanted_nick = new
    state.reclaim_at = None
    if was_ghost:
        history.settle_ghost(state)


def on_error(state: State, message: Message) -> None:
    """ERROR: the server is about to close, and says why."""
    if state.phase is Phase.REGISTERING and state.goodbye is None:
        permanent = not state.ever_ready
        state.emit(EntryRefused(code="ERROR", words=message.params[-1], permanent=permanent))
    state.goodbye = state.goodbye or message.params[-1]


def on_banned(state: State, message: Message) -> None:
    """464 and 465: we are not wanted here, now or later."""
    state.goodbye = message.params[-1]
    state.emit(EntryRefused(code=message.command, words=message.params[-1], permanent=True))
