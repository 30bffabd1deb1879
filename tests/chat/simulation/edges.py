"""Limits, small ones more often than not: edges are where things break."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from random import Random

from xchat.chat import ledger
from xchat.limits import Limits
from xchat.store import log


def small_limits(rng: Random) -> Limits:
    """Return limits of a server."""
    return Limits(
        lines_a_turn=rng.choice((1, 3, 64)),
        flood_burst=rng.choice((3, 20)),
        outbox_soft_bytes=rng.choice((500, 65_536)),
        outbox_hard_bytes_max=rng.choice((20_000, 1_048_576)),
        channels_max=rng.choice((3, 10_000)),
        channels_per_user_max=rng.choice((2, 64)),
        targets_max=rng.choice((1, 4)),
        users_max=rng.choice((4, 10_000)),
        bans_per_channel_max=rng.choice((2, 60)),
        invites_per_channel_max=rng.choice((2, 60)),
    )


@contextmanager
def small_turns(seed: int) -> Iterator[None]:
    """Let the log take few events, and a turn fewer, now and then."""
    rng = Random(~seed)
    entries, appends = ledger.ENTRIES_A_TURN, log.APPENDS_MAX
    ledger.ENTRIES_A_TURN = rng.choice((5, entries, entries, entries))
    log.APPENDS_MAX = rng.choice((8, appends, appends, appends))
    try:
        yield
    finally:
        ledger.ENTRIES_A_TURN, log.APPENDS_MAX = entries, appends
