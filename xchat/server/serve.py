"""From open ports to the end: the parts put together, and the turn run until a signal."""

from __future__ import annotations

import contextlib
import gc
import resource
import socket
import time
import unicodedata
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from xchat.chat.admin.shapes import Outside
from xchat.chat.hub import Hub
from xchat.chat.retention import keeping
from xchat.config import Config
from xchat.irc import names
from xchat.journal import Journal
from xchat.limits import DESCRIPTORS_KEPT
from xchat.pki.invite.inviting import Reached, make_link
from xchat.server.console import Console
from xchat.server.guests import Guests
from xchat.server.housekeeping import Housekeeping
from xchat.server.keeper import Keeper, Reload
from xchat.server.lists import Lists
from xchat.server.loop import Loop
from xchat.server.preflight import Start
from xchat.server.renewal import Renewal
from xchat.server.rereading import Rereading
from xchat.server.turn import Turn
from xchat.server.workers import Workers
from xchat.store.database import FILE_NAME, StoreError
from xchat.store.starting import now_ms, start_hub
from xchat.store.store import SqliteStore

FAREWELL_SECONDS = 3.0
"""How long clients have to read that the server stops; it is gone within five seconds."""

FUTURE_MS = 3_600_000
"""How far ahead of the clock the last kept time may be before the operator is told."""


Keep = Callable[[float, float], None]
"""Does what is to be done between two turns: the last one began then, and it is now so late."""


def serve(
    config: Config,
    start: Start,
    journal: Journal,
    announce: Callable[[], None],
    *,
    reload: Reload | None = None,
    name: str = "",
) -> int:
    """Serve until SIGTERM or SIGINT; return the exit code.

    `announce` is called once nothing is left that may be refused. Raises
    StoreError where the data folder cannot be used, or, when everyone was told
    goodbye, where it cannot be used any more.
    """
    names.skeletons("ა")  # reads the tables of names now, not while the first guest waits
    with contextlib.ExitStack() as stack:
        store = stack.enter_context(contextlib.closing(SqliteStore(start.data_folder / FILE_NAME)))
        housekeeping = Housekeeping(store, journal)
        stack.callback(lambda: housekeeping.tidy(time.monotonic()))
        loop = stack.enter_context(contextlib.closing(Loop(start.listeners)))
        _compare_clock(store, journal)
        hub = start_hub(config, store, start.data_folder)
        housekeeping.keeping = lambda: keeping(hub.state, hub.config.history)
        _say_left_out(hub, journal)
        guests = _let_in(hub, loop, start, journal)
        workers = stack.enter_context(contextlib.closing(Workers(hub.work, loop.wake)))
        console = stack.enter_context(
            contextlib.closing(Console(start.data_folder, hub, loop, journal))
        )
        turn = Turn(hub, loop, guests, workers, journal, console=console)
        keeper = Keeper(config.tls, guests, workers, journal)
        hub.reload, hub.config_name = reload and keeper.reading(reload), name
        rereading = Rereading(hub, loop, keeper, journal)
        lists = Lists(hub, guests, workers, journal)
        lists.begin()
        renewal = Renewal(lambda: (keeper.settings, guests.served), workers, journal)
        hub.outside = partial(_look_outside, start, guests, keeper, renewal)
        _calm_collector()
        with loop.signals():
            announce()
            _say_listening(start.listeners, journal)
            keepers = (housekeeping, keeper, lists, rereading, renewal)
            keep = [each.after_turn for each in keepers]
            _run_to_the_end(turn, loop, keep, guests, journal)
    journal.info("stopped")
    return 0


def _let_in(hub: Hub, loop: Loop, start: Start, journal: Journal) -> Guests:
    """Let the rules know of connections, and connections of the rules."""
    guests = Guests(hub, loop, start.served, journal, room=_room())
    hub.attempts.record = lambda kind, address: journal.refusal(kind, address, hub.now)
    hub.link = lambda token, host: make_link(_reached(guests, hub.config, start), token, host)
    return guests


