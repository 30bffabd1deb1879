"""xchat-admin ban: end to end over TLS, the program and the server both real."""

from __future__ import annotations

from collections.abc import Callable

import click
import pytest

from tests.admin.conftest import Hand
from tests.e2e.programs import Server
from tests.e2e.raw import RawClient
from xchat.admin.values import Duration

MakeServer = Callable[..., Server]
TOLD = "you are banned from this server: spam"


def test_a_mask(hand: Hand, make_server: MakeServer) -> None:
    server = make_server()
    with (
        RawClient.join(server.port, server.ca, "bea", "#a") as bea,
        RawClient.join(server.port, server.ca, "ana", "#a") as ana,
    ):
        row = hand.json("ban", "add", "mask", "bea", "--reason", "spam")
        assert (row["kind"], row["mask"], row["until"]) == ("mask", "bea!*@*", None)
        ana.wait(":bea!.* QUIT :Banned: spam")
        assert bea.read_to_the_end()[-1] == "ERROR :Closing link (127.0.0.1): Banned: spam"
    with RawClient.connect(server.port, server.ca) as again:
        again.send("NICK bea", "USER bea 0 * :x")
        again.wait(f"465 bea :You cannot join: {TOLD}")
    assert hand.json("ban", "remove", "mask", "bea") == {"kind": "mask", "mask": "bea!*@*"}
    RawClient.join(server.port, server.ca, "bea").close()


def test_an_address_is_told_when_it_connects(hand: Hand, make_server: MakeServer) -> None:
    """In words before the close; and a ban survives the server."""
    server = make_server()
    with RawClient.join(server.port, server.ca, "bea") as bea:
        row = hand.json("ban", "add", "address", "127.0.0.9/8", "--for", "7d", "--reason", "spam")
        assert row["mask"] == "127.0.0.0/8"
        assert row["since"][:10] < row["until"][:10]
        assert "ERROR" in bea.read_to_the_end()[-1]
    server.kill()
    server.start()
    with RawClient.connect(server.port, server.ca) as again:
        (told,) = again.read_to_the_end()
        assert told.startswith("ERROR :Closing link (127.0.0.1): you are banned from this server")
        assert told.endswith(": spam")
    hand.json("ban", "remove", "address", "127.0.0.0/8")
    RawClient.join(server.port, server.ca, "bea").close()


def test_an_account(hand: Hand, make_server: MakeServer) -> None:
    hand.json("user", "add", "bea", stdin="a long password\n")
    hand.json("ban", "add", "account", "Bea", "--reason", "spam")
    server = make_server()
    with RawClient.connect(server.port, server.ca) as bea:
        bea.send("PASS :bea:a long password", "NICK bea", "USER bea 0 * :x")
        assert TOLD in " ".join(bea.read_to_the_end())
    assert hand.json("session", "list") == []


def test_it_ends_by_itself(hand: Hand, make_server: MakeServer) -> None:
    server = make_server()
    hand.json("ban", "add", "mask", "bea", "--for", "1s")
    with RawClient.connect(server.port, server.ca) as bea:
        for _ in range(200):
            bea.ping()
            if not hand.json("ban", "list"):
                break
        bea.register("bea")


def test_what_is_no_ban(hand: Hand) -> None:
    hand.json("user", "add", "ana", "--generate")
    everybody = hand.fails("ban", "add", "mask", "*!*@*")
    assert (everybody["code"], everybody["exit_code"]) == ("INVALID_BAN", 3)
    unknown = hand.fails("ban", "remove", "mask", "bea")
    assert (unknown["code"], unknown["exit_code"]) == ("BAN_UNKNOWN", 4)
    code, _, err = hand.run("ban", "add", "mask", "bea", "--for", "7")
    assert code == 2
    assert "write 90s, 30m, 12h, 7d or 4w" in err
    assert "xchat-admin ban add --help" in err


@pytest.mark.parametrize("time", ["7", "d", "-1d", "0x1d", "1y", "", "7d ", "9999999999d", "٣d"])
def test_what_is_no_time(time: str) -> None:
    with pytest.raises(click.BadParameter):
        Duration().convert(time, None, None)
