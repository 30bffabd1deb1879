"""The console (server/console.py): who may ask, and what no peer of it can do."""

from __future__ import annotations

import json
import os
import socket
import stat
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest

from tests.admin.conftest import Hand
from tests.e2e.programs import Server
from tests.server.conftest import client_context, pair, served
from tests.server.house import House
from xchat.config import Config
from xchat.errors import XChatError
from xchat.journal import open_journal
from xchat.limits import CONSOLE_IDLE_SECONDS_MAX, CONSOLE_LINE_BYTES_MAX, CONSOLE_PEERS_MAX
from xchat.server import console as module
from xchat.server.console import Console
from xchat.store.console_path import SOCKET_NAME, socket_address

__all__ = ["client_context", "pair", "served"]

MakeServer = Callable[..., Server]


class Room:
    """A server in this process with a console; what peers say to it, they say from here."""

    def __init__(self, folder: Path, house: House) -> None:
        self.folder = folder
        self.house = house
        journal = open_journal("json", stream=house._journal)
        self.console = Console(folder, house.hub, house.loop, journal)
        house.turn._console = self.console

    def connect(self) -> socket.socket:
        sock = socket.socket(socket.AF_UNIX)
        with socket_address(self.folder) as address:
            sock.connect(address)
        sock.setblocking(False)
        return sock

    def heard(self, sock: socket.socket, lines: int = 1) -> list[dict[str, Any]]:
        """Run turns until so many lines have come; return them."""
        data = bytearray()

        def came() -> bool:
            try:
                while more := sock.recv(1 << 20):
                    data.extend(more)
            except BlockingIOError:
                pass
            except ConnectionResetError:
                return True
            return data.count(b"\n") >= lines

        self.house.until(came, "an answer")
        return [json.loads(line) for line in bytes(data).splitlines()]

    def ended(self, sock: socket.socket) -> bool:
        """Say whether the server has hung up without a word."""
        self.house.turn.run()
        return sock.recv(1) == b""

    def ask(self, sock: socket.socket, verb: str, **arguments: object) -> dict[str, Any]:
        sock.sendall(json.dumps({"verb": verb, "arguments": arguments}).encode() + b"\n")
        return self.heard(sock)[0]


@pytest.fixture
def room(
    tmp_path: Path, served: Any, client_context: Any, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Room]:
    monkeypatch.setattr("xchat.server.turn.IDLE_SECONDS", 0.02)
    with ExitStack() as stack:
        house = House(tmp_path, served, client_context, config=Config())
        stack.callback(house.close)
        made = Room(tmp_path, house)
        stack.callback(made.console.close)
        yield made


