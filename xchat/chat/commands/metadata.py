"""METADATA (IRCv3 metadata): what is set, set anew, and subscribed to."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from xchat.chat.apply.metadata_rules import Target, check_key, find, may_read, owner_of, shown
from xchat.chat.apply.sight import seen_members
from xchat.chat.commands import subscriptions
from xchat.chat.entities import Channel, User
from xchat.chat.events import MetadataCleared, MetadataSet
from xchat.chat.lines import Line
from xchat.chat.metadata.telling import answer, values_of
from xchat.chat.refused import Failed, Refused
from xchat.chat.session import Request
from xchat.irc import names
from xchat.irc.capabilities import METADATA_2, METADATA_3
from xchat.irc.display import clean_text
from xchat.irc.numerics import ERR_NEEDMOREPARAMS, ERR_NOTREGISTERED
from xchat.limits import LINE_BYTES_MAX, METADATA_KEYS_MAX, METADATA_VALUE_BYTES_MAX, NICK_BYTES_MAX

if TYPE_CHECKING:
    from xchat.chat.hub import Hub

OWN = "*"
_NOBODY = "*"


def metadata(hub: Hub, request: Request) -> Iterator[None] | None:
    """METADATA <target> <GET | LIST | SET | CLEAR | SUB | UNSUB | SUBS | SYNC> {<param>}."""
    name, subcommand = request.params[0], request.params[1].upper()
    handler = _SUBCOMMANDS.get(subcommand)
    if handler is None:
        text = f"METADATA takes one of {' '.join(_SUBCOMMANDS)}"
        raise Failed("INVALID_SUBCOMMAND", request.params[1], text=text)
    if not request.session.registered:
        _check_early(request, name, subcommand)
    try:
        return handler(hub, request, name)
    except Failed as failed:
        raise _as_known(request, failed) from None


def _check_early(request: Request, name: str, subcommand: str) -> None:
    """Before registration there is only oneself (the value `before-connect`)."""
    if not request.session.caps & (METADATA_2 | METADATA_3) or subcommand == "SYNC":
        raise Refused(ERR_NOTREGISTERED)
    if name != OWN:
        raise Failed("INVALID_TARGET", name, text="Until you are registered there is only *")


def _as_known(request: Request, failed: Failed) -> Failed:
    """Return a failure by the name that the version of the specification has for it."""
    if request.session.caps & METADATA_3 or not request.session.caps & METADATA_2:
        return failed
    if failed.code == "INVALID_VALUE":
        return Failed("VALUE_INVALID", text=failed.text)
    code = "KEY_INVALID" if failed.code == "INVALID_KEY" else failed.code
    return Failed(code, *failed.context, text=failed.text)


def _keys(request: Request) -> tuple[str, ...]:
    keys = request.params[2:]
    if not keys:
        raise Refused(ERR_NEEDMOREPARAMS, "METADATA")
    return keys


# -- reading ----------------------------------------------------------------------------------


def _values(hub: Hub, request: Request, name: str, key: str) -> tuple[str, dict[str, str]]:
    """Return what a target is called and what is set of it; fail for what may not be read."""
    session = request.session
    if not session.registered:
        return _NOBODY, hub.interests.of(session, hub.now).claimed
    target = find(hub.state, session.uid, name)
    if not may_read(hub.state, session.uid, target):
        text = "The metadata of a channel is for its members"
        raise Failed("KEY_NO_PERMISSION", shown(target), key, text=text)
    return shown(target), hub.state.metadata.get(owner_of(target), {})


def _get(hub: Hub, request: Request, name: str) -> None:
    keys = _keys(request)
    target, values = _values(hub, request, name, keys[0])
    lines = [_get_one(hub, request, target, key, values) for key in keys]
    hub.say_batch(request, ("metadata", target), lines)


def _get_one(hub: Hub, request: Request, target: str, key: str, values: dict[str, str]) -> Line:
    try:
        checked = check_key(key)
    except Failed as failed:
        return hub.fail_line(request, _as_known(request, failed))
    return answer(hub, request.session, target, checked, values.get(checked))


def _list(hub: Hub, request: Request, name: str) -> None:
    target, values = _values(hub, request, name, "*")
    lines = [answer(hub, request.session, target, *item) for item in values.items()]
    hub.say_batch(request, ("metadata", target), lines)


def _sync(hub: Hub, request: Request, name: str) -> Iterator[None]:
    """Tell all that is set of the keys subscribed to, of a channel and of all in it."""
    target, _ = _values(hub, request, name, "*")
    return _tell_all(hub, request, find(hub.state, request.session.uid, target))


def _tell_all(hub: Hub, request: Request, target: Target) -> Iterator[None]:
    keys = tuple(hub.interests.keys(request.session))
    with hub.batch(request, ("metadata", shown(target))) as tag:
        for one in _and_members(hub, request, target):
            for line in values_of(hub, request.session, (one,), keys):
                request.put(line, tag)
            yield


def _and_members(hub: Hub, request: Request, target: Target) -> Iterator[Target]:
    yield target
    if isinstance(target, Channel):
        folded, viewer = names.fold(target.name), request.session.uid
        for uid, _ in seen_members(hub.state, folded, viewer):
            user = hub.state.users.get(uid)
            if user is not None:
                yield user


# -- changing ---------------------------------------------------------------------------------


def _set(hub: Hub, request: Request, name: str) -> None:
    key = check_key(_keys(request)[0])
    value = request.params[3] if len(request.params) > 3 else None
    session = request.session
    if value is not None:
        _check_value(hub, name, key, value)
    _check_rate(hub, request, name, key)
    if session.registered:
        target = _event_target(find(hub.state, session.uid, name))
        hub.append(request, MetadataSet(uid=session.uid, target=target, values={key: value}))
        return
    claimed = hub.interests.of(session, hub.now).claimed
    _claim(claimed, key, value)
    request.put(answer(hub, session, _NOBODY, key, value))


def _claim(claimed: dict[str, str], key: str, value: str | None) -> None:
    """Remember what is set before there is a user to have it, as it would be checked then."""
    if value is not None:
        if key not in claimed and len(claimed) >= METADATA_KEYS_MAX:
            text = f"{METADATA_KEYS_MAX} keys are set, and no more can be"
            raise Failed("LIMIT_REACHED", _NOBODY, text=text)
        claimed[key] = value
    elif claimed.pop(key, None) is None:
        raise Failed("KEY_NOT_SET", _NOBODY, key, text="This key is not set")


def _check_value(hub: Hub, name: str, key: str, value: str) -> None:
    """Let only what fits into the line that tells it, and hides nothing, be a value."""
    nick = min(NICK_BYTES_MAX, hub.limits.nick_chars_max)
    head = len(f":{hub.name} 761   {key} * :\r\n") + nick + max(len(name.encode()), nick)
    most = min(METADATA_VALUE_BYTES_MAX, LINE_BYTES_MAX - head)
    if len(value.encode()) > most:
        text = f"A value has at most {most} bytes here"
        raise Failed("INVALID_VALUE", key, text=text)
    if clean_text(value) != value:
        raise Failed("INVALID_VALUE", key, text="A value holds no control characters")


def _check_rate(hub: Hub, request: Request, name: str, key: str) -> None:
    session = request.session
    wait = 0.0 if session.exempt else hub.interests.of(session, hub.now).wait(hub.now)
    if wait:
        seconds = str(math.ceil(wait))
        text = f"Too many changes: try again in {seconds} s"
        raise Failed("RATE_LIMITED", name, key, seconds, text=text)


def _event_target(target: Target) -> str:
    return target.uid if isinstance(target, User) else target.name


def _clear(hub: Hub, request: Request, name: str) -> None:
    session = request.session
    if session.registered:
        target = _event_target(find(hub.state, session.uid, name))
        _check_rate(hub, request, name, "*")
        hub.append(request, MetadataCleared(uid=session.uid, target=target))
        return
    claimed = hub.interests.take_claimed(session)
    lines = [answer(hub, session, _NOBODY, key, None) for key in claimed]
    hub.say_batch(request, ("metadata", _NOBODY), lines)


_Handler = Callable[["Hub", Request, str], Iterator[None] | None]
_SUBCOMMANDS: dict[str, _Handler] = {
    "GET": _get,
    "LIST": _list,
    "SET": _set,
    "CLEAR": _clear,
    "SUB": subscriptions.subscribe,
    "UNSUB": subscriptions.unsubscribe,
    "SUBS": subscriptions.say,
    "SYNC": _sync,
}
