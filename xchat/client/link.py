"""The one driver: sockets, time and chance for a Session, and what a person types.

One thread, one selector. A turn waits until something is ready or due, lets the dial, the
TLS connection, the input and the session each do their part, tells the app what happened,
and writes what came of it. The name look-up is the only thing in a thread (see `dial`).

A fault ends the run where it is permanent (a certificate, a policy) or where we were never
let in; after a first success the transient ones are tried again, when the session says.
"""

from __future__ import annotations

import random
import selectors
import signal
import socket
import ssl
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from types import FrameType
from typing import Protocol

from xchat.client import diagnose
from xchat.client.dial import Dial
from xchat.client.exits import Exit, Fault
from xchat.client.peer import Peer
from xchat.client.session import Session
from xchat.client.session.events import EntryRefused, Event
from xchat.client.tls import RECORD_BYTES, Tls
from xchat.irc.names import visible

HANDSHAKE_SECONDS_MAX = 10.0
"""How long the server may take over the TLS handshake."""
UNSENT_BYTES_MAX = 1 << 20
"""Bytes that wait for the network before the input is no longer read."""

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
    """Drives one session over one connection at a time."""

    def __init__(self, session: Session, peer: Peer, context: ssl.SSLContext, ca: Path) -> None:
        self._session = session
        self._peer = peer
        self._context = context
        self._ca = ca
        self._selector = selectors.DefaultSelector()
        self._app: App | None = None
        self._dial: Dial | None = None
        self._sock: socket.socket | None = None
        self._tls: Tls | None = None
        self._late_at: float | None = None
        self._unsent = b""
        self._heard = False
        self._refusal: EntryRefused | None = None
        self.interrupted = False
        """Whether SIGINT, SIGTERM or SIGHUP came."""

    # -- the loop -----------------------------------------------------------------------------
    def run(self, app: App) -> None:
        """Connect and go on until the app is finished. Raises Fault."""
        self._app = app
        with _Signals(self):
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
                if key.fileobj in self._selector.get_map():
                    key.data()
            self._expire()
        except Fault as fault:
            self._lose(fault)

    def _timeout(self, pause: float | None) -> float | None:
        now = time.monotonic()
        dial = self._dial.deadline() if self._dial else None
        times = [self._session.deadline(), dial, self._late_at]
        pauses = [max(0.0, due - now) for due in times if due is not None]
        return min(pauses if pause is None else [*pauses, pause], default=None)

    def _expire(self) -> None:
        now = time.monotonic()
        if self._dial is not None:
            self._advance_dial()
        elif self._late_at is not None and now >= self._late_at:
            raise Fault(
                Exit.TIMED_OUT,
                f"{self._peer}: no TLS handshake within {HANDSHAKE_SECONDS_MAX:.0f} s",
                mend="Does an XChat server listen there? Nothing was sent to it.",
                transient=True,
            )
        elif self._session.hang_up is not None:
            raise Fault(Exit.TIMED_OUT, f"{self._peer}: {self._session.hang_up}", transient=True)
        elif self._session.retry_at is not None and now >= self._session.retry_at:
            self._start_dial()

    def _tell(self, events: Sequence[Event]) -> None:
        assert self._app is not None
        for event in events:
            if isinstance(event, EntryRefused):
                self._refusal = event
            self._app.handle(event)

    # -- other things to watch ----------------------------------------------------------------
    def watch(self, source: socket.socket | int, ready: Ready) -> None:
        """Call `ready` whenever a descriptor can be read."""
        self._selector.register(source, selectors.EVENT_READ, ready)

    def unwatch(self, source: socket.socket | int) -> None:
        """Watch a descriptor no more."""
        if source in self._selector.get_map():
            self._selector.unregister(source)

    # -- connecting ---------------------------------------------------------------------------
    def _start_dial(self) -> None:
        self._session.retry_at = None
        self._refusal, self._heard = None, False
        self._dial = Dial(self._peer, time.monotonic())
        self._watch_dial()

    def _watch_dial(self) -> None:
        assert self._dial is not None
        for sock in self._dial.readable:
            self._selector.register(sock, selectors.EVENT_READ, self._advance_dial)
        for sock in self._dial.writable:
            self._selector.register(sock, selectors.EVENT_WRITE, self._advance_dial)

    def _advance_dial(self) -> None:
        if self._dial is None:
            return
        for sock in (*self._dial.readable, *self._dial.writable):
            self.unwatch(sock)
        sock_connected = self._dial.advance(time.monotonic())
        if sock_connected is None:
            self._watch_dial()
            return
        self._dial.close()
        self._dial = None
        self._shake(sock_connected)

    def _shake(self, sock: socket.socket) -> None:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._sock, self._unsent = sock, b""
        self._tls = Tls(self._context, self._peer.name)
        self._late_at = time.monotonic() + HANDSHAKE_SECONDS_MAX
        self._selector.register(sock, selectors.EVENT_READ, self._on_socket)
        self._tls.start()
        self._flush()

    # -- the connection -----------------------------------------------------------------------
    def _on_socket(self) -> None:
        """Read and write what can be; both whatever was ready, since trying costs little."""
        assert self._sock is not None
        assert self._tls is not None
        was_verified = self._tls.verified
        try:
            ciphertext = self._sock.recv(RECORD_BYTES)
        except (BlockingIOError, InterruptedError):
            self._flush()
            return
        except OSError as error:
            raise self._broken(error) from error
        if not (ciphertext or was_verified):
            raise self._broken(None)
        plaintext = self._decrypt(ciphertext)
        if self._tls.verified and not was_verified:
            self._verified()
        if plaintext:
            self._heard = True
            self._tell(self._session.feed(plaintext, time.monotonic()))
        self._flush()
        if not ciphertext or self._refusal is not None or (self._tls and self._tls.ended):
            raise self._broken(None)

    def _decrypt(self, ciphertext: bytes) -> bytes:
        assert self._tls is not None
        try:
            return self._tls.feed(ciphertext)
        except ssl.SSLError as error:
            self._send_rest()
            raise self._broken(error) from error

    def _verified(self) -> None:
        assert self._tls is not None
        assert self._app is not None
        self._late_at = None
        self._app.connected(*self._tls.describe())
        self._tell(self._session.connected(time.monotonic()))

    def _flush(self) -> None:
        """Write what there is; ask to be called when the network takes more."""
        if self._sock is None or self._tls is None:
            return
        try:
            if self._tls.verified:
                self._tls.write(self._session.take())
            self._unsent += self._tls.take()
            while self._unsent:
                sent = self._sock.send(self._unsent)
                self._unsent = self._unsent[sent:]
        except (BlockingIOError, InterruptedError):
            pass
        except OSError:
            self._unsent = b""  # what the server still has to say is read first
        events = selectors.EVENT_READ | (selectors.EVENT_WRITE if self._unsent else 0)
        if self._selector.get_key(self._sock).events != events:
            self._selector.modify(self._sock, events, self._on_socket)

    @property
    def congested(self) -> bool:
        """Whether so much waits for the network that the input should wait too."""
        return len(self._unsent) > UNSENT_BYTES_MAX

    # -- the end of it ------------------------------------------------------------------------
    def _broken(self, error: Exception | None) -> Fault:
        """Return why the connection ended, in the server's words where it gave any."""
        if self._refusal is not None:
            return self._not_let_in(self._refusal)
        if isinstance(error, ssl.SSLError):
            return diagnose.diagnose(error, self._peer, self._ca)
        if self._tls is not None and not self._tls.verified:
            how = "it hung up during the handshake"
            return diagnose.not_tls(self._peer, how, transient=True)
        return diagnose.broken(self._peer)

    def _not_let_in(self, refusal: EntryRefused) -> Fault:
        wants_password = refusal.code == "464"
        return Fault(
            Exit.NOT_LET_IN,
            f"{self._peer} does not let us in: {visible(refusal.words)}",
            mend="Write the server's password to a file: --password-file FILE."
            if wants_password
            else "Ask whoever runs the server.",
            transient=not refusal.permanent,
        )

    def _lose(self, fault: Fault) -> None:
        """End the connection; raise where it should not be tried again."""
        self._close()
        leaving = self._session.leaving
        reason = fault.what.partition(": ")[2] or fault.what
        self._tell(self._session.disconnected(reason, time.monotonic(), random.random()))  # noqa: S311 - no secret
        if not leaving and (not fault.transient or self._session.retry_at is None):
            raise fault

    def _send_rest(self) -> None:
        """Tell the peer why we hang up, as far as it goes."""
        if self._sock is not None and self._tls is not None:
            try:
                self._sock.send(self._tls.take())
            except OSError:
                return

    def _close(self) -> None:
        if self._dial is not None:
            for sock in (*self._dial.readable, *self._dial.writable):
                self.unwatch(sock)
            self._dial.close()
            self._dial = None
        if self._sock is not None:
            self.unwatch(self._sock)
            if self._tls is not None and self._tls.verified:
                self._tls.close()
                self._send_rest()
            self._sock.close()
        self._sock = self._tls = self._late_at = None


class _Signals:
    """Turns SIGINT, SIGTERM and SIGHUP into a wake-up and a flag, and restores them after."""

    NAMES = ("SIGINT", "SIGTERM", "SIGHUP")

    def __init__(self, link: Link) -> None:
        self._link = link
        self._ear, self._mouth = socket.socketpair()
        self._ear.setblocking(False)
        self._mouth.setblocking(False)
        self._before: dict[int, object] = {}

    def __enter__(self) -> None:
        signal.set_wakeup_fd(self._mouth.fileno(), warn_on_full_buffer=False)
        for name in self.NAMES:
            number = getattr(signal, name, None)
            if number is not None:
                self._before[number] = signal.signal(number, self._note)
        self._link.watch(self._ear, self._drain)

    def __exit__(self, *_: object) -> None:
        for number, before in self._before.items():
            signal.signal(number, before)  # type: ignore[arg-type]
        signal.set_wakeup_fd(-1)
        self._ear.close()
        self._mouth.close()

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        self._link.interrupted = True

    def _drain(self) -> None:
        self._ear.recv(4096)
