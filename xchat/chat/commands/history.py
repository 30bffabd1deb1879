"""CHATHISTORY (IRCv3 draft/chathistory): LATEST BEFORE AFTER, by msgid and by time."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

from xchat.chat.apply.messages import line_of
from xchat.chat.apply.step import HistoryRow, direct_target, make_msgid, seq_of
from xchat.chat.ledger import CannotRead
from xchat.chat.lines import Line
from xchat.chat.refused import Failed
from xchat.chat.session import Request
from xchat.irc import names
from xchat.irc.capabilities import BATCH
from xchat.limits import HISTORY_ROWS_MAX

if TYPE_CHECKING:
    from xchat.chat.hub import Hub

_NUMBER = re.compile(r"[0-9]{1,9}")
_TIME = re.compile(r"[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-6][0-9]\.[0-9]{3}Z")


class Window(msgspec.Struct, frozen=True):
    """The places between which messages are asked for, exclusive, and from which end."""

    after: int = 0
    before: int | None = None
    newest: bool = True


def chathistory(hub: Hub, request: Request) -> None:
    """CHATHISTORY <subcommand> <target> <reference> <limit>."""
    subcommand = request.params[0].upper() if request.params else ""
    if subcommand not in ("LATEST", "BEFORE", "AFTER"):
        raise Failed("INVALID_PARAMS", subcommand or "*", text="Unknown subcommand")
    if len(request.params) < 4:
        raise Failed("INVALID_PARAMS", subcommand, text="Insufficient parameters")
    _, name, reference, asked = request.params[:4]
    target, limit = _target(hub, request, subcommand, name), _limit(subcommand, asked)
    try:
        window = _window(hub, subcommand, reference)
        rows = hub.ledger.store.page(
            target,
            after=window.after,
            before=window.before,
            limit=limit,
            newest=window.newest,
        )
    except CannotRead as failure:
        text = f"Messages could not be retrieved: {failure}"
        raise Failed("MESSAGE_ERROR", subcommand, name, text=text) from failure
    _say(hub, request, name, rows)


def _target(hub: Hub, request: Request, subcommand: str, name: str) -> str:
    """Return whose history it is; a channel's is for its members, a user's for the two."""
    uid = request.session.uid
    if names.is_channel(name):
        channel = hub.state.channel(name)
        if channel and hub.state.roles(names.fold(name), uid) is not None:
            return channel.cid
    else:
        other = hub.state.user_by_nick(name)
        if other is not None:
            return direct_target(hub.state.users[uid].party, other.party)
    raise Failed("INVALID_TARGET", subcommand, name, text="Messages could not be retrieved")


def _window(hub: Hub, subcommand: str, reference: str) -> Window:
    if subcommand == "LATEST":
        return Window(after=0 if reference == "*" else _after(hub, subcommand, reference))
    if subcommand == "BEFORE":
        return Window(before=_before(hub, subcommand, reference))
    return Window(after=_after(hub, subcommand, reference), newest=False)


def _before(hub: Hub, subcommand: str, reference: str) -> int:
    """Return the first place that is not before a reference."""
    seq, ts = _reference(hub, subcommand, reference)
    return seq if ts is None else hub.ledger.store.seq_at(ts)


def _after(hub: Hub, subcommand: str, reference: str) -> int:
    """Return the last place that is not after a reference."""
    seq, ts = _reference(hub, subcommand, reference)
    return seq if ts is None else hub.ledger.store.seq_at(ts + 1) - 1


def _reference(hub: Hub, subcommand: str, reference: str) -> tuple[int, int | None]:
    """Return the place that `msgid=` names, or the time (ms) of `timestamp=`."""
    kind, _, value = reference.partition("=")
    if kind == "msgid":
        seq = seq_of(hub.ledger.store.log_id, value)
        if seq is not None:
            return seq, None
        raise Failed("INVALID_PARAMS", subcommand, text="There is no message with this msgid")
    if kind != "timestamp":
        text = "A message is named by msgid= or timestamp="
        raise Failed("INVALID_MSGREFTYPE", subcommand, reference, text=text)
    ts = parse_time(value)
    if ts is None:
        text = "A time is written YYYY-MM-DDThh:mm:ss.sssZ"
        raise Failed("INVALID_PARAMS", subcommand, text=text)
    return 0, ts


def parse_time(text: str) -> int | None:
    """Return the milliseconds since 1970 of a server-time, or None for what is none."""
    if not _TIME.fullmatch(text):
        return None
    try:
        when = datetime.strptime(text[:19], "%Y-%m-%dT%H:%M:%S").replace(tzinfo=UTC)
    except ValueError:
        return None
    return max(int(when.timestamp()) * 1000 + int(text[20:23]), 0)


def _limit(subcommand: str, limit: str) -> int:
    if not _NUMBER.fullmatch(limit):
        raise Failed("INVALID_PARAMS", subcommand, text="The limit is not a number")
    return min(int(limit), HISTORY_ROWS_MAX)


def _say(hub: Hub, request: Request, name: str, rows: list[HistoryRow]) -> None:
    """Tell the rows, oldest first, in a batch where the client knows batches."""
    log_id = hub.ledger.store.log_id
    batched = bool(request.session.caps & BATCH)
    reference = f"history{hub.next_batch()}"
    if batched:
        request.put(Line(hub.name, "BATCH", (f"+{reference}", "chathistory", name)))
    tag = f"batch={reference}" if batched else ""
    for row in rows:
        request.put(line_of(row, make_msgid(log_id, row.seq)), tag)
    if batched:
        request.put(Line(hub.name, "BATCH", (f"-{reference}",)))
