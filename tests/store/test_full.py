"""P17: "Disk full or database locked: the sender gets FAIL, no echo; the server goes on;
works again when there is room"."""

from __future__ import annotations

import resource
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from xchat.chat.hub import Hub
from xchat.chat.session import Session
from xchat.config import Config
from xchat.store.log import EmbeddedLog
from xchat.store.store import SqliteStore

CAPS = "CAP REQ :batch echo-message labeled-response message-tags standard-replies"
LONG = "x" * 380


class Server:
    """A hub on a real store, and the clients it is asked for."""

    def __init__(self, path: Path) -> None:
        self.store = SqliteStore(path)
        log = EmbeddedLog(self.store, lambda: 1_700_000_000_000)
        self.hub = Hub(Config(), log, self.store, node="n", run="1", now_ms=0)
        assert self.hub.start()

    def join(self, nick: str) -> Session:
        """Return a client in #a."""
        session = self.hub.connect("10.0.0.1", exempt=True)
        lines = (CAPS, f"NICK {nick}", "USER u 0 * :r", "CAP END", "JOIN #a")
        for line in lines:
            self.say(session, line)
        return session

    def say(self, session: Session, line: str) -> list[str]:
        """Send a line; return what comes back to this client."""
        session.outbox.clear()
        self.hub.receive(session, [line.encode()])
        self.hub.serve(0.0, 0)
        self.hub.settle()
        return [data.decode() for data in session.outbox]


@pytest.fixture
def server(path: Path) -> Iterator[Server]:
    made = Server(path)
    yield made
    made.store.close()


def check(
    server: Server, words: str, harm: Callable[[], object], heal: Callable[[], object]
) -> None:
    """Hold the server to the whole of the promise, from the outside."""
    ana, bea = server.join("ana"), server.join("bea")
    harm()
    bea.outbox.clear()
    (told,) = server.say(ana, f"@label=1 PRIVMSG #a :lost {LONG}")
    assert told.startswith("@label=1 ")
    assert f"FAIL PRIVMSG CANNOT_KEEP :Not kept, and shown to nobody: {words}" in told
    assert bea.outbox == [], "shown to nobody"
    assert any("PONG" in line for line in server.say(bea, "PING x")), "the server goes on"
    heal()
    bea.outbox.clear()
    (echo,) = server.say(ana, f"@label=2 PRIVMSG #a :kept {LONG}")
    assert "PRIVMSG #a :kept" in echo
    assert any(b"kept" in data for data in bea.outbox)
    history = "".join(server.say(bea, "CHATHISTORY LATEST #a * 50"))
    assert "kept" in history
    assert "lost" not in history


def test_the_database_may_not_grow(server: Server) -> None:
    """Every page is taken, and there is no other: SQLITE_FULL."""

    def harm() -> None:
        server.store._db.execute("PRAGMA max_page_count = 1").fetchall()  # never less than now
        filler = server.join("filler")
        while not any("CANNOT_KEEP" in line for line in server.say(filler, f"PRIVMSG #a :{LONG}")):
            assert server.store.seq < 200

    def heal() -> None:
        server.store._db.execute("PRAGMA max_page_count = 1073741823").fetchall()

    check(server, "the disk is full", harm, heal)


def test_no_file_may_grow(server: Server) -> None:
    """The system says no to the write itself, in the middle of a commit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    check(
        server,
        "the disk failed",
        lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (8192, hard)),
        lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard)),
    )


def test_another_program_has_the_file(path: Path, server: Server) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        check(
            server,
            "the database is in use by another program",
            lambda: other.execute("BEGIN IMMEDIATE"),
            lambda: other.execute("ROLLBACK"),
        )


def test_a_commit_that_fails_reads_nothing(path: Path, server: Server) -> None:
    """To read the state again would cost as much as there are users, each time, and may fail."""
    ana = server.join("ana")
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        statements: list[str] = []
        server.store._db.set_trace_callback(statements.append)
        (told,) = server.say(ana, "TOPIC #a :lost")
        other.execute("ROLLBACK")
    assert "CANNOT_KEEP" in told
    assert not [words for words in statements if "SELECT" in words]
    assert server.hub.state.channels["#a"].topic is None


def test_who_leaves_while_nothing_can_be_kept_leaves_as_soon_as_it_can(
    path: Path, server: Server
) -> None:
    """A QUIT that cannot be kept is tried again: no ghost keeps a nick."""
    ana, bea = server.join("ana"), server.join("bea")
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        server.hub.disconnect(ana, "Connection lost")
        server.hub.serve(10.0, 0)
        assert not server.hub.settle()
        other.execute("ROLLBACK")
    assert server.hub.next_work() is not None, "it is to be tried again"
    server.hub.serve(20.0, 0)
    assert server.hub.settle()
    assert any(b"QUIT" in data for data in bea.outbox)
    assert server.hub.state.user_by_nick("ana") is None


def test_history_that_cannot_be_read_is_refused_in_words(path: Path, server: Server) -> None:
    """FAIL CHATHISTORY MESSAGE_ERROR (draft/chathistory), and everything else goes on."""
    ana = server.join("ana")
    server.say(ana, "PRIVMSG #a :hello")
    with closing(sqlite3.connect(path)) as other:
        other.execute("ALTER TABLE history RENAME TO elsewhere")
    (told,) = server.say(ana, "CHATHISTORY LATEST #a * 50")
    assert "FAIL CHATHISTORY MESSAGE_ERROR LATEST #a :Messages could not be retrieved: the" in told
    (refused,) = server.say(ana, "PRIVMSG #a :lost")
    assert "CANNOT_KEEP" in refused
    with closing(sqlite3.connect(path)) as other:
        other.execute("ALTER TABLE elsewhere RENAME TO history")
    assert any("hello" in line for line in server.say(ana, "CHATHISTORY LATEST #a * 50"))
