"""METADATA SUB, UNSUB and SUBS: which keys a session wants to hear of (IRCv3 metadata)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from xchat.chat.apply.metadata_rules import check_key
from xchat.chat.apply.sight import seen_members
from xchat.chat.metadata.telling import say_channel, values_of
from xchat.chat.refused import Failed, Refused
from xchat.chat.session import Request
from xchat.chat.text import rows
from xchat.irc.capabilities import METADATA_2, METADATA_3
from xchat.irc.numerics import (
    ERR_NEEDMOREPARAMS,
    RPL_METADATASUBOK,
    RPL_METADATASUBS,
    RPL_METADATAUNSUBOK,
    Numeric,
)
from xchat.limits import METADATA_SUBS_MAX

if TYPE_CHECKING:
    from xchat.chat.hub import Hub


def subscribe(hub: Hub, request: Request, name: str) -> Iterator[None] | None:
    """METADATA * SUB <key> {<key>}: each in its order; the first past the limit is named."""
    keys = hub.interests.of(request.session, hub.now).keys
    taken: list[str] = []
    fresh: list[str] = []
    for key in _valid(hub, request, name):
        if key not in keys and len(keys) >= METADATA_SUBS_MAX:
            text = f"You hear of {METADATA_SUBS_MAX} keys, and of no more"
            hub.refuse(request, Failed("TOO_MANY_SUBS", key, text=text))
            break
        if key not in keys:
            fresh.append(key)
        keys[key] = None
        taken.append(key)
    _list_in_rows(hub, request, RPL_METADATASUBOK, taken)
    if request.session.registered and fresh:
        return _say_values(hub, request, fresh)
    return None


def _say_values(hub: Hub, request: Request, keys: list[str]) -> Iterator[None]:
    """Tell what is set of new keys: of oneself, and of the channels one is in."""
    state, session = hub.state, request.session
    user = state.users[session.uid]
    lines = list(values_of(hub, session, (user,), keys))
    if lines:
        hub.say_batch(request, ("metadata", user.nick), lines)
    told = {user.uid}
    for folded in list(state.joined.get(user.uid, ())):
        if folded in state.joined.get(user.uid, ()):
            seen = (uid for uid, _ in seen_members(state, folded, user.uid))
            fresh = [uid for uid in seen if uid not in told]
            told.update(fresh)
            users = [state.users[uid] for uid in fresh]
            say_channel(hub, request, state.channels[folded], users, keys)
        yield


def unsubscribe(hub: Hub, request: Request, name: str) -> None:
    """METADATA * UNSUB <key> {<key>}: what was not subscribed to is confirmed too."""
    keys = hub.interests.of(request.session, hub.now).keys
    gone = list(_valid(hub, request, name))
    for key in gone:
        keys.pop(key, None)
    _list_in_rows(hub, request, RPL_METADATAUNSUBOK, gone)


def say(hub: Hub, request: Request, name: str) -> None:
    """METADATA * SUBS."""
    _check_own(name)
    keys = list(hub.interests.keys(request.session))
    _list_in_rows(hub, request, RPL_METADATASUBS, keys)


def _valid(hub: Hub, request: Request, name: str) -> Iterator[str]:
    """Yield the keys asked for that can be one; the others are refused, each for itself."""
    _check_own(name)
    if len(request.params) < 3:
        raise Refused(ERR_NEEDMOREPARAMS, "METADATA")
    old = request.session.caps & (METADATA_2 | METADATA_3) == METADATA_2
    for key in request.params[2:]:
        try:
            yield check_key(key)
        except Failed as failed:
            code = "KEY_INVALID" if old else failed.code
            hub.refuse(request, Failed(code, *failed.context, text=failed.text))


def _check_own(name: str) -> None:
    if name != "*":
        raise Failed("INVALID_TARGET", name, text="Subscriptions are one's own: *")


def _list_in_rows(hub: Hub, request: Request, numeric: Numeric, keys: list[str]) -> None:
    """Tell keys, each a parameter of its own, as many as fit into a line."""
    for row in rows(keys, hub.row_bytes(request)):
        words = row.split(" ")
        for start in range(0, len(words), _KEYS_A_LINE):
            hub.reply(request, numeric, *words[start : start + _KEYS_A_LINE])


_KEYS_A_LINE = 12
"""A line has fifteen parameters at most."""
