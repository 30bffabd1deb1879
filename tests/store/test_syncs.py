"""P2: "≤ 0.5 syncs a message under load (group commit works)", counted on the server as it runs."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.conftest import RecordTiming
from tests.e2e.programs import Pki, Server, run
from tests.e2e.raw import RawClient

WRITERS = 6
WINDOW = 4
MESSAGES = 150
SYNCS_A_MESSAGE_MAX = 0.5

pytestmark = [pytest.mark.needs("strace")]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A server of our own, loopback spared from limits."""
    assert run("xchat-certs", "init", "--dir", tmp_path / "certs").returncode == 0
    live = tmp_path / "certs" / "live"
    pki = Pki(tmp_path / "certs" / "ca.pem", live / "server.pem", live / "server-key.pem")
    (tmp_path / "server").mkdir()
    made = Server(tmp_path / "server", pki, ('limits.exempt=["127.0.0.0/8"]',))
    # -D: strace stands aside, the server is our child and gets our signals.
    watched = ["strace", "-D", "-f", "-e", "trace=fsync,fdatasync"]
    made.start(prefix=[*watched, "-o", str(tmp_path / "syncs")])
    yield made
    made.close()


def write(client: RawClient) -> None:
    """Say things, so many of them at once not yet echoed."""
    for number in range(MESSAGES + WINDOW):
        if number >= WINDOW:
            client.wait(rf":{client.nick}!\S+ PRIVMSG #load :?m{number - WINDOW}$")
        if number < MESSAGES:
            client.send(f"PRIVMSG #load :m{number}")


def test_the_commits_of_a_busy_server_are_shared(
    server: Server, tmp_path: Path, timing: RecordTiming
) -> None:
    clients = [RawClient.join(server.port, server.ca, f"w{n}", "#load") for n in range(WRITERS)]
    with ThreadPoolExecutor(WRITERS) as pool:
        started = time.perf_counter()
        list(pool.map(write, clients))
        took = time.perf_counter() - started
    for client in clients:
        client.close()
    server.stop()
    syncs = sum("sync(" in line for line in (tmp_path / "syncs").read_text().splitlines())
    assert syncs > 10, "start and end alone make more"
    timing("a message of six writers", took / (MESSAGES * WRITERS))
    timing("syncs a thousand messages", syncs / (MESSAGES * WRITERS))
    assert syncs / (MESSAGES * WRITERS) <= SYNCS_A_MESSAGE_MAX
