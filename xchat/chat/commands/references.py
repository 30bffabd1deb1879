"""Messages as a request refers to them: `msgid=ID` or `timestamp=TIME` (draft/chathistory)."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from xchat.chat.apply.step import seq_of
from xchat.chat.ledger import Store
from xchat.chat.refused import Failed

_TIME = re.compile(r"[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-6][0-9]\.[0-9]{3}Z")


class Reference:
    """A place in the log, or a time; raises Failed for what is neither.

    A time lies before the first entry of its millisecond and after the last.
    """

    def __init__(self, store: Store, subcommand: str, text: str) -> None:
        self._store = store
        self._seq = 0
        self._ts = -1
        kind, _, value = text.partition("=")
        if kind == "msgid":
            self._seq = _need_place(store.log_id, subcommand, value)
        elif kind == "timestamp":
            self._ts = need_time(subcommand, value)
        else:
            words = "A message is named by msgid= or timestamp="
            raise Failed("INVALID_MSGREFTYPE", subcommand, text, text=words)

    @property
    def first(self) -> int:
        """The first place that is not before it; raises CannotRead."""
        return self._seq if self._ts < 0 else self._store.seq_at(self._ts)

    @property
    def last(self) -> int:
        """The last place that is not after it; raises CannotRead."""
        return self._seq if self._ts < 0 else self._store.seq_at(self._ts + 1) - 1


def _need_place(log_id: str, subcommand: str, msgid: str) -> int:
    seq = seq_of(log_id, msgid)
    if seq is None:
        raise Failed("INVALID_PARAMS", subcommand, text="There is no message with this msgid")
    return seq


def need_time(subcommand: str, text: str) -> int:
    """Return the milliseconds since 1970 of a server-time; raises Failed for what is none."""
    ts = parse_time(text)
    if ts is None:
        words = "A time is written YYYY-MM-DDThh:mm:ss.sssZ"
        raise Failed("INVALID_PARAMS", subcommand, text=words)
    return ts


def parse_time(text: str) -> int | None:
    """Return the milliseconds since 1970 of a server-time, or None for what is none."""
    if not _TIME.fullmatch(text):
        return None
    try:
        when = datetime.strptime(text[:19], "%Y-%m-%dT%H:%M:%S").replace(tzinfo=UTC)
    except ValueError:
        return None
    return max(int(when.timestamp()) * 1000 + int(text[20:23]), 0)
