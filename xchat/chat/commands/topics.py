"""What a channel is about: TOPIC."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xchat.chat import events
from xchat.chat.apply.sight import tells_topic, visible_channel
from xchat.chat.commands.reception import say_topic
from xchat.chat.refused import Refused
from xchat.chat.session import Request
from xchat.chat.text import clean
from xchat.irc.numerics import ERR_NOSUCHCHANNEL, ERR_NOTONCHANNEL, RPL_NOTOPIC
from xchat.limits import LINE_BYTES_MAX, NICK_BYTES_MAX

if TYPE_CHECKING:
    from xchat.chat.hub import Hub


def topic(hub: Hub, request: Request) -> None:
    """TOPIC <channel> [<topic>]: see it, set it, or clear it with an empty one."""
    uid, name = request.session.uid, request.params[0]
    if len(request.params) > 1:
        text = clean(request.params[1], _topic_room(hub, uid, name))
        hub.append(request, events.TopicChanged(uid=uid, channel=name, topic=text))
        return
    channel = visible_channel(hub.state, uid, name)
    if channel is None:
        raise Refused(ERR_NOSUCHCHANNEL, name)
    if not tells_topic(hub.state, uid, channel):
        raise Refused(ERR_NOTONCHANNEL, channel.name)
    if channel.topic:
        say_topic(hub, request, channel)
    else:
        hub.reply(request, RPL_NOTOPIC, channel.name)


def _topic_room(hub: Hub, uid: str, name: str) -> int:
    """Return how many bytes a topic may have so that nobody is ever told less of it."""
    channel = visible_channel(hub.state, uid, name)
    shown = channel.name if channel else name
    told = f":{hub.state.users[uid].prefix} TOPIC {shown} :\r\n"
    listed = f":{hub.name} 322 {'x' * NICK_BYTES_MAX} {shown} 99999 :\r\n"
    room = LINE_BYTES_MAX - max(len(told.encode()), len(listed.encode()))
    return min(room, hub.limits.topic_bytes_max)
