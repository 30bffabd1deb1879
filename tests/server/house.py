"""The whole server in this process, its turns run by the test: no thread, and nothing else made up.

Sockets, TLS, SQLite and the journal are real. A `Guest` is a client that does just what it is told,
and reads only when it is let to. `House.until` runs turns, lets the guests read in between, and
ends when what the test waits for is there.
"""

from __future__ import annotations

import io
import json
import socket
import ssl
import struct
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.server.client import Client
from xchat.chat.hub import Hub
from xchat.config import Config
from xchat.journal import open_journal
from xchat.limits import Limits
from xchat.server.certificates import Served
from xchat.server.guests import Guests
from xchat.server.loop import Loop
from xchat.server.turn import Turn
from xchat.server.workers import Workers
from xchat.store.database import FILE_NAME
from xchat.store.log import EmbeddedLog
from xchat.store.store import SqliteStore

WAIT_SECONDS = 20.0


class Elsewhere(Loop):
    """A loop whose callers come from where the test says."""

    address: str | None = None

    def accept(self, now: float, *, room: int) -> Iterator[tuple[socket.socket, str]]:
        for sock, address in super().accept(now, room=room):
            yield sock, self.address or address


class Guest:
    """A client: what it heard is in `lines`, how it ended in `end`."""

    def __init__(self, port: int, context: ssl.SSLContext, source: str, rcvbuf: int) -> None:
        self.sock = socket.socket()
        if rcvbuf:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, rcvbuf)
        self.sock.bind((source, 0))
        self.sock.connect(("127.0.0.1", port))
        self.sock.setblocking(False)
        self.tls = Client(context)
        self.is_deaf = False
        self.hangs_up = True
        self.has_shaken_hands = False
        self.end = ""
        self.heard = b""
        self._unsent = b""

    @property
    def lines(self) -> list[str]:
        return [line.rstrip("\r") for line in self.heard.decode().split("\n")[:-1]]

    def said(self, part: str) -> str | None:
        """Return the first line with this in it."""
        return next((line for line in self.lines if part in line), None)

    def count(self, part: str) -> int:
        """Return in how many lines this is."""
        return sum(part in line for line in self.lines)

    def say(self, *lines: str) -> None:
        """Send lines, as far as the socket takes them; the rest with the next `go_on`."""
        for line in lines:
            self.tls.write(line.encode() + b"\r\n")
        self.go_on()

    def log_in(self, nick: str) -> None:
        self.say(f"NICK {nick}", f"USER {nick} 0 * :{nick}")

    def go_on(self) -> None:
        """Send and read what can be, go on with the handshake; hang up where the server has."""
        if self.end:
            return
        try:
            self._send()
            if not self.is_deaf:
                self._read()
                self._send()
        except BlockingIOError:
            return
        except ConnectionError:
            self.end = "reset"
        except ssl.SSLError as error:
            self.end = str(error.reason)
        if self.end and self.hangs_up:
            self.sock.close()

    def _send(self) -> None:
        self._unsent += self.tls.take()
        if self._unsent:
            self._unsent = self._unsent[self.sock.send(self._unsent) :]

    def _read(self) -> None:
        data = self.sock.recv(1 << 18)
        if not data:
            self.end = "closed"
            return
        self.tls.feed(data)
        if not self.has_shaken_hands:
            self.has_shaken_hands = self.tls.handshake()
        while self.has_shaken_hands and (words := self.tls.read()):
            self.heard += words

    def close(self) -> None:
        self.sock.close()

    def reset(self) -> None:
        """Hang up so that the server's next read is ECONNRESET."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()


class House:
    """A server whose turns the test runs."""

    def __init__(
        self,
        folder: Path,
        served: Served,
        trust: ssl.SSLContext,
        *,
        config: Config,
        room: int = 1000,
    ) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=500)
        self.listener.setblocking(False)
        self.port: int = self.listener.getsockname()[1]
        self.store = SqliteStore(folder / FILE_NAME)
        log = EmbeddedLog(self.store, lambda: time.time_ns() // 1_000_000)
        run, node = self.store.next_run(), self.store.node
        self.hub = Hub(config, log, self.store, node=node, run=run, now_ms=1_750_000_000_000)
        self.hub.now = time.monotonic()
        assert self.hub.start()
        self.loop = Elsewhere([self.listener])
        self._journal = io.StringIO()
        journal = open_journal("json", stream=self._journal)
        self.guests = Guests(self.hub, self.loop, served, journal, room=room)
        self.workers = Workers(self.hub.work, self.loop.wake)
        self.turn = Turn(self.hub, self.loop, self.guests, self.workers, journal)
        self.trust = trust
        self.clients: list[Guest] = []
        self.keep: list[Callable[[float, float], None]] = []

    @property
    def journal(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self._journal.getvalue().splitlines()]

    def recorded(self, event: str, **fields: object) -> list[dict[str, Any]]:
        """Return what the journal has of an event with these fields."""
        return [
            entry
            for entry in self.journal
            if entry["event"] == event and fields.items() <= entry.items()
        ]

    def connect(self, *, source: str = "127.0.0.1", rcvbuf: int = 0) -> Guest:
        """Return a client that has connected and said nothing."""
        guest = Guest(self.port, self.trust, source, rcvbuf)
        self.clients.append(guest)
        return guest

    def encrypt(self, *, source: str = "127.0.0.1", rcvbuf: int = 0) -> Guest:
        """Return a client whose handshake is done."""
        guest = self.connect(source=source, rcvbuf=rcvbuf)
        guest.tls.handshake()
        self.until(lambda: guest.has_shaken_hands or guest.end, "the handshake")
        return guest

    def join(self, nick: str, *channels: str, rcvbuf: int = 0) -> Guest:
        """Return a client that is logged in and in these channels."""
        guest = self.encrypt(rcvbuf=rcvbuf)
        guest.log_in(nick)
        self.until(lambda: guest.said(" 422 ") or guest.said(" 376 "), "the welcome")
        for channel in channels:
            guest.say(f"JOIN {channel}")
            self.until(lambda: guest.said(f" 366 {nick} {channel} "), "the names")  # noqa: B023
        return guest

    def until(
        self, condition: Callable[[], object], what: str, *, seconds: float = WAIT_SECONDS
    ) -> None:
        """Run turns until a condition holds; fail when the time is over."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for client in self.clients:
                client.go_on()
            if condition():
                return
            self.run_turn()
        raise AssertionError(f"{what}: not in {seconds} s; {self._journal.getvalue()[-2000:]}")

    def run_turn(self) -> None:
        before = time.monotonic()
        self.turn.run()
        for each in self.keep:
            each(before, time.monotonic())

    def ping(self, guest: Guest) -> float:
        """Return the seconds until a PING is answered."""
        token = f"token{len(guest.heard)}.{time.monotonic_ns()}"
        begun = time.monotonic()
        guest.say(f"PING {token}")
        self.until(lambda: guest.said(token), "a PONG")
        return time.monotonic() - begun

    def close(self) -> None:
        for client in self.clients:
            client.close()
        for connection in list(self.guests._everyone):
            self.loop.forget(connection)
            connection.close()
        self.workers.close()
        self.loop.close()
        self.store.close()
        self.listener.close()


def config_of(**limits: object) -> Config:
    return Config(limits=Limits(**limits))  # type: ignore[arg-type]


def assert_empty(house: House) -> None:
    """Nothing of anyone is left behind."""
    house.until(lambda: len(house.guests) == 0, "everyone is gone")
    house.until(lambda: not house.hub.state.users, "every user has quit")
    guests = house.guests
    assert not guests._connections
    assert not guests._ended
    assert len(guests._deadlines) == 0
    assert not guests._door._admission._all
    assert not guests._door._admission._unregistered
    assert guests._door._admission._unregistered_in_all == 0
    assert not house.hub.sessions