def test_its_socket_is_private_before_it_can_be_connected_to(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    """0600 from the first byte, whatever the umask."""
    room.console.close()
    modes = []
    chmod = Path.chmod

    def look(path: Path, mode: int) -> None:
        modes.append(stat.S_IMODE(path.stat().st_mode))
        chmod(path, mode)

    monkeypatch.setattr(Path, "chmod", look)
    before = os.umask(0)
    try:
        entrance = module.Entrance(room.folder)
    finally:
        os.umask(before)
    assert modes == [0o600], "as it was bound, before anything mended it"
    assert stat.S_IMODE((room.folder / SOCKET_NAME).stat().st_mode) == 0o600
    entrance.close()
    assert not (room.folder / SOCKET_NAME).exists()
    room.console._entrance = module.Entrance(room.folder)


def test_what_a_killed_server_left_is_no_hindrance(hand: Hand, make_server: MakeServer) -> None:
    server = make_server()
    server.kill()
    assert (hand.data / SOCKET_NAME).is_socket()
    assert hand.json("user", "list") == [], "nobody listens there: it is done on the store"
    server.start()
    assert hand.json("status")["users"] == 0
    server.stop()
    assert not (hand.data / SOCKET_NAME).exists()


def test_what_is_no_socket_is_left_alone(room: Room) -> None:
    room.console.close()
    (room.folder / SOCKET_NAME).write_text("somebody's own")
    with pytest.raises(XChatError, match="no socket"):
        module.Entrance(room.folder)
    assert (room.folder / SOCKET_NAME).read_text() == "somebody's own"
    (room.folder / SOCKET_NAME).unlink()
    room.console._entrance = module.Entrance(room.folder)


def test_a_folder_with_a_long_path(tmp_path: Path) -> None:
    """unix(7): a path has at most 107 bytes; Linux finds the folder by a descriptor."""
    folder = tmp_path / ("a" * 120) / ("ბ" * 60)
    folder.mkdir(parents=True)
    with closing(module.Entrance(folder)) as entrance, closing(socket.socket(socket.AF_UNIX)) as s:
        with socket_address(folder) as address:
            s.connect(address)
        accepted = entrance.accept()
        assert accepted is not None
        accepted.close()


def test_whoever_is_another_user_is_told_so(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_uid_of", lambda _sock: 4_000_000)
    with closing(room.connect()) as stranger:
        (told,) = room.heard(stranger)
        assert told["refused"]["code"] == "NOT_LET_IN"
        assert "you are uid 4000000" in told["refused"]["what"]
        assert room.house.recorded("the console refused somebody")


def test_the_system_tells_who_asks(room: Room) -> None:
    with closing(room.connect()) as peer:
        assert room.ask(peer, "reload")["refused"]["code"] == "NO_CONFIGURATION"
        assert room.ask(peer, "broadcast", text="hi") == {"answer": {"users": 0}}
        sock = socket.socketpair(socket.AF_UNIX)
        assert module._uid_of(sock[0]) == os.geteuid()
        for end in sock:
            end.close()


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"hello",
        b"{}",
        b"[]",
        b"null",
        b'{"verb": 1}',
        b'{"verb": "user list", "more": 1}',
        b'{"verb": "user list", "arguments": []}',
        b"\xff\xfe\x00",
        b"[" * 60_000,
        b"GET / HTTP/1.1\r",
    ],
    ids=repr,
)
def test_what_is_no_request_is_refused_in_words(room: Room, line: bytes) -> None:
    with closing(room.connect()) as peer:
        peer.sendall(line[:16_000] + b"\n")
        (told,) = room.heard(peer)
        assert told["refused"]["code"] == "INVALID_REQUEST"
        assert room.ask(peer, "status")["answer"]["users"] == 0, "and it goes on"


@pytest.mark.parametrize(
    ("verb", "arguments", "code"),
    [
        ("no such", {}, "UNKNOWN_VERB"),
        ("user add", {}, "INVALID_ARGUMENTS"),
        ("user add", {"name": 1}, "INVALID_ARGUMENTS"),
        ("user add", {"name": "a", "password": ""}, "INVALID_ARGUMENTS"),
        ("user add", {"name": "a"}, "NO_CREDENTIALS"),
        ("user add", {"name": "a", "cert": "zz"}, "INVALID_ARGUMENTS"),
        ("user list", {"x": 1}, "INVALID_ARGUMENTS"),
        ("ban add", {"kind": "mask", "mask": "a", "seconds": -1}, "INVALID_ARGUMENTS"),
        ("ban add", {"kind": "mask", "mask": "a", "seconds": 10**30}, "INVALID_ARGUMENTS"),
        ("ban add", {"kind": "mask", "mask": "*" * 200}, "INVALID_BAN"),
        ("audit", {"since": -1}, "INVALID_ARGUMENTS"),
        ("session kill", {"target": "\u202e"}, "SESSION_UNKNOWN"),
        ("broadcast", {"text": " \u200b "}, "NO_TEXT"),
    ],
)
def test_what_cannot_be_asked_is_refused(
    room: Room, verb: str, arguments: dict[str, Any], code: str
) -> None:
    with closing(room.connect()) as peer:
        assert room.ask(peer, verb, **arguments)["refused"]["code"] == code


def test_half_a_line_waits_and_a_line_in_pieces_is_one(room: Room) -> None:
    with closing(room.connect()) as peer:
        for part in (b'{"verb"', b': "sta', b'tus"}'):
            peer.sendall(part)
            for _ in range(3):
                room.house.turn.run()
        peer.sendall(b"\n")
        assert "answer" in room.heard(peer)[0]


