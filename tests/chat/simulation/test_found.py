"""P21: "Every case that ever fell short stays as a test": what the simulation found, one by one."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.chat.pair import OpenServer, Server
from xchat.chat import ledger
from xchat.chat.log import Entry, Lost
from xchat.store.database import FILE_NAME
from xchat.store.log import EmbeddedLog

LABELS = ("batch", "labeled-response")


class LosesFirst(EmbeddedLog):
    """A log that loses the first of what it takes at once, as one across a network may."""

    def poll(self, limit: int) -> Sequence[Entry | Lost]:
        entries = [entry for entry in super().poll(limit) if isinstance(entry, Entry)]
        lost = [Lost(entry.token or 0, "the log did not answer") for entry in entries[:1]]
        return [*lost, *(replace(entry, seq=entry.seq - 1) for entry in entries[1:])]


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Let another program have the file for a while."""
    with closing(sqlite3.connect(folder / FILE_NAME, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


def test_an_away_that_was_refused_is_shown_to_nobody(server: Server, folder: Path) -> None:
    """Presence is not in the store: a commit that failed left it as the turn had made it."""
    ana, bea = server.client("ana"), server.client("bea")
    with locked(folder):
        bea.send("NICK bee")
        (refused,) = ana.ask("AWAY :secretly")
    assert "CANNOT_KEEP" in refused
    assert not any("secretly" in line for line in bea.ask("WHOIS ana"))


def test_who_stays_because_a_quit_failed_stays_away(server: Server, folder: Path) -> None:
    ana, bea = server.client("ana"), server.client("bea")
    ana.ask("AWAY :fishing")
    with locked(folder):
        server.hub.disconnect(ana.session, "Connection lost")
        server.turn()
        assert any("fishing" in line for line in bea.ask("WHOIS ana"))


def test_names_are_not_older_than_the_lines_before_them(server: Server) -> None:
    """NAMES read the state at once, and spoke behind a message that waited for the log."""
    ana, bea = server.client("ana"), server.client("bea")
    server.channel("#a", ana)
    bea.send("JOIN #a")
    ana.send("PRIVMSG #a :hello", "NAMES #a")
    told = ana.heard()
    assert told.index(":bea JOIN #a") < told.index("353 ana = #a :@ana bea")


def test_error_comes_after_the_answers(server: Server) -> None:
    """The echo of somebody's last words came after ERROR, when nobody reads any more."""
    ana = server.client("ana", "echo-message")
    server.channel("#a", ana)
    *before, last = ana.ask("PRIVMSG #a :last words", "QUIT")
    assert ":ana PRIVMSG #a :last words" in before
    assert last.startswith("ERROR ")


def test_why_one_may_not_join_comes_before_error(open_server: OpenServer) -> None:
    server = open_server(users_max=1)
    server.client("ana")
    bea = server.connect()
    *_, full, error = bea.ask("NICK bea", "USER b 0 * :b")
    assert "the server is full" in full
    assert error.startswith("ERROR ")


def test_who_is_gone_hears_nothing_while_nothing_can_be_kept(server: Server, folder: Path) -> None:
    """Typing needs no commit: it filled the outbox of somebody who could not quit."""
    ana, bea = server.client("ana", "message-tags"), server.client("bea", "message-tags")
    server.channel("#a", ana, bea)
    with locked(folder):
        server.hub.disconnect(bea.session, "Connection lost")
        server.turn()
        del server.clients[bea.session]
        for _ in range(3):
            ana.send("@+typing=active TAGMSG #a")
            server.turn()
        assert bea.session.outbox == []


def test_a_turn_that_took_all_it_may_is_followed_by_another(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the log still held waited for the next thing to happen."""
    monkeypatch.setattr(ledger, "ENTRIES_A_TURN", 1)
    people = [server.client(nick) for nick in ("ana", "bea", "eka")]
    for client in people:
        client.send("JOIN #a")
    server.turn()
    next_work = server.hub.next_work()
    assert next_work is not None
    assert next_work <= server.now
    server.run()
    assert len(server.hub.state.members["#a"]) == 3


def test_the_answer_to_one_command_does_not_end_between_others_lines(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A turn's bound fell into a labelled message to two channels."""
    bea, ana = server.client("bea"), server.client("ana", "echo-message", *LABELS)
    server.channel("#a", bea, ana)
    server.channel("#b", ana)
    monkeypatch.setattr(ledger, "ENTRIES_A_TURN", 1)
    ana.send("@label=1 PRIVMSG #a,#b :hello")
    bea.send("PRIVMSG #a :welcome")
    told = ana.heard()
    assert told.index(":bea PRIVMSG #a welcome") > told.index("BATCH -label")


def test_what_is_lost_is_answered_before_what_came_after_it(server: Server) -> None:
    """The echo of a later message waited behind the refusal of an earlier one."""
    ana, bea = server.client("ana", "echo-message"), server.client("bea")
    server.channel("#a", ana, bea)
    server.hub.ledger.log = LosesFirst(server.store, lambda: server.now_ms)
    ana.send("PRIVMSG #a :lost", "PRIVMSG #a :first")
    bea.send("PRIVMSG #a :second")
    refused, *told = ana.heard()
    assert "CANNOT_KEEP" in refused
    assert told == [":ana PRIVMSG #a first", ":bea PRIVMSG #a second"]
    assert bea.heard() == [":ana PRIVMSG #a first"]
