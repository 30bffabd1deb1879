"""Asking people in: INVITE."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xchat.chat import events
from xchat.chat.commands.each import need_user
from xchat.chat.refused import Refused
from xchat.chat.session import Request
from xchat.irc.numerics import (
    ERR_NEEDMOREPARAMS,
    RPL_AWAY,
    RPL_ENDOFINVITELIST,
    RPL_INVITELIST,
)

if TYPE_CHECKING:
    from xchat.chat.hub import Hub


def invite(hub: Hub, request: Request) -> None:
    """INVITE <nick> <channel>, or INVITE alone, which lists one's open invitations."""
    uid = request.session.uid
    if not request.params:
        _list_invitations(hub, request)
        return
    if len(request.params) < 2:
        raise Refused(ERR_NEEDMOREPARAMS, "INVITE")
    nick, name = request.params[:2]
    target = need_user(hub, nick)
    event = events.UserInvited(
        uid=uid,
        channel=name,
        target=target.uid,
        invites_max=hub.limits.invites_per_channel_max,
    )
    hub.append(request, event)
    away = hub.state.away.get(target.uid)
    if away is not None:
        hub.reply(request, RPL_AWAY, target.nick, text=away)


def _list_invitations(hub: Hub, request: Request) -> None:
    for channel in hub.state.channels.values():
        if request.session.uid in channel.invited:
            hub.reply(request, RPL_INVITELIST, channel.name)
    hub.reply(request, RPL_ENDOFINVITELIST)
