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
from xchat.chat.apply import apply
from xchat.chat.effects import Gone
from xchat.chat.events import AccountChanged, AccountSuspended, UserQuit
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


# -- accounts, devices, and who goes in the turn in which they come ---------------------------


def test_who_is_gone_in_the_turn_of_their_join_stops_nothing(server: Server) -> None:
    """What they were to be told of the channel was looked up by a user who was no more."""
    ana, bea = server.client("ana", "draft/read-marker"), server.client("bea")
    server.channel("#a", bea)
    ana.send("JOIN #a")
    server.hub.serve(server.now, server.now_ms)
    server.hub.ledger.append_own("", UserQuit(uid=ana.session.uid, reason="gone"))
    assert bea.heard() == [":ana JOIN #a", ":ana QUIT gone"]
    assert ana.heard()[-1].startswith("ERROR ")


def test_who_comes_and_goes_in_one_turn_stops_nothing(server: Server) -> None:
    ana = server.connect()
    ana.send("CAP REQ :draft/metadata-2 batch", "NICK ana", "USER a 0 * :a", "CAP END")
    server.hub.serve(server.now, server.now_ms)
    server.hub.ledger.append_own("", UserQuit(uid=ana.session.sid, reason="gone"))
    assert ana.heard()[-1].startswith("ERROR ")
    assert not server.hub.state.users


def test_a_join_of_many_channels_ends_with_its_user(open_server: OpenServer) -> None:
    """The next piece of a long answer looked for the user in the state."""
    server = open_server(targets_max=10)
    ana = server.client("ana")
    ana.send("JOIN #a,#b,#c,#d")
    server.hub.serve(server.now, server.now_ms)
    server.hub.ledger.append_own("", UserQuit(uid=ana.session.uid, reason="gone"))
    told = ana.heard()
    assert told[-1].startswith("ERROR ")
    assert not server.hub.state.channels


def test_what_came_to_nothing_is_no_success(server: Server) -> None:
    """Promise 2: "What could not be kept is refused in words"; it was acknowledged (ACK)."""
    ana, bea = server.client("ana", *LABELS), server.client("bea")
    server.channel("#a", bea, ana)
    server.hub.ledger.append_own("", UserQuit(uid=ana.session.uid, reason="gone"))
    ana.send("@label=1 PRIVMSG #a :too late")
    refused, error = ana.heard()
    assert "CANNOT_KEEP" in refused
    assert error.startswith("ERROR ")
    assert bea.heard() == [":ana QUIT gone"]


def test_a_labelled_batch_that_is_refused_is_answered_once(server: Server) -> None:
    """labeled-response: "servers MUST respond with a labeled message"; nobody did."""
    ana = server.client("ana", "draft/multiline", *LABELS)
    ana.send("@label=1 BATCH +r draft/multiline nobody", "@batch=r PRIVMSG nobody :a")
    ana.send("@batch=r PRIVMSG nobody :b", "BATCH -r", "@label=2 PING x")
    first, second = ana.read()
    assert (first.command, first.tags.get("label")) == ("401", "1")
    assert (second.command, second.tags.get("label")) == ("PONG", "2")


def test_two_users_of_an_account_go_in_the_same_order_everywhere(server: Server) -> None:
    """A state that was rebuilt has its users in another order; history numbers what they did."""
    account = server.account("ana")
    server.hub.ledger.append_own("", AccountChanged(aid=account.aid, nicks=("nan",)))
    server.run()
    people = [server.client(nick, account=account) for nick in ("nan", "ana")]
    server.channel("#a", *people)
    state = server.hub.state
    last = next(iter(state.users.values()))
    state.users[last.uid] = state.users.pop(last.uid)  # as a start might have it
    event = AccountSuspended(aid=account.aid, reason="rest")
    step = apply(state, Entry(99, 99, event), "log")
    gone = [effect.user.uid for effect in step.effects if isinstance(effect, Gone)]
    assert gone == sorted(gone)
    assert len(gone) == 2


def test_who_is_there_is_told_before_who_comes_after(server: Server) -> None:
    """A device that waited for the log was told late who was in a channel another had entered."""
    account = server.account("ana")
    phone, laptop = (server.client("ana", account=account) for _ in range(2))
    bea = server.client("bea")
    server.channel("#b", bea, phone)
    laptop.send("TOPIC #b :waits", "PRIVMSG #b :waits too")
    phone.send("JOIN #c")
    bea.send("JOIN #c")
    told = laptop.heard()
    assert told.index("366 ana #c :End of /NAMES list") < told.index(":bea JOIN #c")
