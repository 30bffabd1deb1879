"""The one gate: from a line to the command's handler, and from a refusal to its reply."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xchat.chat.commands.table import COMMANDS, EVERYTHING, NOTHING, Command
from xchat.chat.refused import Failed, Ignored, Refused
from xchat.chat.session import Request, Session
from xchat.irc.framing import ENDLESS, LineTooLong
from xchat.irc.message import Message, ParseError, parse, salvage
from xchat.irc.numerics import (
    ERR_INPUTTOOLONG,
    ERR_NEEDMOREPARAMS,
    ERR_NOTREGISTERED,
    ERR_UNKNOWNCOMMAND,
)
from xchat.limits import APPENDS_PENDING_MAX, LINE_BYTES_ENDLESS

if TYPE_CHECKING:
    from xchat.chat.hub import Hub


def handle(hub: Hub, session: Session, line: bytes | LineTooLong) -> bool:
    """Handle one line; say False where it has to wait for what is not settled yet."""
    fault: Refused | Failed | None = None
    if line is ENDLESS:
        hub.close(session, f"A line of more than {LINE_BYTES_ENDLESS} bytes")
        return True
    try:
        message = Message("") if isinstance(line, LineTooLong) else parse(line)
    except ParseError as error:
        assert not isinstance(line, LineTooLong)
        message, fault = salvage(line), Failed(error.code, text=error.why)
        _answer(hub, Request(session, message, hub.name), None, fault)
        return True
    command = COMMANDS.get(message.command)
    if session.open and _must_wait(session, command):
        return False
    if isinstance(line, LineTooLong):
        fault = Refused(ERR_INPUTTOOLONG)
    _answer(hub, Request(session, message, hub.name), command, fault)
    return True


def _must_wait(session: Session, command: Command | None) -> bool:
    waits_for = command.waits_for if command else NOTHING
    if waits_for == EVERYTHING or len(session.open) >= APPENDS_PENDING_MAX:
        return True
    if session.unsettled and not session.registered:
        return True  # what it is told on coming in, comes before the answer to what follows
    return waits_for != NOTHING and session.unsettled > 0


def _answer(
    hub: Hub, request: Request, command: Command | None, fault: Refused | Failed | None
) -> None:
    """Let a command's handler decide, and turn a refusal into its reply."""
    session = request.session
    hub.flood.charge(session, command.cost_of(request.params) if command else 1)
    hub.fanout.touch(session)
    try:
        if fault is not None:
            raise fault
        stream = _check(request, command).handler(hub, request)
    except (Refused, Failed) as refusal:
        hub.refuse(request, refusal)
    except Ignored:
        pass
    else:
        if stream is not None:
            hub.streams.begin(request, stream)
            return
    request.finish()


def _check(request: Request, command: Command | None) -> Command:
    """Let through a known command, of a registered client, with enough parameters."""
    name = request.message.command
    if command is None:
        raise Refused(ERR_UNKNOWNCOMMAND, name[:32])
    if command.registered and not request.session.registered:
        raise Refused(ERR_NOTREGISTERED)
    if len(request.params) < command.params_min:
        raise Refused(ERR_NEEDMOREPARAMS, name)
    return command
