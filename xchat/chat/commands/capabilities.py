"""CAP (IRCv3 capability negotiation, version 302)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xchat.chat.commands import multiline
from xchat.chat.commands.accounts import capability_value, policy_of
from xchat.chat.commands.registration import maybe_register
from xchat.chat.commands.sasl import mechanisms
from xchat.chat.lines import Line
from xchat.chat.metadata import telling
from xchat.chat.refused import Refused
from xchat.chat.session import Request, Session
from xchat.chat.text import rows
from xchat.irc.capabilities import (
    ACCOUNT_REGISTRATION,
    CAP_NOTIFY,
    CAPABILITIES,
    MULTILINE,
    SASL,
    Capability,
    names_of,
)
from xchat.irc.numerics import ERR_INVALIDCAPCMD

if TYPE_CHECKING:
    from xchat.chat.hub import Hub

_VERSION_302 = 302


def cap(hub: Hub, request: Request) -> None:
    """Hand each subcommand to its function."""
    subcommand = request.params[0].upper()
    if subcommand not in _SUBCOMMANDS:
        raise Refused(ERR_INVALIDCAPCMD, request.params[0])
    _SUBCOMMANDS[subcommand](hub, request)


def _ls(hub: Hub, request: Request) -> None:
    """List what there is; the highest version that a client has asked with counts from then on."""
    session = request.session
    session.claim.negotiating = True
    asked = request.params[1] if len(request.params) > 1 else ""
    version = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 6 else 0
    session.cap_version = max(session.cap_version, version)
    if session.cap_version >= _VERSION_302:
        _change(hub, request, session.caps | CAP_NOTIFY)
    values = version >= _VERSION_302
    offered = ((row.name, _value_of(hub, session, row)) for row in _offered(hub))
    shown = [f"{name}={value}" if value and values else name for name, value in offered]
    _list_in_rows(hub, request, "LS", shown)


def _offered(hub: Hub) -> list[Capability]:
    """Return the capabilities there are: no registration where nobody may."""
    is_closed = policy_of(hub) != "open"
    hidden = ACCOUNT_REGISTRATION if is_closed else 0
    return [capability for capability in CAPABILITIES if not capability.bit & hidden]


def _value_of(hub: Hub, session: Session, capability: Capability) -> str:
    """Return what CAP LS 302 shows of a capability: its value, or what it is for this session."""
    if capability.bit == SASL:
        return ",".join(mechanisms(session))
    if capability.bit == MULTILINE:
        return multiline.capability_value(hub.config)
    return capability_value(hub) if capability.bit == ACCOUNT_REGISTRATION else capability.value


def _list(hub: Hub, request: Request) -> None:
    _list_in_rows(hub, request, "LIST", names_of(request.session.caps))


def _list_in_rows(hub: Hub, request: Request, subcommand: str, shown: list[str]) -> None:
    """List in as many lines as it takes; before version 302 a client understands one.

    What does not fit into that are drafts, which no such client knows.
    """
    room = hub.row_bytes(request, subcommand, "*")
    *more, last = list(rows(shown, room)) or [""]
    if more and request.session.cap_version < _VERSION_302:
        more, last = [], next(rows(sorted(shown, key=_is_draft), room))
    for row in more:
        _answer(hub, request, subcommand, "*", row)
    _answer(hub, request, subcommand, last)


def _is_draft(name: str) -> bool:
    return "/" in name


def _req(hub: Hub, request: Request) -> None:
    """Make all the changes asked for, or none of them."""
    session = request.session
    session.claim.negotiating = True
    asked = request.params[1] if len(request.params) > 1 else ""
    caps, offered = session.caps, {row.name: row for row in _offered(hub)}
    for word in asked.split():
        capability = offered.get(word.removeprefix("-"))
        if capability is None:
            _answer(hub, request, "NAK", asked)
            return
        caps = caps & ~capability.bit if word.startswith("-") else caps | capability.bit
    if session.cap_version >= _VERSION_302 and not caps & CAP_NOTIFY:
        _answer(hub, request, "NAK", asked)
        return
    _answer(hub, request, "ACK", asked)
    has_metadata = session.caps & telling.METADATA
    _change(hub, request, caps)
    if session.registered and caps & telling.METADATA and not has_metadata:
        telling.say_own(hub, request)


def _end(hub: Hub, request: Request) -> None:
    request.session.claim.negotiating = False
    maybe_register(hub, request)


def _change(hub: Hub, request: Request, caps: int) -> None:
    session = request.session
    channels = hub.state.joined.get(session.uid, {}) if session.registered else ()
    hub.fanout.regroup(session, caps, channels)


def _answer(hub: Hub, request: Request, subcommand: str, *params: str) -> None:
    request.put(Line(hub.name, "CAP", (hub.nick_of(request.session), subcommand, *params)))


_SUBCOMMANDS = {"LS": _ls, "LIST": _list, "REQ": _req, "END": _end}
