"""A session and the server it talks to, both played by the test."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from xchat.client.session import Identity, Session
from xchat.client.session.capabilities import WANTED
from xchat.client.session.events import Event

E = TypeVar("E", bound=Event)
ALL = " ".join(WANTED)
PLAIN = "multi-prefix"
SUPPORT = "CASEMAPPING=rfc8265 CHANTYPES=# PREFIX=(ov)@+ NICKLEN=30 CHATHISTORY=100 NETWORK=Test"


class Script:
    """Feeds lines to a session at a time of its own, and collects what comes out."""

    def __init__(self, nick: str = "ana", *, caps: str = ALL) -> None:
        self.answers = True
        """Whether the server answers, with all it says next, the PINGs behind commands."""
        self._pings: list[str] = []
        self._written: list[str] = []
        self.session = Session(Identity(nick))
        self.caps = caps
        self.now = 1000.0
        self.events: list[Event] = []

    def server(self, *lines: str) -> list[Event]:
        """Say lines to the session; return what happened."""
        self._collect()
        pongs = [f":s PONG s {token}" for token in self._pings] if self.answers else []
        self._pings = [] if self.answers else self._pings
        data = "".join(f"{line}\r\n" for line in (*lines, *pongs)).encode()
        return self._happened(self.session.feed(data, self.now))

    def sent(self) -> list[str]:
        """Return the lines that the session has written, without the PINGs behind commands."""
        self._collect()
        written, self._written = self._written, []
        return written

    def _collect(self) -> None:
        for line in self.session.take().decode().split("\r\n")[:-1]:
            if line.startswith("PING turn-"):
                self._pings.append(line.removeprefix("PING "))
            else:
                self._written.append(line)

    def pass_time(self, seconds: float) -> list[Event]:
        """Let time go by, then tick."""
        self.now += seconds
        return self._happened(self.session.tick(self.now))

    def connect(self) -> None:
        """Begin a connection."""
        self._happened(self.session.connected(self.now))

    def lose(self, reason: str = "cut") -> list[Event]:
        """End a connection."""
        self.sent()
        self._pings.clear()
        return self._happened(self.session.disconnected(reason, self.now, 0.5))

    def negotiate(self) -> None:
        """Play the server up to and with the end of CAP, leaving the nick open."""
        self.connect()
        self.server(f":s CAP * LS :{self.caps}", f":s CAP * ACK :{self.caps}")

    def welcome(self, nick: str = "ana") -> list[Event]:
        """Let the session in."""
        return self.server(
            f":s 001 {nick} :Welcome",
            f":s 005 {nick} {SUPPORT} :are supported",
            f":s 422 {nick} :-",
        )

    def register(self, nick: str = "ana") -> list[Event]:
        """Play a whole registration; forget what was sent for it."""
        self.negotiate()
        return self.welcome(nick)

    def enter(self, channel: str = "#lobby", nick: str = "ana") -> list[Event]:
        """Let the session into a channel it asked for; forget what was sent."""
        if channel not in self.session.channels:
            self.session.join(channel)
        events = self.server(
            f"@time=2026-01-01T10:00:00.000Z :{nick}!u@h JOIN {channel}",
            f":s 353 {nick} = {channel} :@gio {nick}",
            f":s 366 {nick} {channel} :End",
        )
        self.sent()
        return events

    def _happened(self, events: list[Event]) -> list[Event]:
        self.events += events
        return events


def of(kind: type[E], events: Sequence[Event]) -> list[E]:
    """Return the events of one kind."""
    return [event for event in events if isinstance(event, kind)]


def one(kind: type[E], events: Sequence[Event]) -> E:
    """Return the only event of a kind."""
    (event,) = of(kind, events)
    return event


def said(
    number: int, text: str, *, nick: str = "gio", target: str = "#lobby", more: str = ""
) -> str:
    """Return a PRIVMSG as the server sends it, with its id and time."""
    time = f"2026-01-01T10:{number // 60:02}:{number % 60:02}.000Z"
    return f"@{more}msgid=m{number};time={time} :{nick}!u@h PRIVMSG {target} :{text}"


def page(*lines: str, target: str = "#lobby", label: str = "") -> list[str]:
    """Return a chathistory batch holding lines made by `said`."""
    head = f"@label={label} " if label else ""
    inner = [f"@batch=b;{line[1:]}" for line in lines]
    return [f"{head}:s BATCH +b chathistory {target}", *inner, ":s BATCH -b"]


def label_of(line: str) -> str:
    """Return the label of a line that the session sent."""
    head = line.partition(" ")[0]
    return head.removeprefix("@label=") if head.startswith("@label=") else ""