def _reached(guests: Guests, config: Config, start: Start) -> Reached:
    """Return how this server is reached now: what it shows may be another file since its start."""
    ca = Path(config.tls.client_ca).expanduser() if config.tls.client_ca else None
    cert = Path(guests.served.pair.cert)
    return Reached(cert, tuple(start.addresses), start.port, ca)


def _run_to_the_end(
    turn: Turn, loop: Loop, keep: Sequence[Keep], guests: Guests, journal: Journal
) -> None:
    """Serve until a signal, then say goodbye; where the store fails, say that."""
    try:
        _run(turn, loop, keep)
    except StoreError as error:
        _give_up(turn, guests, journal, error)
        raise
    journal.info("stopping", connections=len(guests))
    _farewell(turn, guests, "The server is stopping")


def _look_outside(start: Start, guests: Guests, keeper: Keeper, renewal: Renewal) -> Outside:
    """Return what the rules do not know of their own server."""
    ends = dict(guests.served.until)
    ends |= {"crl": renewal.crl_ends} if renewal.crl_ends else {}
    files = (start.data_folder / f"{FILE_NAME}{end}" for end in ("", "-wal"))
    return Outside(
        connections=len(guests),
        store_bytes=sum(file.stat().st_size for file in files if file.exists()),
        ends={role: int(end.timestamp() * 1000) for role, end in ends.items()},
        certificate_failure=keeper.failure,
        reloads=dict(keeper.reloads),
        renewals=renewal.renewals,
    )


def _calm_collector() -> None:
    """Let the garbage collector look less often, and never at what a start has made.

    What a turn makes is freed by counting; each look costs a walk over all sessions.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)


def _compare_clock(store: SqliteStore, journal: Journal) -> None:
    """Warn where what was kept last is yet to come: time never falls along the log."""
    ahead = store.ts - now_ms()
    if ahead > FUTURE_MS:
        journal.warning(
            "what was kept last is in the future of the clock: all is stamped with that time "
            "until it has come; compare the clock: date -u",
            hours=round(ahead / 3_600_000, 1),
        )


def _say_left_out(hub: Hub, journal: Journal) -> None:
    """Warn of channels that are kept and cannot be shown: their names are of a newer Unicode."""
    if hub.state.left_out:
        journal.warning(
            "kept names that this Python does not know are left out; start with a newer one again",
            left_out=hub.state.left_out,
            unicode=unicodedata.unidata_version,
        )


def _run(turn: Turn, loop: Loop, keep: Sequence[Keep]) -> None:
    """Run turns until a signal; keep house between them."""
    while not loop.is_stopping:
        before = time.monotonic()
        turn.run()
        now = time.monotonic()
        for each in keep:
            each(before, now)


def _give_up(turn: Turn, guests: Guests, journal: Journal, error: StoreError) -> None:
    """Part with everyone: after a fault of ours not even what is kept can be read."""
    fields = {"why": error.what, "mend": error.mend, "connections": len(guests)}
    journal.error("the store cannot be read: stopping", **fields)
    with contextlib.suppress(StoreError):
        _farewell(turn, guests, "The server's store has failed; it is recorded")


def _farewell(turn: Turn, guests: Guests, reason: str) -> None:
    guests.say_farewell(reason)
    end = time.monotonic() + FAREWELL_SECONDS
    while guests and time.monotonic() < end:
        turn.run()


def _say_listening(listeners: Sequence[socket.socket], journal: Journal) -> None:
    for listener in listeners:
        host, port = listener.getsockname()[:2]
        journal.info("listening", host=host, port=port)


def _room() -> int:
    """Return how many connections there are descriptors for."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = soft if soft != resource.RLIM_INFINITY else 1_000_000
    return max(most - DESCRIPTORS_KEPT, 1)
