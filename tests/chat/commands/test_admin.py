"""ADMIN (modern.ircdocs.horse, Server queries)."""

from __future__ import annotations

from tests.chat.pair import OpenServer
from xchat.config import Config
from xchat.config.settings import Server as ServerSettings


def test_admin(open_server: OpenServer) -> None:
    """RPL_ADMINME, RPL_ADMINLOC1, RPL_ADMINLOC2, and RPL_ADMINEMAIL."""
    settings = ServerSettings(admin=("ნინო", "the lab, 2nd floor"))
    alice = open_server(config=Config(server=settings)).client("alice")
    assert alice.ask("ADMIN") == [
        "256 alice xchat.local :Administrative info",
        "257 alice ნინო",
        "258 alice :the lab, 2nd floor",
        "259 alice :(not said)",
    ]
