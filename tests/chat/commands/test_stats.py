"""STATS (modern.ircdocs.horse, Server queries)."""

from __future__ import annotations

from tests.chat.pair import Server


def test_stats(server: Server) -> None:
    """RPL_STATSUPTIME (242): "<client> :Server Up %d days %d:%02d:%02d"; RPL_ENDOFSTATS (219)."""
    alice = server.client("alice")
    server.pass_time(2 * 86_400 + 3 * 3600 + 4 * 60 + 5)
    end = "219 alice {} :End of /STATS report"
    up = "242 alice :Server Up 2 days 3:04:05"
    assert alice.ask("STATS u") == [up, end.format("u")]
    assert alice.ask("STATS", "STATS z") == [end.format("*"), end.format("z")]
