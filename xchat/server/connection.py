"""One connection: a socket, its TLS, and the session behind it once it is encrypted."""

from __future__ import annotations

import enum
import selectors
import socket
import ssl
from collections.abc import Sequence

from xchat.chat.session import Session
from xchat.irc.framing import LineBuffer, LineTooLong
from xchat.limits import (
    CIPHERTEXT_BYTES_A_TURN,
    ENROLMENT_LINE_BYTES_MAX,
    ENROLMENT_SECONDS_MAX,
    Limits,
)
from xchat.server.outbox import Outbox
from xchat.server.presented import Presented
from xchat.server.tls import TlsPipe

LINGER_SECONDS = 2.0
"""How long a peer may take to read its last words, and again to hang up."""

READ, WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE


class Phase(enum.Enum):
    """Where a connection is in its life."""

    HANDSHAKE = enum.auto()
    OPEN = enum.auto()
    ENROLLING = enum.auto()
    """One question is heard, and answered; there is no session."""
    LEAVING = enum.auto()
    """The session has ended; the last words are on their way."""
    LINGERING = enum.auto()
    """The last words are sent; the peer may read them and hang up."""
    CLOSED = enum.auto()


_GOING = frozenset({Phase.LEAVING, Phase.LINGERING})


class Connection:
    """From accept to close. Methods raise OSError, TlsError or EOFError when the peer is gone."""

    __slots__ = (
        "_lines",
        "_tls",
        "address",
        "interest",
        "is_counted_registered",
        "is_ordinary",
        "limits",
        "outbox",
        "phase",
        "pinged",
        "refusal",
        "session",
        "since",
        "sock",
    )

    def __init__(
        self,
        sock: socket.socket,
        address: str,
        context: ssl.SSLContext,
        limits: Limits,
        now: float,
        *,
        enrolment: ssl.SSLContext | None = None,
    ) -> None:
        self.sock = sock
        self.address = address
        self.limits = limits
        self.phase = Phase.HANDSHAKE
        self.since = now
        self.session: Session | None = None
        self.refusal: str | None = None
        """Why this connection gets no session, but only a handshake and these words."""
        self.interest = 0
        self.pinged = False
        self.is_counted_registered = False
        self.is_ordinary = False
        """Registered, and nothing to look after but what it is told."""
        self._tls = TlsPipe(context, enrolment)
        self.outbox = Outbox(sock, self._tls)
        self._lines = LineBuffer()

    def receive(self) -> Sequence[bytes | LineTooLong]:
        """Read once from the socket; return the lines that came of it."""
        try:
            ciphertext = self.sock.recv(CIPHERTEXT_BYTES_A_TURN)
        except (BlockingIOError, InterruptedError):
            return ()
        if not ciphertext:
            raise EOFError
        if self.phase in _GOING:
            return ()
        plaintext = self._tls.feed(ciphertext)
        if self.phase is Phase.HANDSHAKE:
            self.outbox.follow()
        if self.phase is Phase.HANDSHAKE and self._tls.enrols:
            self._lines = LineBuffer(tags_max=0, line_max=ENROLMENT_LINE_BYTES_MAX)
        return self._lines.feed(plaintext) if plaintext else ()

    @property
    def is_established(self) -> bool:
        """Whether the handshake is done."""
        return self._tls.established

    @property
    def presented(self) -> Presented | None:
        """The client's certificate, once the handshake is done, where it has shown one."""
        return self._tls.presented

    @property
    def enrols(self) -> bool:
        """Whether the client has come to enrol, and for nothing else."""
        return self._tls.enrols

    @property
    def vouched(self) -> bytes:
        """The client's certificate (DER), where a CA of ours signed it; else nothing."""
        presented = self._tls.presented
        return self._tls.certificate() if presented and presented.is_vouched else b""

    def enrol(self, now: float) -> None:
        """Wait for the question of who has come to enrol."""
        self.phase = Phase.ENROLLING
        self.since = now

    def open(self, session: Session) -> None:
        """Begin the session, once the connection is encrypted: its outbox is ours."""
        self.session = session
        self.phase = Phase.OPEN
        session.outbox = self.outbox.fresh
        if (presented := self.presented) is not None:
            session.certificate = presented.fingerprint
            session.certified = presented.account

    @property
    def is_content(self) -> bool:
        """Whether one that has just spoken is as it was: answered, and heard on."""
        session = self.session
        return (
            self.is_ordinary
            and session is not None
            and len(session.inbox) < self.limits.inbox_lines_max
            and not self._tls.pending
        )

    def wants(self) -> int:
        """Return the events to wait for: to read if there is room, to write if there is need."""
        session = self.session
        events = WRITE if self.outbox.is_waiting else 0
        if session is None or self.phase in _GOING:
            return events | READ
        full = session.backlog >= self.limits.outbox_soft_bytes
        if not full and len(session.inbox) < self.limits.inbox_lines_max:
            events |= READ
        return events

    def deadline(self) -> float | None:
        """Return when this connection must be looked at if nothing happens."""
        limits, session = self.limits, self.session
        if self.phase is Phase.HANDSHAKE:
            return self.since + limits.handshake_seconds_max
        if self.phase is Phase.CLOSED:
            return None
        if self.phase is Phase.ENROLLING:
            return self.since + ENROLMENT_SECONDS_MAX
        if session is None or session.ending is not None or self.phase in _GOING:
            return self.since + LINGER_SECONDS
        if not session.registered:
            return self.since + limits.registration_seconds_max
        silence = limits.ping_seconds_max if self.pinged else limits.ping_seconds
        return session.heard + silence

    def leave(self, now: float) -> None:
        """Take no more from the peer, which has yet to read what it was told."""
        self.phase = Phase.LEAVING
        self.since = now

    def say_goodbye(self, now: float) -> None:
        """End TLS and our half of the connection; what the peer still sends is thrown away."""
        self.phase = Phase.LINGERING
        self.since = now
        self._tls.end()
        self.outbox.flush()
        self.sock.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """Close the socket."""
        self.phase = Phase.CLOSED
        self.sock.close()

    def describe(self) -> tuple[str, str]:
        """Return the TLS version and cipher."""
        return self._tls.describe()
