"""Servers in memory; their files are where writing costs nothing, if there is such a place."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chat.pair import OpenServer, Server
from xchat.config import Config
from xchat.limits import Limits

_MEMORY = Path("/dev/shm")


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder for a server's data, gone after the test."""
    place = _MEMORY if _MEMORY.is_dir() else None
    with tempfile.TemporaryDirectory(prefix="xchat-", dir=place) as name:
        yield Path(name)


@pytest.fixture
def open_server(folder: Path) -> Iterator[OpenServer]:
    """Open a server with these limits, or this `config`; opened again it is its next run."""
    opened: list[Server] = []

    def open_(*, config: Config | None = None, **limits: object) -> Server:
        for server in opened:
            server.close()
        opened[:] = [Server(folder, config or Config(limits=Limits(**limits)))]  # type: ignore[arg-type]
        return opened[0]

    yield open_
    for server in opened:
        server.close()


@pytest.fixture
def server(open_server: OpenServer) -> Server:
    """A server as it comes, with nobody on it."""
    return open_server()
