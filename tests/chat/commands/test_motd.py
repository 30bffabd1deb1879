"""MOTD (modern.ircdocs.horse, Server queries)."""

from __future__ import annotations

from tests.chat.pair import OpenServer, Server
from xchat.config import Config
from xchat.config.settings import Server as ServerSettings


def test_motd(open_server: OpenServer) -> None:
    """If the MOTD can be found, one RPL_MOTDSTART numeric is returned, followed by one or more
    RPL_MOTD numeric, then one RPL_ENDOFMOTD numeric.
    """
    motd = f"Welcome!\n\n{'ა' * 200}\n"
    alice = open_server(config=Config(server=ServerSettings(motd=motd))).client("alice")
    assert alice.ask("MOTD") == [
        "375 alice :- xchat.local Message of the day -",
        "372 alice :- Welcome!",
        "372 alice :- ",
        f"372 alice :- {'ა' * 133}",
        "376 alice :End of /MOTD command",
    ]


def test_no_motd(server: Server) -> None:
    """If the MOTD does not exist or could not be found, the ERR_NOMOTD (422) numeric."""
    alice = server.client("alice")
    assert alice.ask("MOTD") == ["422 alice :There is no message of the day"]
