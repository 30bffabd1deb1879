"""A wire that a test can cut on one side: to the server it lives on, as a ghost."""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading


class Wire:
    """One client's connection through the proxy."""

    def __init__(self, client: socket.socket, server: socket.socket) -> None:
        self.client = client
        self.server = server
        self.held = b""


class Proxy:
    """Passes bytes between clients and the server; `cut` leaves the server's end open."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._selector = selectors.DefaultSelector()
        self._lock = threading.Lock()
        self._wires: list[Wire] = []
        self._holding = False
        self._ended = False
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._ended:
            for key, _ in self._selector.select(0.05):
                with self._lock, contextlib.suppress(OSError, KeyError, ValueError):
                    self._pass(key.fileobj)

    def _pass(self, source: object) -> None:
        if source is self._listener:
            self._accept()
            return
        wire = next(it for it in self._wires if source in (it.client, it.server))
        assert isinstance(source, socket.socket)
        data = source.recv(65_536)
        if not data:
            self._selector.unregister(source)
            other = wire.server if source is wire.client else wire.client
            other.shutdown(socket.SHUT_WR)
        elif source is wire.server:
            wire.client.sendall(data)
        elif self._holding:
            wire.held += data
        else:
            wire.server.sendall(data)

    def _accept(self) -> None:
        client, _ = self._listener.accept()
        server = socket.create_connection(("127.0.0.1", self._target))
        self._wires.append(Wire(client, server))
        for end in (client, server):
            self._selector.register(end, selectors.EVENT_READ)

    def hold(self) -> None:
        """Keep what clients send from the server."""
        with self._lock:
            self._holding = True

    @property
    def held(self) -> int:
        """How many bytes of the newest wire are held."""
        with self._lock:
            return len(self._wires[-1].held)

    def cut(self) -> Wire:
        """End the newest wire for its client alone; return it. Later wires are not held."""
        with self._lock:
            wire = self._wires[-1]
            for end in (wire.client, wire.server):
                self._selector.unregister(end)
            wire.client.close()
            self._holding = False
            return wire

    def close(self) -> None:
        """End everything."""
        self._ended = True
        self._thread.join(10)
        self._selector.close()
        self._listener.close()
        for wire in self._wires:
            wire.client.close()
            wire.server.close()


def deliver(wire: Wire) -> None:
    """Let the server have what a cut wire held."""
    wire.server.sendall(wire.held)
