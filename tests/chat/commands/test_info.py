"""INFO (modern.ircdocs.horse, Server queries)."""

from __future__ import annotations

from tests.chat.pair import Server


def test_info(server: Server) -> None:
    """Zero or more RPL_INFO replies, followed by one RPL_ENDOFINFO numeric."""
    *lines, end = server.client("alice").ask("INFO")
    assert end == "374 alice :End of /INFO list"
    assert lines
    assert all(line.startswith("371 alice :") for line in lines)
