"""What the rules ask of a log: one total order of events, and word of what became of each.

The log of one machine is a table beside the index (store/log.py); a cluster's
is a stream. Neither the handlers nor `apply` know which one they run on.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec

from xchat.chat.events import Event

Token = int
"""Names an append of this process until its Entry or Lost comes back."""


class Entry(msgspec.Struct, frozen=True):
    """An event in its place.

    `seq` rises by one from entry to entry; `ts` is its time in milliseconds
    since 1970 and never falls. What was not kept (an ephemeral event) has seq
    0. `token` is None for what this process did not append.
    """

    seq: int
    ts: int
    event: Event
    token: Token | None = None


class Lost(msgspec.Struct, frozen=True):
    """An append that is not in the log, or of which that is not known; `why` is in words."""

    token: Token
    why: str


class LogBusy(Exception):  # noqa: N818 - a condition, not a fault
    """As many events wait for the log as may; nothing was appended."""


class Log(Protocol):
    """One ordered log, seen from the rules."""

    def append(self, key: str, event: Event) -> Token:
        """Ask for a place; never blocks, keeps the order of one `key`; raises LogBusy."""

    def ephemeral(self, key: str, event: Event) -> Token:
        """Pass an event on, at most once, without keeping it; keeps the order of one `key`."""

    def poll(self, limit: int) -> Sequence[Entry | Lost]:
        """Return what has got its place since, in the log's order."""
