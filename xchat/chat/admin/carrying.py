"""What the administration's acts come to on this server, once they are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xchat.chat import server_bans
from xchat.chat.effects import Banned, SessionsClosed, ToAll
from xchat.chat.lines import Line
from xchat.chat.session import Request

if TYPE_CHECKING:
    from xchat.chat.hub import Hub

EVERYONE = "$*"
"""The target of what everyone is told (RFC 2812, 3.3.1: a mask of servers)."""


def banned(hub: Hub, effect: Banned, _request: Request | None) -> None:
    """Part with the connections from an address that is banned, registered or not."""
    for session in list(hub.sessions.values()):
        if server_bans.is_for(effect.ban, session.address):
            hub.close(session, server_bans.words(effect.ban))


def to_all(hub: Hub, effect: ToAll, _request: Request | None) -> None:
    """Tell everyone something in the server's own name."""
    hub.fanout.to_all(Line(hub.name, "NOTICE", (EVERYONE, effect.text), effect.ts))


def sessions_closed(hub: Hub, effect: SessionsClosed, _request: Request | None) -> None:
    """Part with sessions; those that are gone already, are."""
    for sid in effect.sids:
        session = hub.sessions.get(sid)
        if session is not None:
            hub.close(session, effect.reason)
