"""MODE: of a channel, or of oneself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xchat.chat.commands.channel_modes import channel_mode
from xchat.chat.commands.user_modes import user_mode
from xchat.chat.session import Request
from xchat.irc import names

if TYPE_CHECKING:
    from xchat.chat.hub import Hub


def mode(hub: Hub, request: Request) -> None:
    """MODE <target> [<modes> {<argument>}]."""
    if names.is_channel(request.params[0]):
        channel_mode(hub, request)
    else:
        user_mode(hub, request)
