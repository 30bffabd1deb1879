"""The audit log: what was done in whose name, kept with it, and never changed."""

from __future__ import annotations

import sqlite3

import pytest

from tests.chat.commands.operators import CONFIG, operator
from tests.chat.pair import OpenServer, Server
from xchat.chat.admin.operation import Operation
from xchat.chat.events import AccountRegistered, Administered, Broadcast
from xchat.chat.refused import Failed


def administer(server: Server, event: Administered) -> Operation:
    operation = Operation(event.who)
    server.hub.append(operation, event)
    server.run()
    return operation


def told(server: Server) -> list[tuple[str, str, str, str]]:
    rows = server.store.audit(limit=100)
    return [(row.via, row.who, row.act, row.what) for row in rows]


def test_what_is_done_is_recorded_with_it(open_server: OpenServer) -> None:
    server = open_server()
    made = AccountRegistered(name="ana", password="$argon2id$secret")
    administer(server, Administered(who="root", act="user add", what="ana", event=made))
    assert told(server) == [("console", "root", "user add", "ana")]
    assert server.hub.state.account_named("ana")


def test_what_is_refused_is_not_recorded(open_server: OpenServer) -> None:
    server = open_server()
    server.account("ana")
    event = Administered(
        who="root", act="user add", what="ana", event=AccountRegistered(name="ana")
    )
    with pytest.raises(Failed):
        administer(server, event)
    assert told(server) == []


def test_of_two_claims_the_second_is_refused_and_not_recorded(
    open_server: OpenServer,
) -> None:
    server = open_server()
    event = Administered(
        who="root", act="user add", what="ana", event=AccountRegistered(name="ana")
    )
    first, second = Operation("root"), Operation("root")
    server.hub.append(first, event)
    server.hub.append(second, event)
    server.run()
    assert first.refusal is None
    assert second.refusal is not None
    assert second.refusal.code == "ACCOUNT_EXISTS"
    assert len(told(server)) == 1


def test_what_operators_do_is_recorded(open_server: OpenServer) -> None:
    server = open_server(config=CONFIG)
    root, bea = operator(server.client("root")), server.client("bea")
    who, whom = root.source, bea.source
    root.ask("KILL bea :spam")
    assert told(server) == [
        ("chat", who, "OPER", "root as admin"),
        ("chat", who, "KILL", f"{whom}: spam"),
    ]


@pytest.mark.parametrize(
    "statement",
    ["DELETE FROM audit", "UPDATE audit SET who = 'nobody'", "DELETE FROM audit WHERE 1"],
)
def test_nothing_of_it_is_changed(open_server: OpenServer, statement: str) -> None:
    server = open_server()
    administer(server, Administered(who="root", act="broadcast", event=Broadcast(text="hi")))
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        server.store._db.execute(statement)
    assert len(told(server)) == 1
