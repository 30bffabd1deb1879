"""LINKS (modern.ircdocs.horse, Server queries)."""

from __future__ import annotations

from tests.chat.pair import Server


def test_links(server: Server) -> None:
    """Servers MAY omit some or all servers on the network, including itself: it is linked to none.
    RPL_ENDOFLINKS (365): "<client> * :End of /LINKS list".
    """
    assert server.client("alice").ask("LINKS") == ["365 alice * :End of /LINKS list"]
