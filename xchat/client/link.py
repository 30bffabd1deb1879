"""The one driver: sockets, time and chance for a Session, and what a person types.

One thread, one selector. A turn waits until something is ready or due, lets the dial, the
wire, the input and the session each do their part, tells the app what happened, and writes
what came of it. The name look-up is the only thing in a thread (see `dial`).

A fault ends the run where it is permanent (a certificate, a policy) or where we were never
let in; after a first success the transient ones are tried again, when the session says.
"""

from __future__ import annotations

import random
import selectors
import socket
import ssl
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Protocol

from xchat.client import diagnose
from xchat.client.contexts import Contexts
from xchat.client.dial import Dial
from xchat.client.exits import Exit, Fault
from xchat.client.peer import Peer
from xchat.client.session import Session
from xchat.client.session.events import EntryRefused, Event
from xchat.client.signals import Signals
from xchat.client.wire import Wire
from xchat.limits.client import HANDSHAKE_SECONDS_MAX, UNSENT_BYTES_MAX

Ready = Callable[[], None]


class App(Protocol):
    """What stands on a link: it is told what happens, and says when it is done."""

    finished: bool

    def handle(self, event: Event) -> None:
        """Take note of what happened."""

    def connected(self, version: str, good_until: datetime) -> None:
        """Take note of a verified connection: TLS's version, and when the certificate ends."""

    def turn(self) -> float | None:
        """Do what is due after each turn; return in how many seconds to be called at the latest."""


