"""Bans from the server by the administration's hand: ban add, list, remove."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from xchat.chat.admin.acting import act
from xchat.chat.admin.arguments import BanAdd, BanName, Nothing
from xchat.chat.admin.operation import Operation
from xchat.chat.admin.shapes import BanEnded, BanRow, maybe_when, when
from xchat.chat.entities import ServerBan
from xchat.chat.events import BanAdded, BanRemoved
from xchat.chat.refused import Failed
from xchat.chat.server_bans import BadBan, canonical
from xchat.chat.text import clean

if TYPE_CHECKING:
    from xchat.chat.hub import Hub


def add(hub: Hub, operation: Operation, asked: BanAdd) -> None:
    """Let somebody in no more, and part with who is here; said again, it begins anew."""
    mask = _canonical(asked)
    event = BanAdded(
        kind=asked.kind,
        mask=mask,
        by=operation.who,
        reason=clean(asked.reason, hub.limits.kick_bytes_max),
        until=hub.now_ms + asked.seconds * 1000 if asked.seconds else 0,
        bans_max=hub.limits.bans_max,
    )
    until = f" until {when(event.until)}" if event.until else ""
    what = f"{event.kind} {mask}{until}: {event.reason}"
    act(hub, operation, what, event, partial(_added, hub, event))


def _added(hub: Hub, event: BanAdded) -> BanRow:
    """Return the ban as it is kept; one that has ended since, as it was asked for."""
    asked = ServerBan(
        kind=event.kind,
        mask=event.mask,
        by=event.by,
        ts=hub.now_ms,
        until=event.until,
        reason=event.reason,
    )
    return _row(hub.state.bans.get((event.kind, event.mask), asked))


def _canonical(asked: BanName) -> str:
    try:
        return canonical(asked.kind, asked.mask)
    except BadBan as bad:
        raise Failed("INVALID_BAN", asked.mask, text=f"{asked.mask}: {bad.why}") from bad


def list_(hub: Hub, operation: Operation, _asked: Nothing) -> None:
    """List all bans, those for long in the order in which they were set."""
    operation.rows = _rows(hub)


def _rows(hub: Hub) -> Iterator[BanRow]:
    for ban in sorted(hub.state.bans.values(), key=lambda ban: (ban.ts, ban.kind, ban.mask)):
        yield _row(ban)


def _row(ban: ServerBan) -> BanRow:
    return BanRow(
        kind=ban.kind,
        mask=ban.mask,
        by=ban.by,
        since=when(ban.ts),
        until=maybe_when(ban.until),
        reason=ban.reason,
    )


def remove(hub: Hub, operation: Operation, asked: BanName) -> None:
    """Let somebody in again."""
    mask = _canonical(asked)
    if (asked.kind, mask) not in hub.state.bans:
        text = f"There is no ban for {asked.kind} {mask}"
        raise Failed("BAN_UNKNOWN", mask, text=text)
    event = BanRemoved(kind=asked.kind, mask=mask)
    answer = partial(BanEnded, kind=asked.kind, mask=mask)
    act(hub, operation, f"{asked.kind} {mask}", event, answer)
