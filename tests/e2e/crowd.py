"""People who stay while something happens to their server: they read all the while, in a thread."""

from __future__ import annotations

import contextlib
import selectors
import ssl
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from tests.e2e.raw import RawClient

LOOK_SECONDS = 0.05


class Crowd:
    """Clients in a room. `dropped` says who lost their connection, `heard` how much was read."""

    def __init__(self, port: int, ca: Path, members: int, room: str = "#hall") -> None:
        self.dropped: list[str] = []
        self.heard = 0
        self._selector = selectors.DefaultSelector()
        self._is_over = threading.Event()
        self._clients = [
            RawClient.join(port, ca, f"member{number}", caps="") for number in range(members)
        ]
        for client in self._clients:
            client.send(f"JOIN {room}")
            client.sock.setblocking(False)
            self._selector.register(client.sock, selectors.EVENT_READ, client)
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    def _read(self) -> None:
        while not self._is_over.is_set():
            for key, _ in self._selector.select(LOOK_SECONDS):
                self._read_from(key.data)

    def _read_from(self, client: RawClient) -> None:
        try:
            while data := client.sock.recv(65_536):
                self.heard += len(data)
        except ssl.SSLWantReadError:
            return
        except OSError as error:
            self.dropped.append(f"{client.nick}: {error}")
        else:
            self.dropped.append(f"{client.nick}: hung up")
        self._selector.unregister(client.sock)

    def close(self) -> None:
        self._is_over.set()
        self._thread.join()
        self._selector.close()
        for client in self._clients:
            client.close()


class Newcomers:
    """One connection after the other, each verified: `shown` counts them, `failed` says why not."""

    def __init__(self, port: int, ca: Path) -> None:
        self.shown: dict[bytes, int] = {}
        self.failed: list[str] = []
        self._port, self._ca = port, ca
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._come)
        self._thread.start()

    def _come(self) -> None:
        while not self._is_over.is_set():
            try:
                client = RawClient.connect(self._port, self._ca)
            except OSError as error:
                self.failed.append(str(error))
                continue
            der = client.sock.getpeercert(binary_form=True) or b""
            self.shown[der] = self.shown.get(der, 0) + 1
            with contextlib.suppress(OSError):
                client.close()

    def close(self) -> None:
        self._is_over.set()
        self._thread.join()


class Speaker:
    """One who says a word in the room, waits for its echo, and says the next."""

    def __init__(self, port: int, ca: Path, room: str = "#hall") -> None:
        self.client = RawClient.join(port, ca, "speaker", room)
        self.words = 0
        self._room = room
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._talk)
        self._thread.start()

    def _talk(self) -> None:
        while not self._is_over.is_set():
            self.client.send(f"PRIVMSG {self._room} :word {self.words}.")
            self.client.wait(rf" PRIVMSG {self._room} :word {self.words}\.")
            self.words += 1

    def close(self) -> None:
        self._is_over.set()
        self._thread.join()
        self.client.close()


@contextlib.contextmanager
def coming_and_staying(port: int, ca: Path, *, members: int) -> Iterator[tuple[Crowd, Newcomers]]:
    """Let some stay and hear what one says, and others come, while the block runs."""
    with ExitStack() as stack:
        crowd = stack.enter_context(contextlib.closing(Crowd(port, ca, members)))
        stack.enter_context(contextlib.closing(Speaker(port, ca)))
        newcomers = stack.enter_context(contextlib.closing(Newcomers(port, ca)))
        yield crowd, newcomers