class Link:
    """Drives one session over one connection at a time.

    Where the server's CA is unknown and `come_after` finds more to trust (`Contexts`), what it
    says is told, and the connection tried again.
    """

    def __init__(
        self,
        session: Session,
        peer: Peer,
        make_context: Callable[[], ssl.SSLContext],
        ca: Path,
        *,
        come_after: Callable[[], str] = str,
    ) -> None:
        self._session = session
        self._peer = peer
        self._contexts = Contexts(make_context, come_after)
        self._ca = ca
        self._selector = selectors.DefaultSelector()
        self._signals = Signals()
        self._app: App | None = None
        self._dial: Dial | None = None
        self._wire: Wire | None = None
        self._refusal: EntryRefused | None = None
        self.tell: Callable[[str], object] = str

    @property
    def interrupted(self) -> bool:
        """Whether SIGINT, SIGTERM or SIGHUP came."""
        return self._signals.came

    @interrupted.setter
    def interrupted(self, came: bool) -> None:
        self._signals.came = came

    @property
    def congested(self) -> bool:
        """Whether so much waits for the network that the input should wait too."""
        return self._wire is not None and len(self._wire.unsent) > UNSENT_BYTES_MAX

    # -- the loop -----------------------------------------------------------------------------
    def run(self, app: App) -> None:
        """Connect and go on until the app is finished. Raises Fault."""
        self._app = app
        with self._signals:
            self.watch(self._signals.ear, self._signals.drain)
            try:
                self._start_dial()
                while not app.finished:
                    self._turn(app)
            finally:
                self._close()
                self._selector.close()

    def _turn(self, app: App) -> None:
        pause = app.turn()
        self._flush()
        if app.finished:
            return
        ready = self._selector.select(self._timeout(pause))
        self._tell(self._session.tick(time.monotonic()))
        try:
            for key, _ in ready:
                if self._is_watched(key.fileobj):
                    key.data()
            self._expire()
        except Fault as fault:
            self._lose(fault)

    def _timeout(self, pause: float | None) -> float | None:
        now = time.monotonic()
        dial = self._dial.deadline() if self._dial else None
        late_at = self._wire.late_at if self._wire else None
        times = [time for time in (self._session.deadline(), dial, late_at) if time is not None]
        pauses = [max(0.0, due - now) for due in times]
        return min(pauses if pause is None else [*pauses, pause], default=None)

    def _expire(self) -> None:
        now = time.monotonic()
        late_at = self._wire.late_at if self._wire else None
        if self._dial is not None:
            self._advance_dial()
        elif late_at is not None and now >= late_at:
            raise diagnose.mute(self._peer, HANDSHAKE_SECONDS_MAX)
        elif self._session.hang_up is not None:
            raise Fault(Exit.TIMED_OUT, f"{self._peer}: {self._session.hang_up}", transient=True)
        elif self._session.retry_at is not None and now >= self._session.retry_at:
            self._start_dial()

    def _tell(self, events: Sequence[Event]) -> None:
        assert self._app is not None
        for event in events:
            if isinstance(event, EntryRefused) and self._refusal is None:
                self._refusal = event  # the first says why; what comes after it says goodbye
            self._app.handle(event)

    # -- what is watched ----------------------------------------------------------------------
    def watch(self, source: socket.socket | int, ready: Ready) -> None:
        """Call `ready` whenever a descriptor can be read."""
        self._selector.register(source, selectors.EVENT_READ, ready)

    def unwatch(self, source: socket.socket | int) -> None:
        """Watch a descriptor no more; to be called before it is closed."""
        if self._is_watched(source):
            self._selector.unregister(source)

    def _is_watched(self, source: object) -> bool:
        """Tell it of a descriptor that may have been closed since, too."""
        try:
            return source in self._selector.get_map()
        except ValueError:
            return False

    # -- connecting ---------------------------------------------------------------------------
    def _start_dial(self) -> None:
        self._session.retry_at = None
        self._refusal = None
        self._dial = Dial(self._peer, time.monotonic())
        self._watch_dial(self._dial)

    def _watch_dial(self, dial: Dial) -> None:
        for sock in dial.readable:
            self._selector.register(sock, selectors.EVENT_READ, self._advance_dial)
        for sock in dial.writable:
            self._selector.register(sock, selectors.EVENT_WRITE, self._advance_dial)

    def _unwatch_dial(self, dial: Dial) -> None:
        for sock in (*dial.readable, *dial.writable):
            self.unwatch(sock)

    def _advance_dial(self) -> None:
        dial = self._dial
        if dial is None:
            return
        self._unwatch_dial(dial)
        sock = dial.advance(time.monotonic())
        if sock is None:
            self._watch_dial(dial)
            return
        dial.close()
        self._dial = None
        self._wire = Wire(sock, self._contexts.fresh(), self._peer.name, time.monotonic())
        self._selector.register(sock, selectors.EVENT_READ, self._on_wire)
        self._flush()

    # -- the connection -----------------------------------------------------------------------
    def _on_wire(self) -> None:
        """Read and write what can be; both whatever was ready, since trying costs little."""
        wire = self._wire
        assert wire is not None
        was_verified = wire.verified
        try:
            plaintext = wire.read()
        except OSError as error:
            if self._follows(error):
                return
            raise self._broken(error) from error
        if wire.verified and not was_verified:
            self._begin(wire)
        if plaintext:
            self._tell(self._session.feed(plaintext, time.monotonic()))
        self._flush()
        if wire.ended or self._refusal is not None:
            raise self._broken(None)

    def _follows(self, error: OSError) -> bool:
        """Begin anew where the CA was unknown and has become known."""
        words = self._contexts.follow(error)
        if words:
            self.tell(words)
            self._close()
            self._start_dial()
        return bool(words)

    def _begin(self, wire: Wire) -> None:
        assert self._app is not None
        self._contexts.verified()
        self._app.connected(*wire.describe())
        self._tell(self._session.connected(time.monotonic()))

    def _flush(self) -> None:
        """Write what there is; ask to be called when the network takes more."""
        wire = self._wire
        if wire is None:
            return
        wire.write(self._session.take() if wire.verified else b"")
        events = selectors.EVENT_READ | (selectors.EVENT_WRITE if wire.unsent else 0)
        if self._selector.get_key(wire.sock).events != events:
            self._selector.modify(wire.sock, events, self._on_wire)

    # -- the end of it ------------------------------------------------------------------------
    def _broken(self, error: OSError | None) -> Fault:
        """Return why the connection ended, in the server's words where it gave any."""
        if self._refusal is not None:
            gave = self._session.gave_password
            return diagnose.not_let_in(self._peer, self._refusal, gave_password=gave)
        if isinstance(error, ssl.SSLError):
            return diagnose.diagnose(error, self._peer, self._ca)
        if self._wire is not None and not self._wire.verified:
            how = "it hung up during the handshake"
            return diagnose.not_tls(self._peer, how, transient=True)
        return diagnose.broken(self._peer)

    def _lose(self, fault: Fault) -> None:
        """End the connection; raise where it should not be tried again."""
        self._close()
        leaving = self._session.leaving
        reason = fault.what.partition(": ")[2] or fault.what
        chance = random.random()  # noqa: S311 - spreads tries over time, guards nothing
        self._tell(self._session.disconnected(reason, time.monotonic(), chance))
        if not leaving and (not fault.transient or self._session.retry_at is None):
            raise fault

    def _close(self) -> None:
        if self._dial is not None:
            self._unwatch_dial(self._dial)
            self._dial.close()
        if self._wire is not None:
            self.unwatch(self._wire.sock)
            self._wire.close()
        self._dial = self._wire = None
