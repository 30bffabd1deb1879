"""A small IRC client over TLS for tests: every wait has a limit, every line is seen."""

from __future__ import annotations

import re
import socket
import ssl
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

WAIT_SECONDS = 20.0
"""Ten times what a loaded machine of two cores needs for the slowest answer."""
READ_BYTES = 65_536


class GoneError(AssertionError):
    """The server hung up while the test was talking to it."""


def trusting(ca: Path) -> ssl.SSLContext:
    """Return a context that trusts the CA in `ca`, checks names, and takes Python 3.13's view."""
    context = ssl.create_default_context(cafile=str(ca))
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    return context


@dataclass(slots=True)
class RawClient:
    """One TLS connection, line by line. `seen` holds every line that came, oldest first."""

    sock: ssl.SSLSocket
    nick: str = "*"
    seen: list[str] = field(default_factory=list)
    read_up_to: int = 0
    unfinished: bytes = b""
    answers_pings: bool = True

    @classmethod
    def connect(cls, port: int, ca: Path, *, name: str = "localhost") -> Self:
        """Open a verified connection to loopback; raises `ssl.SSLError` where it is refused."""
        sock = socket.create_connection(("127.0.0.1", port), timeout=WAIT_SECONDS)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            return cls(trusting(ca).wrap_socket(sock, server_hostname=name))
        except BaseException:
            sock.close()
            raise

    @classmethod
    def join(
        cls, port: int, ca: Path, nick: str, *channels: str, caps: str = "echo-message"
    ) -> Self:
        """Connect, register as `nick` with the capabilities `caps`, and join `channels`."""
        client = cls.connect(port, ca)
        try:
            client.register(nick, caps=caps)
            for channel in channels:
                client.send(f"JOIN {channel}")
                client.wait(rf" 366 \S+ {re.escape(channel)} ")
        except BaseException:
            client.close()
            raise
        return client

    def register(self, nick: str, *, caps: str = "") -> None:
        """Log in and wait for the end of the greeting."""
        if caps:
            self.send(f"CAP REQ :{caps}")
        self.send(f"NICK {nick}", f"USER {nick} 0 * :{nick} of the tests")
        if caps:
            self.wait(r" CAP \S+ ACK ")
            self.send("CAP END")
        self.wait(r" (376|422) ")
        self.nick = nick

    def send(self, *lines: str | bytes) -> None:
        """Send each line with its CR LF, all in one go."""
        whole = b"".join(
            (line.encode() if isinstance(line, str) else line) + b"\r\n" for line in lines
        )
        self.send_bytes(whole)

    def send_bytes(self, raw: bytes) -> None:
        """Send bytes as they are; raises `GoneError` when the server hung up."""
        self.sock.settimeout(WAIT_SECONDS)
        try:
            self.sock.sendall(raw)
        except TimeoutError:
            raise
        except OSError as gone:
            raise GoneError(f"{self.nick} sent, got {gone!r}; came: {self.seen[-12:]}") from gone

    def wait(self, pattern: str, *, seconds: float = WAIT_SECONDS) -> re.Match[str]:
        """Return the match of the first line not yet waited for that holds `pattern`.

        Lines before it count as waited for. Raises `TimeoutError` when the time is over and
        `GoneError` when the server hung up first, both with the lines that did come.
        """
        wanted = re.compile(pattern)
        deadline = time.monotonic() + seconds
        while True:
            while self.read_up_to < len(self.seen):
                self.read_up_to += 1
                if found := wanted.search(self.seen[self.read_up_to - 1]):
                    return found
            self.read(deadline, f"{self.nick} waited for {pattern!r}")

    def read(self, deadline: float, purpose: str) -> None:
        """Take in what has come by `deadline` (monotonic seconds): at least a byte, or raise."""
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError(f"{purpose}; came: {self.seen[-12:]}")
        self.sock.settimeout(left)
        try:
            data = self.sock.recv(READ_BYTES)
        except TimeoutError:
            raise TimeoutError(f"{purpose}; came: {self.seen[-12:]}") from None
        except OSError as gone:
            raise GoneError(f"{purpose}, got {gone!r}; came: {self.seen[-12:]}") from gone
        if not data:
            raise GoneError(f"{purpose}, got the end; came: {self.seen[-12:]}")
        *lines, self.unfinished = (self.unfinished + data).split(b"\n")
        self.seen += [line.rstrip(b"\r").decode(errors="replace") for line in lines]
        for line in self.seen[-len(lines) :] if lines else ():
            if line.startswith("PING ") and self.answers_pings:
                self.send(line.replace("PING", "PONG", 1))

    def read_to_the_end(self, *, seconds: float = WAIT_SECONDS) -> list[str]:
        """Return every line seen, once the server has hung up."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                self.read(deadline, f"{self.nick} waited for the end")
            except GoneError:
                return self.seen

    def ping(self, *, seconds: float = WAIT_SECONDS) -> float:
        """Return how many seconds the server took to answer a PING."""
        start = time.monotonic()
        token = f"t{start}"
        self.send(f"PING {token}")
        self.wait(rf"PONG .*{re.escape(token)}", seconds=seconds)
        return time.monotonic() - start

    def close(self) -> None:
        self.sock.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
