"""What ChanServ's verbs have in common: the channel that is meant, and what is done to it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from xchat.chat.apply.sight import visible_channel
from xchat.chat.apply.standing import role_bits
from xchat.chat.entities import Channel
from xchat.chat.events import (
    Event,
)
from xchat.chat.refused import Refused
from xchat.chat.services.service import say
from xchat.chat.session import Request
from xchat.irc.numerics import ERR_NOSUCHCHANNEL

if TYPE_CHECKING:
    from xchat.chat.hub import Hub


def need_channel(hub: Hub, request: Request, name: str) -> Channel:
    """Return a channel that who asks may know of: it is visible, or they are something in it."""
    channel = hub.state.channel(name)
    uid = request.session.uid
    if channel is None or not (stands(hub, uid, channel) or visible_channel(hub.state, uid, name)):
        raise Refused(ERR_NOSUCHCHANNEL, name)
    return channel


def stands(hub: Hub, uid: str, channel: Channel) -> bool:
    """Say whether the account of a user is anything in a channel."""
    return role_bits(channel, hub.state.users[uid].account) != 0


def do(hub: Hub, request: Request, event: Event, done: str) -> None:
    """Append what is asked for, and say so once it is kept."""
    hub.append(request, event, partial(say, hub, request, done))


def name_of(hub: Hub, aid: str) -> str:
    """Return the name of an account, or nobody's."""
    account = hub.state.accounts.get(aid)
    return account.name if account else "nobody"