def test_several_lines_at_once_are_answered_in_their_order(room: Room) -> None:
    with closing(room.connect()) as peer:
        peer.sendall(b'{"verb": "status"}\n{"verb": "x"}\nnonsense\n{"verb": "user list"}\n')
        told = room.heard(peer, 4)
        assert [next(iter(line)) for line in told] == ["answer", "refused", "refused", "done"]


def test_who_asks_and_closes_their_half_is_answered(room: Room) -> None:
    with closing(room.connect()) as peer:
        peer.sendall(b'{"verb": "status"}\n')
        peer.shutdown(socket.SHUT_WR)
        assert "answer" in room.heard(peer)[0]
        room.house.until(lambda: not room.console._peers, "it is parted with")


def test_a_line_of_a_megabyte_is_not_kept(room: Room) -> None:
    """Nobody notices: a message goes through while it comes."""
    ana = room.house.join("ana")
    with closing(room.connect()) as peer:
        sent = 0
        while sent < 1 << 20:
            try:
                sent += peer.send(b"x" * 65_536)
            except BlockingIOError:
                room.house.turn.run()
            except (BrokenPipeError, ConnectionResetError):
                break
        room.house.until(lambda: not room.console._peers, "it is parted with")
        assert sent < CONSOLE_LINE_BYTES_MAX * 10
    assert room.house.ping(ana) < 1


def test_so_many_may_connect_and_the_next_is_told(room: Room) -> None:
    with ExitStack() as stack:
        peers = [stack.enter_context(closing(room.connect())) for _ in range(CONSOLE_PEERS_MAX)]
        room.house.until(lambda: len(room.console._peers) == CONSOLE_PEERS_MAX, "all are in")
        for _ in range(100 - CONSOLE_PEERS_MAX):
            late = stack.enter_context(closing(room.connect()))
            assert room.heard(late)[0]["refused"]["code"] == "NOT_LET_IN"
        assert len(room.console._peers) == CONSOLE_PEERS_MAX
        assert "answer" in room.ask(peers[0], "status")


def test_who_says_nothing_does_not_keep_a_place(room: Room) -> None:
    with closing(room.connect()) as mute:
        room.house.until(lambda: room.console._peers, "it is in")
        room.console._peers[0].since -= CONSOLE_IDLE_SECONDS_MAX + 1
        room.house.until(lambda: not room.console._peers, "it is parted with")
        assert mute.recv(1) == b""


def test_a_long_list_comes_in_pieces_and_a_reader_who_stops_is_waited_for_by_nobody(
    room: Room,
) -> None:
    from xchat.chat.events import AccountRegistered

    for number in range(3000):
        event = AccountRegistered(name=f"user{number}")
        assert room.house.hub.ledger.append_own("x", event)
    room.house.turn.run()
    ana = room.house.join("ana")
    with closing(room.connect()) as peer:
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        peer.sendall(b'{"verb": "user list"}\n')
        for _ in range(50):
            room.house.turn.run()
        assert room.house.ping(ana) < 1
        assert len(room.console._peers[0]._outbox) < 100_000
        told = room.heard(peer, 31)
        rows = [row for line in told[:-1] for row in line["rows"]]
        assert len(rows) == 3000
        assert max(len(line["rows"]) for line in told[:-1]) == 100
        assert told[-1] == {"done": True}


def test_a_fault_of_ours_parts_with_who_met_it_and_with_nobody_else(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_args: object) -> None:
        raise ZeroDivisionError

    other = room.connect()
    ana = room.house.join("ana")
    with closing(room.connect()) as peer, closing(other):
        monkeypatch.setattr(module, "begin", broken)
        peer.sendall(b'{"verb": "status"}\n')
        room.house.until(lambda: room.house.recorded("a fault of ours"), "the fault")
        monkeypatch.undo()
        assert room.ended(peer)
        assert "answer" in room.ask(other, "status")
        assert room.house.ping(ana) < 1
