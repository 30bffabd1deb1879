"""CHATHISTORY (IRCv3 draft/chathistory), with draft/event-playback."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from xchat.chat.apply.playback import line_of, readdressed
from xchat.chat.apply.step import HistoryRow
from xchat.chat.commands.references import Reference, need_time
from xchat.chat.ledger import CannotRead, Store
from xchat.chat.lines import Line, format_time
from xchat.chat.reading import (
    Readable,
    readable,
    readable_channels,
    readable_conversations,
)
from xchat.chat.refused import Failed
from xchat.chat.session import Request
from xchat.irc.capabilities import EVENT_PLAYBACK, MESSAGE_REDACTION, MESSAGE_TAGS
from xchat.irc.message import NO_TAGS
from xchat.limits import HISTORY_ROWS_MAX

if TYPE_CHECKING:
    from xchat.chat.hub import Hub

_NUMBER = re.compile(r"[0-9]{1,9}")
_TIMESTAMP = "timestamp="
END = {"draft/chathistory-end": ""}
"""The tag of a batch that answers a request whole: there is nothing more to ask for."""
_NEEDS = {"TAGMSG": MESSAGE_TAGS, "REDACT": MESSAGE_REDACTION}
"""Commands that nobody is told who lacks these capabilities, now or later."""


class Page(NamedTuple):
    """Rows that answer a request, oldest first; `is_last` if there are no more of them."""

    rows: list[HistoryRow]
    is_last: bool


class Asked(NamedTuple):
    """What a request asks for: whose history, at most how many rows, of which kinds."""

    store: Store
    readable: Readable
    limit: int
    with_events: bool

    def page(self, *, after: int = 0, before: int | None = None, newest: bool = False) -> Page:
        """Return rows between two places (exclusive) that the reader may have."""
        rows = self.store.page(
            self.readable.target,
            after=max(after, self.readable.after),
            before=before,
            limit=self.limit + 1,
            newest=newest,
            with_events=self.with_events,
        )
        over = max(len(rows) - self.limit, 0)
        return Page(rows[over:] if newest else rows[: self.limit], is_last=not over)


def _latest(asked: Asked, reference: Reference | None) -> Page:
    return asked.page(after=reference.last if reference else 0, newest=True)


def _before(asked: Asked, reference: Reference) -> Page:
    return asked.page(before=reference.first, newest=True)


def _after(asked: Asked, reference: Reference) -> Page:
    return asked.page(after=reference.last)


def _around(asked: Asked, reference: Reference) -> Page:
    """Return as many before as after; where one side has fewer, the other has more."""
    place = reference.first
    before, after = asked.page(before=place, newest=True), asked.page(after=place - 1)
    count = max((asked.limit - 1) // 2, asked.limit - len(after.rows))
    older = before.rows[max(len(before.rows) - count, 0) :]
    rows = older + after.rows[: asked.limit - len(older)]
    is_all = len(rows) == len(before.rows) + len(after.rows)
    return Page(rows, is_last=is_all and before.is_last and after.is_last)


def _between(asked: Asked, first: Reference, second: Reference) -> Page:
    """Return what begins at the first reference, be that forwards or backwards in time."""
    if first.first <= second.first:
        return asked.page(after=first.last, before=second.first)
    return asked.page(after=second.last, before=first.first, newest=True)


_SUBCOMMANDS: dict[str, tuple[Callable[..., Page], int]] = {
    "LATEST": (_latest, 1),
    "BEFORE": (_before, 1),
    "AFTER": (_after, 1),
    "AROUND": (_around, 1),
    "BETWEEN": (_between, 2),
}
"""Each with what answers it, and how many references it takes."""


def chathistory(hub: Hub, request: Request) -> None:
    """CHATHISTORY <subcommand> <target> <reference> [reference] <limit>, or TARGETS."""
    subcommand = request.params[0].upper() if request.params else ""
    if subcommand != "TARGETS" and subcommand not in _SUBCOMMANDS:
        raise Failed("INVALID_PARAMS", subcommand or "*", text="Unknown subcommand")
    try:
        if subcommand == "TARGETS":
            _targets(hub, request)
        else:
            _history(hub, request, subcommand)
    except CannotRead as failure:
        text = f"Messages could not be retrieved: {failure}"
        raise Failed("MESSAGE_ERROR", subcommand, *request.params[1:2], text=text) from failure


def _history(hub: Hub, request: Request, subcommand: str) -> None:
    find, count = _SUBCOMMANDS[subcommand]
    params = _need_params(request, subcommand, count + 3)
    name, references, limit = params[1], params[2 : 2 + count], params[2 + count]
    store, uid = hub.ledger.store, request.session.uid
    found = readable(hub.state, uid, name)
    if found is None:
        raise Failed("INVALID_TARGET", subcommand, name, text="Messages could not be retrieved")
    events = bool(request.session.caps & EVENT_PLAYBACK)
    asked = Asked(store, found, _limit(subcommand, limit), events)
    latest = subcommand == "LATEST" and references == ("*",)
    places = [None if latest else Reference(store, subcommand, text) for text in references]
    page = find(asked, *places)
    say_rows(hub, request, ("chathistory", name), page.rows, END if page.is_last else NO_TAGS)


def _need_params(request: Request, subcommand: str, count: int) -> tuple[str, ...]:
    if len(request.params) < count:
        raise Failed("INVALID_PARAMS", subcommand, text="Insufficient parameters")
    return request.params[:count]


def _limit(subcommand: str, limit: str) -> int:
    fault = Failed("INVALID_PARAMS", subcommand, text="The limit is not a number")
    return limit_of(limit, fault)


def limit_of(limit: str, fault: Failed) -> int:
    """Return how many rows are asked for, within bounds; raises the fault for no number."""
    if not _NUMBER.fullmatch(limit):
        raise fault
    return min(int(limit), HISTORY_ROWS_MAX)


def _targets(hub: Hub, request: Request) -> None:
    """CHATHISTORY TARGETS <timestamp> <timestamp> <limit>: who said something last between them."""
    _, *times, limit = _need_params(request, "TARGETS", 4)
    first, second = (_need_timestamp(time) for time in times)
    after, before = sorted((first, second))
    spoken = sorted(
        (ts, found.name)
        for found in readable_by(hub, request.session.uid)
        if (ts := hub.ledger.store.latest(found.target, found.after)) and after < ts < before
    )
    count = _limit("TARGETS", limit)
    rows = spoken[:count] if first <= second else spoken[max(len(spoken) - count, 0) :]
    tags = END if len(spoken) <= count else NO_TAGS
    lines = [Line(hub.name, "CHATHISTORY", ("TARGETS", name, format_time(ts))) for ts, name in rows]
    hub.say_batch(request, ("draft/chathistory-targets",), lines, tags)


def _need_timestamp(text: str) -> int:
    if not text.startswith(_TIMESTAMP):
        words = "TARGETS takes two times, each as timestamp="
        raise Failed("INVALID_MSGREFTYPE", "TARGETS", text, text=words)
    return need_time("TARGETS", text.removeprefix(_TIMESTAMP))


def readable_by(hub: Hub, uid: str) -> list[Readable]:
    """Return all the histories that a user may read."""
    targets = hub.ledger.store.conversations(hub.state.users[uid].party)
    direct = readable_conversations(hub.state, uid, targets)
    return [*readable_channels(hub.state, uid), *direct]


def say_rows(
    hub: Hub,
    request: Request,
    kind: Sequence[str],
    rows: Sequence[HistoryRow],
    tags: Mapping[str, str] = NO_TAGS,
) -> None:
    """Tell rows of history again in a batch, but for what the client could not bear."""
    caps, log_id = request.session.caps, hub.ledger.store.log_id
    heard = (row for row in rows if not _NEEDS.get(row.command, 0) & ~caps)
    channel = hub.state.channel(kind[-1])
    lines = [line_of(row, log_id) for row in heard]
    if channel is not None:
        lines = [readdressed(line, channel.name) for line in lines]
    hub.say_batch(request, kind, lines, tags)
