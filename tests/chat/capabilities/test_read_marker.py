"""draft/read-marker (ircv3.net/specs/extensions/read-marker)."""

from __future__ import annotations

from tests.chat.pair import OpenServer, Server
from xchat.chat.lines import format_time

CAP = "draft/read-marker"
OLDER, NEWER = "timestamp=2019-01-04T14:33:26.123Z", "timestamp=2020-01-04T14:33:26.123Z"


def test_what_is_set_is_told_back(server: Server) -> None:
    """The server MUST reply to a successful MARKREAD client set command."""
    ana = server.client("ana", CAP)
    ana.ask("JOIN #a")
    assert ana.ask(f"MARKREAD #a {OLDER}") == [f"MARKREAD #a {OLDER}"]
    assert ana.ask("MARKREAD #A") == [f"MARKREAD #A {OLDER}"]


def test_what_is_not_known_is_a_star(server: Server) -> None:
    """If there is no known last message read timestamp, the parameter is a literal `*`."""
    ana = server.client("ana", CAP)
    assert ana.ask("MARKREAD bob", "MARKREAD #x") == ["MARKREAD bob *", "MARKREAD #x *"]


def test_it_only_ever_increases(server: Server) -> None:
    """If the timestamp is older, the server MUST reply with the server's stored value."""
    ana = server.client("ana", CAP)
    ana.ask(f"MARKREAD bob {NEWER}")
    assert ana.ask(f"MARKREAD bob {OLDER}") == [f"MARKREAD bob {NEWER}"]


def test_it_is_clamped_to_now(server: Server) -> None:
    """It can clamp it between the last read timestamp and the current time."""
    ana = server.client("ana", CAP)
    now = f"timestamp={format_time(server.now_ms)}"
    assert ana.ask("MARKREAD bob timestamp=2999-01-01T00:00:00.000Z") == [f"MARKREAD bob {now}"]


def test_it_comes_with_a_join_before_the_end_of_names(server: Server) -> None:
    """The command MUST be sent before the RPL_ENDOFNAMES reply following the JOIN."""
    ana, old = server.client("ana", CAP), server.client("old")
    told = [line.split()[0] for line in ana.ask("JOIN #a")]
    assert told == [":ana", "MARKREAD", "353", "366"]
    assert "MARKREAD" not in [line.split()[0] for line in old.ask("JOIN #a")]


def test_all_devices_of_a_user_hear_of_it_and_nobody_else(server: Server) -> None:
    """After it changes, the server SHOULD send a MARKREAD to all the clients of the user."""
    account = server.account("ana")
    phone, laptop = (server.client("ana", CAP, account=account) for _ in range(2))
    old, bob = server.client("ana", account=account), server.client("bob", CAP)
    server.quiet()
    assert phone.ask(f"MARKREAD bob {OLDER}") == [f"MARKREAD bob {OLDER}"]
    assert laptop.heard() == [f"MARKREAD bob {OLDER}"]
    assert old.heard() == bob.heard() == []
    phone.ask(f"MARKREAD bob {OLDER}")
    assert laptop.heard() == [], "nothing is new"


def test_an_account_finds_it_again_and_a_guest_does_not(open_server: OpenServer) -> None:
    server = open_server()
    account = server.account("ana")
    for client in (server.client("ana", account=account), server.client("guest")):
        client.ask(f"MARKREAD bob {OLDER}", "QUIT")
    server.close()
    server = open_server()
    assert server.client("ana", account=account).ask("MARKREAD bob") == [f"MARKREAD bob {OLDER}"]
    assert server.client("guest").ask("MARKREAD bob") == ["MARKREAD bob *"]
