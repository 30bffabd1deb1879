"""The real core of the server, and clients of it, in memory: no socket, no waiting, no clock.

`Server` is the hub, the embedded log and SQLite as the server has them; `turn` is a round of
server/turn.py without the sockets. Time stands still until `pass_time`. What a client is told
reads like a transcript: `:alice JOIN #a`, or `482 alice #a :You're not channel operator` where
the server itself speaks.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from xchat.chat.admin.operation import Operation
from xchat.chat.admin.table import begin
from xchat.chat.entities import Account
from xchat.chat.events import AccountRegistered
from xchat.chat.hub import Hub
from xchat.chat.session import Session
from xchat.config import Config
from xchat.irc.framing import LineBuffer
from xchat.irc.message import Message, format_line, parse
from xchat.store.database import FILE_NAME
from xchat.store.log import EmbeddedLog
from xchat.store.store import SqliteStore

START_MS = 1_750_000_000_000
TURNS_MAX = 2_000

OpenServer = Callable[..., "Server"]
"""Open a server; keywords are those of `Limits`, or `config=` for a whole Config."""


class Server:
    """A server whose data is in `folder`; another one on the same folder is its next run."""

    def __init__(self, folder: Path, config: Config) -> None:
        self.now = 1_000.0
        self.now_ms = START_MS
        self.store = SqliteStore(folder / FILE_NAME)
        log = EmbeddedLog(self.store, lambda: self.now_ms, lambda: int(self.now * 1000))
        run = self.store.next_run()
        self.hub = Hub(config, log, self.store, node=self.store.node, run=run, now_ms=self.now_ms)
        self.hub.now = self.now
        self.clients: dict[Session, Client] = {}
        self.hub.start()

    def connect(self, address: str = "127.0.0.1", *, exempt: bool = True) -> Client:
        """Return a connection that has said nothing yet; flood control spares it if `exempt`."""
        client = Client(self, self.hub.connect(address, exempt=exempt))
        self.clients[client.session] = client
        return client

    def client(
        self, nick: str, *caps: str, exempt: bool = True, account: Account | None = None
    ) -> Client:
        """Return a registered client with these capabilities, its welcome read."""
        client = self.connect(exempt=exempt)
        client.session.claim.account = account.aid if account else ""
        asked = [f"CAP REQ :{' '.join(caps)}"] if caps else []
        client.send(*asked, f"NICK {nick}", f"USER {nick} 0 * :{nick}'s name", "CAP END")
        welcome = client.read()
        assert "001" in [message.command for message in welcome], welcome
        return client

    def account(self, name: str, *, always_present: bool | None = None) -> Account:
        """Return a new account without credentials; `client(..., account=)` is logged in to it."""
        event = AccountRegistered(name=name, always_present=always_present)
        assert self.hub.ledger.append_own("", event)
        self.run()
        account = self.hub.state.account_named(name)
        assert account is not None
        return account

    def administer(self, verb: str, **arguments: object) -> Operation:
        """Ask for a verb of the administration; return what has come of it."""
        operation = begin(self.hub, "root", verb, arguments)
        self.run()
        assert operation.is_settled
        return operation

    def channel(self, name: str, *clients: Client) -> None:
        """Let clients join in this order (the first is the operator); nothing is left unread."""
        for client in clients:
            assert f":{client.nick} JOIN {name}" in client.ask(f"JOIN {name}")
        self.quiet()

    def quiet(self) -> None:
        """Read and forget what everyone was told."""
        self.run()
        for client in self.clients.values():
            client.received.clear()

    def run(self) -> None:
        """Run turns until there is nothing to do."""
        for _ in range(TURNS_MAX):
            self.turn()
            next_work = self.hub.next_work()
            if next_work is None or next_work > self.now:
                return
        raise AssertionError("the server does not come to rest")

    def turn(self) -> None:
        """Do what a turn does between receiving and flushing, and hand over what is to be sent."""
        self.hub.serve(self.now, self.now_ms)
        self.hub.settle()
        for job in self.hub.work.take():
            self.hub.work.done(job, job.run())
        for session in self.hub.fanout.take_dirty():
            if session in self.clients:
                self.clients[session].take()
        assert not any(session.outbox for session in self.clients), "told, but not to be flushed"

    def pass_time(self, seconds: float) -> None:
        """Let time go by, and what is due happen."""
        self.now += seconds
        self.now_ms += int(seconds * 1000)
        self.run()

    def close(self) -> None:
        """Stop as at a crash: nothing is said, what was kept is kept."""
        self.store.close()


class Client:
    """One connection: what it sends and what it has been told."""

    def __init__(self, server: Server, session: Session) -> None:
        self.server = server
        self.session = session
        self.received: list[bytes] = []
        self.closed = False
        self._lines = LineBuffer()

    @property
    def nick(self) -> str:
        """The nick of this client, as the server has it."""
        return self.server.hub.nick_of(self.session)

    @property
    def source(self) -> str:
        """The whole source of this client's lines, `nick!user@host`."""
        return self.server.hub.state.users[self.session.uid].prefix

    def send(self, *lines: str | bytes) -> None:
        """Send lines in one packet."""
        data = [line.encode() if isinstance(line, str) else line for line in lines]
        self.send_bytes(b"".join(line + b"\r\n" for line in data))

    def send_bytes(self, data: bytes) -> None:
        """Send bytes as they are."""
        lines = self._lines.feed(data)
        if lines:
            self.server.hub.receive(self.session, lines)

    def take(self) -> None:
        """Receive what waits in the outbox; a connection that ends is gone after it."""
        session = self.session
        self.received += b"".join(session.outbox).splitlines(keepends=True)
        session.outbox.clear()
        if session.closing is not None and not self.closed:
            self.closed = True
            self.server.hub.disconnect(session, session.closing)

    def drop(self, reason: str = "Connection lost") -> None:
        """End the connection without a word."""
        self.closed = True
        self.server.hub.disconnect(self.session, reason)
        self.server.run()

    def read_raw(self) -> list[bytes]:
        """Let the server come to rest; return the lines since the last time, as bytes."""
        self.server.run()
        received, self.received = self.received, []
        return received

    def read(self, *lines: str | bytes) -> list[Message]:
        """Send lines, if any; return what came since the last time."""
        if lines:
            self.send(*lines)
        return [parse(line.removesuffix(b"\r\n")) for line in self.read_raw()]

    def ask(self, *lines: str | bytes) -> list[str]:
        """Send lines in one packet; return what came since the last time, as a transcript."""
        return [plain(message) for message in self.read(*lines)]

    heard = ask
    """The same word for a client that only listens."""

    def offered(self, version: str = "302") -> dict[str, str]:
        """Return the capabilities that CAP LS offers, with their values."""
        lines = self.read(f"CAP LS {version}".strip())
        words = [word for line in lines for word in line.params[-1].split()]
        return dict(word.partition("=")[::2] for word in words)

    def sync(self) -> list[str]:
        """Return what came since the last time, a PING's answer being the last of it."""
        *before, pong = self.ask("PING sync")
        assert pong == f"PONG {self.server.hub.name} sync"
        return before


def plain(message: Message) -> str:
    """Return a line without tags; of its source the nick, and nothing for the server."""
    source = message.nick if message.source and "!" in message.source else None
    return format_line(source, message.command, *message.params)


def commands(messages: list[Message]) -> list[str]:
    """Return the commands and numerics of messages."""
    return [message.command for message in messages]
