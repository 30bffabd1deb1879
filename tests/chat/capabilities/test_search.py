"""draft/search and soju.im/search; the command is in commands/test_search.py."""

from __future__ import annotations

from tests.chat.pair import Server


def test_it_is_offered(server: Server) -> None:
    """This capability advertises to clients that the SEARCH command is available."""
    for name in ("draft/search", "soju.im/search"):
        alice = server.client("alice", name)
        assert alice.ask("CAP LIST") == [f"CAP alice LIST {name}"]
        alice.drop()
