"""What is said: read, told once, and our own lines followed until they are kept."""

from __future__ import annotations

import re

from xchat.client.session.events import (
    Kind,
    MessageKept,
    MessageReceived,
    MessageRefused,
)
from xchat.client.session.outbox import Line
from xchat.client.session.rooms import Room
from xchat.client.session.split import ACTION_HEAD, ACTION_TAIL
from xchat.client.session.state import State
from xchat.irc.message import Message

_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?Z")
_MSGID = re.compile(r"[!-9;-~][!-~]{0,199}")
COMMANDS = {"message": "PRIVMSG", "notice": "NOTICE", "action": "PRIVMSG"}


def is_said(message: Message) -> bool:
    """Tell whether a line is something said, with all that takes."""
    return (
        message.command in ("PRIVMSG", "NOTICE") and len(message.params) > 1 and message.nick != ""
    )


def msgid_of(message: Message) -> str | None:
    """Return a message's id, if it has one that can be asked for."""
    msgid = message.tags.get("msgid", "")
    return msgid if _MSGID.fullmatch(msgid) else None


def time_of(message: Message) -> str | None:
    """Return the server's time of a message, if it is one."""
    time = message.tags.get("time", "")
    return time if _TIME.fullmatch(time) else None


def read(state: State, message: Message, *, replayed: bool = False) -> MessageReceived:
    """Make the event of a PRIVMSG or NOTICE."""
    target, text, nick = message.params[0], message.params[1], message.nick
    kind: Kind = "notice" if message.command == "NOTICE" else "message"
    if kind == "message" and text.startswith(ACTION_HEAD):
        kind, text = "action", text[len(ACTION_HEAD) :].removesuffix(ACTION_TAIL)
    fold = state.support.fold
    own = state.is_me(nick) or (replayed and fold(nick) == fold(state.wanted_nick))
    channel = state.support.without_status(target)
    return MessageReceived(
        nick=nick,
        target=target,
        text=text,
        kind=kind,
        buffer=channel if state.support.is_channel(channel) or own else nick,
        time=time_of(message),
        msgid=msgid_of(message),
        own=own,
        replayed=replayed,
    )


def hear(state: State, message: Message, label: str) -> MessageReceived:
    """Read something said just now; our own line, then, is kept."""
    said = read(state, message)
    if said.own:
        _match_echo(state, said, label)
    return said


def tell(state: State, room: Room | None, said: MessageReceived) -> bool:
    """Tell a message, unless it has been told; return whether it was."""
    seen = room.seen if room else state.private_seen
    if not seen.add(said.msgid):
        return False
    if room:
        room.passed(said.msgid, said.time)
    line = state.outbox.found(state.support.fold(said.buffer), said.nick, said.kind, said.text)
    state.emit(said)
    if line is not None:
        _keep(state, line, said.msgid)
    return True


def _match_echo(state: State, said: MessageReceived, label: str) -> None:
    if state.caps.labels:
        line = state.outbox.by_label(label)
    else:
        line = state.outbox.by_echo(state.support.fold(said.target), said.kind, said.text)
    if line is not None:
        _keep(state, line, said.msgid)


def _keep(state: State, line: Line, msgid: str | None) -> None:
    state.outbox.land(line)
    state.emit(MessageKept(line=line.id, target=line.target, msgid=msgid, proven=True))


def refuse(state: State, line: Line, code: str, words: str) -> None:
    """Say that a line was not taken."""
    state.outbox.land(line)
    state.emit(
        MessageRefused(line=line.id, target=line.target, text=line.text, code=code, words=words)
    )


def pass_over(state: State, line: Line) -> None:
    """Take note that the server has dealt with a line and said nothing of it.

    A server that echoes has refused it without a word; one that does not has taken it.
    """
    if "echo-message" in state.caps:
        refuse(state, line, "", "the server did not keep it, and gave no reason")
        return
    state.outbox.land(line)
    state.emit(
        MessageReceived(
            nick=state.nick,
            target=line.target,
            text=line.text,
            kind=line.kind,
            buffer=state.support.without_status(line.target),
            own=True,
        )
    )
    state.emit(MessageKept(line=line.id, target=line.target, msgid=None, proven=False))


def on_fence(state: State, token: str) -> None:
    """PONG to one of our fences: all lines sent before it have been dealt with."""
    last = state.fences.pop(token, None)
    for line in state.outbox.flying:
        if last is not None and line.id <= last and not line.label:
            pass_over(state, line)


def pump(state: State, until: int) -> None:
    """Send the lines that may be sent now, up to an id."""
    last = 0
    while line := state.outbox.launch(lambda key: _may_send(state, key), until):
        line.nick = state.nick
        line.label = state.new_label() if state.caps.labels else ""
        text = f"{ACTION_HEAD}{line.text}{ACTION_TAIL}" if line.kind == "action" else line.text
        tags = {"label": line.label} if line.label else {}
        state.send(COMMANDS[line.kind], line.target, text, tags=tags)
        last = 0 if line.label else line.id
    if last:
        fence(state, last)


def fence(state: State, last: int = 0) -> str:
    """Send a PING whose answer means that all before it has been dealt with; return its token."""
    token = f"{'line' if last else 'turn'}-{state.new_label()}"
    state.fences[token] = last
    state.send("PING", token)
    return token


def _may_send(state: State, key: str) -> bool:
    room = state.rooms.get(key)
    return room is None or (room.joined and room.fetch is None)
