"""How metadata is told: as an answer, as news, and to who comes to where there is some.

draft/metadata-2 tells news in METADATA lines, draft/metadata-3 in the numerics
of an answer; who has both hears the newer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from xchat.chat.apply.metadata_rules import Target, owner_of, shown
from xchat.chat.effects import Entered, MetadataChanged
from xchat.chat.entities import Channel, User
from xchat.chat.lines import Line
from xchat.chat.session import Request, Session
from xchat.irc.capabilities import METADATA_2, METADATA_3
from xchat.irc.numerics import RPL_KEYNOTSET, RPL_KEYVALUE, RPL_METADATASYNCLATER
from xchat.limits import METADATA_SYNC_MEMBERS_MAX, METADATA_SYNC_SECONDS

if TYPE_CHECKING:
    from xchat.chat.hub import Hub

EVERYONE = "*"
"""Who may see a value: there are none that only some may."""
METADATA = METADATA_2 | METADATA_3


def answer(hub: Hub, session: Session, target: str, key: str, value: str | None) -> Line:
    """Return the numeric that tells a value, or that there is none."""
    nick = hub.nick_of(session)
    if value is None:
        words = RPL_KEYNOTSET.text or ""
        return Line(hub.name, RPL_KEYNOTSET.code, (nick, target, key, words), hub.now_ms)
    return Line(hub.name, RPL_KEYVALUE.code, (nick, target, key, EVERYONE, value), hub.now_ms)


def news(hub: Hub, session: Session, target: str, key: str, value: str | None) -> Line:
    """Return the line that tells a session of a value it did not ask for."""
    if session.caps & METADATA_3:
        return answer(hub, session, target, key, value)
    params = (target, key, EVERYONE) if value is None else (target, key, EVERYONE, value)
    return Line(hub.name, "METADATA", params, hub.now_ms)


def changed(hub: Hub, effect: MetadataChanged, request: Request | None) -> None:
    """Answer who made a change, and tell those who want to hear of the keys."""
    origin = request.session if request is not None else None
    if request is not None:
        _answer_change(hub, effect, request)
    for session in hub.fanout.around(effect.channels, effect.watched, (effect.uid, *effect.also)):
        if session is not origin and session.caps & METADATA:
            keys = hub.interests.keys(session)
            for key, value in effect.news.items():
                if key in keys:
                    line = news(hub, session, effect.target, key, value)
                    hub.fanout.tell(session, line, None)


def _answer_change(hub: Hub, effect: MetadataChanged, request: Request) -> None:
    session, target = request.session, effect.target
    lines = [answer(hub, session, target, *item) for item in effect.answers.items()]
    if effect.batched:
        hub.say_batch(request, ("metadata", target), lines)
    else:
        for line in lines:
            request.put(line)


def say_own(hub: Hub, request: Request) -> None:
    """Tell a session the metadata of its own user, an empty batch where there is none."""
    user = hub.state.users[request.session.uid]
    values = hub.state.metadata.get(owner_of(user), {})
    lines = [news(hub, request.session, user.nick, *item) for item in values.items()]
    hub.say_batch(request, ("metadata", user.nick), lines)


# -- what is there already --------------------------------------------------------------------


def values_of(
    hub: Hub, session: Session, targets: Iterable[Target], keys: Iterable[str]
) -> Iterator[Line]:
    """Yield what is set of these keys."""
    wanted = tuple(keys)
    for target in targets:
        values = hub.state.metadata.get(owner_of(target))
        for key in wanted if values else ():
            value = values.get(key) if values else None
            if value is not None:
                yield news(hub, session, shown(target), key, value)


def entered(hub: Hub, request: Request, entry: Entered) -> None:
    """Tell who has come into a channel what is set of the keys they want to hear of."""
    session = request.session
    keys = hub.interests.keys(session)
    if not keys or not session.caps & METADATA:
        return
    users = [user for user, _ in entry.members]
    say_channel(hub, request, entry.channel, users, keys)


def say_channel(
    hub: Hub, request: Request, channel: Channel, users: list[User], keys: Iterable[str]
) -> None:
    """Tell what is set in a channel; of a large one that it is to be asked for (SYNC)."""
    if len(users) > METADATA_SYNC_MEMBERS_MAX:
        hub.reply(request, RPL_METADATASYNCLATER, channel.name, str(METADATA_SYNC_SECONDS))
        return
    lines = list(values_of(hub, request.session, (channel, *users), keys))
    if lines:
        hub.say_batch(request, ("metadata", channel.name), lines)
