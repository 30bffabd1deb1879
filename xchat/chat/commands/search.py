"""SEARCH (IRCv3 draft/search, soju.im/search): over the histories that one may read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import msgspec

from xchat.chat.apply.step import HistoryRow
from xchat.chat.commands.history import limit_of, readable_by, say_rows
from xchat.chat.commands.references import parse_time
from xchat.chat.ledger import CannotRead
from xchat.chat.reading import Readable, readable
from xchat.chat.refused import Failed, Refused
from xchat.chat.session import Request
from xchat.irc import names
from xchat.irc.capabilities import SEARCH, SEARCH_DRAFT
from xchat.irc.message import parse_tags
from xchat.irc.numerics import ERR_UNKNOWNCOMMAND
from xchat.limits import HISTORY_ROWS_MAX, SEARCH_PLACES_MAX

if TYPE_CHECKING:
    from xchat.chat.hub import Hub

PLACES_A_STEP = 128
_ATTRIBUTES = frozenset({"in", "from", "after", "before", "text", "limit"})


class Asked(msgspec.Struct):
    """What is looked for, between two places (exclusive), and from which end."""

    text: str
    source: str
    name: str
    after: int
    before: int
    limit: int
    newest: bool
    found: list[HistoryRow] = []
    looked_at: int = 0


def search(hub: Hub, request: Request) -> Iterator[None]:
    """SEARCH <attributes>: the capability MUST be negotiated."""
    if not request.session.caps & (SEARCH | SEARCH_DRAFT):
        raise Refused(ERR_UNKNOWNCOMMAND, "SEARCH")
    try:
        asked = _asked(hub, request)
    except CannotRead as failure:
        raise _error(failure) from failure
    return _answer(hub, request, asked)


def _error(failure: CannotRead) -> Failed:
    return Failed("INTERNAL_ERROR", text=f"The search could not be run: {failure}")


def _asked(hub: Hub, request: Request) -> Asked:
    given = parse_tags(request.params[0])
    store = hub.ledger.store
    for name in sorted(given.keys() - _ATTRIBUTES):
        raise _invalid(name)
    name = given.get("in", "")
    if name and readable(hub.state, request.session.uid, name) is None:
        raise _invalid("in")
    after, before = (_time(given, end) for end in ("after", "before"))
    limit = given.get("limit", str(HISTORY_ROWS_MAX))
    return Asked(
        text=given.get("text", ""),
        source=given.get("from", ""),
        name=name,
        after=0 if after is None else store.seq_at(after) - 1,
        before=_END if before is None else store.seq_at(before + 1),
        limit=limit_of(limit, _invalid("limit")),
        newest=after is None,
    )


_END = 1 << 62


def _invalid(attribute: str) -> Failed:
    return Failed("INVALID_PARAMS", attribute, text="Invalid parameters")


def _time(given: dict[str, str], end: str) -> int | None:
    if end not in given:
        return None
    ts = parse_time(given[end])
    if ts is None:
        raise _invalid(end)
    return ts


def _answer(hub: Hub, request: Request, asked: Asked) -> Iterator[None]:
    """Look, some messages a step; what has become another's to read meanwhile is not told."""
    try:
        while hub.ledger.store.prepare_search():
            yield
        for _ in _look(hub, request, asked):
            yield
    except CannotRead as failure:
        hub.refuse(request, _error(failure))
        return
    own = _own(hub, request, asked)
    rows = [row for row in asked.found if _may_read(own, row.target, row.seq)]
    kind = "soju.im/search" if request.session.caps & SEARCH else "search"
    say_rows(hub, request, (kind,), sorted(rows, key=lambda row: row.seq))


def _look(hub: Hub, request: Request, asked: Asked) -> Iterator[None]:
    store, own = hub.ledger.store, _own(hub, request, asked)
    places = store.search(
        asked.text,
        after=asked.after,
        before=asked.before,
        limit=PLACES_A_STEP,
        newest=asked.newest,
    )
    for some in places if asked.limit else ():
        for seq, target in some:
            row = store.find(target, seq) if _may_read(own, target, seq) else None
            if row is not None and _is_from(row, asked.source):
                asked.found.append(row)
            if len(asked.found) >= asked.limit:
                return
        asked.looked_at += len(some)
        if asked.looked_at >= SEARCH_PLACES_MAX:
            return
        yield


def _own(hub: Hub, request: Request, asked: Asked) -> dict[str, Readable]:
    """Return the histories that are looked through, by their target."""
    uid = request.session.uid
    if not asked.name:
        return {found.target: found for found in readable_by(hub, uid)}
    found = readable(hub.state, uid, asked.name) if uid in hub.state.users else None
    return {found.target: found} if found is not None else {}


def _may_read(own: dict[str, Readable], target: str, seq: int) -> bool:
    found = own.get(target)
    return found is not None and seq > found.after


def _is_from(row: HistoryRow, nick: str) -> bool:
    if not nick:
        return True
    try:
        return names.fold(row.source.partition("!")[0]) == names.fold(nick)
    except names.BadName:
        return False
