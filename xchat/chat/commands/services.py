"""NICKSERV (NS) and CHANSERV (CS), and what is written to the two by PRIVMSG."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xchat.chat.lines import Line
from xchat.chat.refused import Failed
from xchat.chat.services.chanserv import CHANSERV
from xchat.chat.services.nickserv import NICKSERV
from xchat.chat.services.service import Service
from xchat.chat.session import Request
from xchat.irc import names
from xchat.irc.capabilities import ECHO_MESSAGE

if TYPE_CHECKING:
    from xchat.chat.hub import Hub

SERVICES = {names.fold(service.nick): service for service in (NICKSERV, CHANSERV)}


def nickserv(hub: Hub, request: Request) -> None:
    """NICKSERV <command>: as written to NickServ."""
    NICKSERV.serve(hub, request, " ".join(request.params))


def chanserv(hub: Hub, request: Request) -> None:
    """CHANSERV <command>: as written to ChanServ."""
    CHANSERV.serve(hub, request, " ".join(request.params))


def service_of(target: str) -> Service | None:
    """Return the service that a target of a message is; `NickServ@services` is one too."""
    return SERVICES.get(target.partition("@")[0].lower())


def written_to(hub: Hub, request: Request, targets: list[str], text: str) -> bool:
    """Serve what is written to a service, which nobody else is told; say False for other targets.

    Other targets beside one would be told a password: they are told nothing.
    """
    found = [service for service in map(service_of, targets) if service is not None]
    if not found:
        return False
    if len(targets) > 1:
        text = f"Not sent to anybody: write to {found[0].nick} alone"
        raise Failed("INVALID_TARGET", request.params[0], text=text)
    if request.session.caps & ECHO_MESSAGE:
        source, command = hub.state.users[request.session.uid].prefix, request.message.command
        request.put(Line(source, command, (found[0].nick, text), hub.now_ms))
    found[0].serve(hub, request, text)
    return True
