"""From one link to a second person talking: every program real, each in a home of its own."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.admin.conftest import Hand
from tests.e2e.conftest import UNLIMITED
from tests.e2e.programs import Pki, Program, Server, until

Row = dict[str, Any]
MakeServer = Callable[..., Server]
MakeProgram = Callable[..., Program]


def test_one_link_brings_a_person_in(
    make_server: MakeServer, make_program: MakeProgram, own_pki: Pki, tmp_path: Path
) -> None:
    """`xchat-client join LINK` does the rest, and is talking; from then on `xchat-client` alone
    is enough."""
    certs = tmp_path / "certs"
    shutil.copytree(own_pki.ca.parent, certs, symlinks=True)
    live = certs / "live"
    pki = Pki(certs / "ca.pem", live / "server.pem", live / "server-key.pem")
    server = make_server(UNLIMITED, pki=pki)
    hand = Hand(server.folder / "data")
    link = hand.json("invite", "add", "alice", "--host", "localhost")["link"]
    first = make_program("xchat-client", "join", link)
    first.wait_for("alice")
    first.type("hello from a link")
    first.wait_for("hello from a link")
    assert [row["name"] for row in hand.json("user", "list")] == ["alice"]
    home = first.env["HOME"]
    first.close()
    again = Program(Path(home), "again", ["xchat-client"], {"HOME": home})
    again.start()
    try:
        again.wait_for("alice")
        row = until(lambda: next(here(hand), None), "she is here again")
        assert (row["nick"], row["account"]) == ("alice", "alice")
    finally:
        again.close()


def here(hand: Hand) -> Iterator[Row]:
    """Yield the sessions of those who have said who they are."""
    return (row for row in hand.json("session", "list") if row["nick"])
