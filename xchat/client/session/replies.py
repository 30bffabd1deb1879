"""Answers: refusals in the server's words, WHOIS, and all that is merely said."""

from __future__ import annotations

from xchat.client.session import history, login, registration, talk
from xchat.client.session.events import JoinRefused, Refused, ServerSaid, WhoisReceived
from xchat.client.session.membership import leave
from xchat.client.session.outbox import Line
from xchat.client.session.state import State
from xchat.irc.message import Message
from xchat.limits.client import WHOIS_FACTS_MAX

JOIN_CODES = frozenset(
    ("403", "405", "407", "437", "461", "471", "473", "474", "475", "476", "477", "479", "489")
)
UNSAID = frozenset(
    f"{number:03}" for number in (2, 3, 4, *range(250, 256), 265, 266, 315, 329, 333, 368, 375, 379)
)
"""Numerics of no use to a person: greetings, counters, ends of lists."""

WHOIS_FACTS = {
    "311": ("is", "{2}@{3} ({5})"),
    "312": ("is on", "{2}"),
    "313": ("", "{2}"),
    "317": ("was silent for", "{2} seconds"),
    "319": ("is in", "{2}"),
    "330": ("is logged in as", "{2}"),
    "335": ("", "{2}"),
    "338": ("comes from", "{2}"),
    "378": ("", "{2}"),
    "671": ("", "{2}"),
    "276": ("", "{2}"),
    "320": ("", "{2}"),
    "301": ("is away:", "{2}"),
}


def on_whois(state: State, message: Message) -> None:
    """Collect a fact; 301 outside of a WHOIS merely says that somebody is away."""
    facts = state.whois.get(state.support.fold(message.params[1]))
    if facts is None:
        if message.command == "301":
            _say(state, message)
        return
    word, pattern = WHOIS_FACTS[message.command]
    padded = [*message.params, *[""] * 6]
    if len(facts) < WHOIS_FACTS_MAX:
        facts.append((word, pattern.format(*padded).strip()))


def on_whois_end(state: State, message: Message) -> None:
    """318: that was all."""
    facts = state.whois.pop(state.support.fold(message.params[1]), None)
    if facts:
        state.emit(WhoisReceived(nick=message.params[1], facts=tuple(facts)))


def on_numeric(state: State, message: Message, label: str) -> None:
    """Take any numeric without a handler of its own."""
    if message.command in UNSAID:
        return
    if message.command[0] not in "45" or message.command == "422":
        _say(state, message)
        return
    about, words = message.params[1:-1], message.params[-1]
    _refused(state, message.command, about, words, label)


def on_fail(state: State, message: Message, label: str) -> None:
    """FAIL (IRCv3 standard-replies): `FAIL command code [context...] :words`."""
    command, code, *context, words = message.params
    if command == "CHATHISTORY" and history.on_failure(state, message):
        return
    if code == "ACCOUNT_REQUIRED" and not state.ready:
        login.on_account_required(state, message)
        return
    if command == "NICK" and not state.ready:
        registration.on_nick_refused(state, Message("FAIL", ("*", state.nick, words)))
        return
    _refused(state, code, (command, *context), words, label)


def on_note(state: State, message: Message) -> None:
    """NOTE and WARN: `NOTE command code [context...] :words`."""
    state.emit(ServerSaid(code=message.command, words=message.params[-1]))


def on_ack(state: State, label: str) -> None:
    """ACK: a labelled line has been dealt with, and there is nothing to say of it."""
    line = state.outbox.by_label(label)
    if line is not None:
        talk.pass_over(state, line)


def _refused(state: State, code: str, about: tuple[str, ...], words: str, label: str) -> None:
    line = _line_refused(state, about, label)
    channel = _channel_refused(state, code, about)
    if line is not None:
        talk.refuse(state, line, code, words)
    elif channel is not None:
        state.emit(JoinRefused(channel=channel, code=code, words=words))
        leave(state, channel, words)
    else:
        state.emit(Refused(code=code, words=words, about=about))


def _line_refused(state: State, about: tuple[str, ...], label: str) -> Line | None:
    if state.caps.labels:
        return state.outbox.by_label(label)
    lines = (state.outbox.by_target(state.support.fold(word)) for word in about)
    return next((line for line in lines if line), None)


def _channel_refused(state: State, code: str, about: tuple[str, ...]) -> str | None:
    """Return the channel that we asked to join and may not."""
    if code not in JOIN_CODES and "JOIN" not in about:
        return None
    rooms = (state.room(word) for word in about)
    return next((room.name for room in rooms if room and not room.joined), None)


def _say(state: State, message: Message) -> None:
    state.emit(ServerSaid(code=message.command, words=" ".join(message.params[1:])))
