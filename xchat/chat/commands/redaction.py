"""REDACT (IRCv3 draft/message-redaction): take a message back, for good."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xchat.chat.apply.redaction import invalid_target
from xchat.chat.apply.step import HistoryRow, seq_of
from xchat.chat.events import MessageRedacted
from xchat.chat.ledger import CannotRead
from xchat.chat.operators import REDACT, may
from xchat.chat.reading import Readable, readable
from xchat.chat.refused import Failed, Refused
from xchat.chat.session import Request
from xchat.chat.text import clean
from xchat.irc import names
from xchat.irc.capabilities import MESSAGE_REDACTION
from xchat.irc.numerics import ERR_UNKNOWNCOMMAND

if TYPE_CHECKING:
    from xchat.chat.hub import Hub

_SAID = ("PRIVMSG", "NOTICE", "TAGMSG")


def redact(hub: Hub, request: Request) -> None:
    """REDACT <target> <msgid> [<reason>]: a client MUST negotiate the capability."""
    if not request.session.caps & MESSAGE_REDACTION:
        raise Refused(ERR_UNKNOWNCOMMAND, "REDACT")
    uid, (name, msgid) = request.session.uid, request.params[:2]
    found = _history(hub, uid, name)
    row = _row(hub, found, msgid)
    if row is None:
        text = "This message does not exist or is too old"
        raise Failed("UNKNOWN_MSGID", name, msgid, text=text)
    reason = clean(request.params[2], hub.limits.kick_bytes_max) if request.params[2:] else None
    event = MessageRedacted(
        uid=uid,
        target=found.name,
        history=found.target,
        msgid=msgid,
        author=row.author,
        reason=reason,
    )
    hub.append(request, event)


def _history(hub: Hub, uid: str, name: str) -> Readable:
    """Return the history that the message is in; operators of the server see every channel's."""
    found = readable(hub.state, uid, name)
    if found is None and names.is_channel(name) and may(hub.state.users[uid], REDACT):
        channel = hub.state.channel(name)
        found = Readable(channel.cid, channel.name) if channel is not None else None
    if found is None:
        raise invalid_target(name)
    return found


def _row(hub: Hub, found: Readable, msgid: str) -> HistoryRow | None:
    """Return what was said there under this msgid, if it is for the reader to know."""
    store = hub.ledger.store
    seq = seq_of(store.log_id, msgid)
    if seq is None or seq <= found.after:
        return None
    try:
        row = store.find(found.target, seq)
    except CannotRead as failure:
        text = f"The message could not be looked up: {failure}"
        raise Failed("MESSAGE_ERROR", found.name, msgid, text=text) from failure
    return row if row is not None and row.command in _SAID else None
