"""A real server whose certificate is replaced while people talk and others come."""

from __future__ import annotations

import json
import os
import pty
import shutil
import signal
import subprocess
import threading
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.conftest import RecordTiming
from tests.e2e.conftest import UNLIMITED, MakeServer
from tests.e2e.crowd import coming_and_staying
from tests.e2e.programs import Event, Pki, Server, run, until
from tests.e2e.raw import RawClient
from tests.server.pairs import by_link, leaf_of, new_pair, put, sha256
from xchat.pki.folder import Folder

TAKEN = "another certificate is served"
KEPT = "what lies there now cannot be served: the certificate stays as it was"
GROWTH_KB_MAX = 3_000
"""What the memory may grow by from the first hundred reloads on: contexts are freed."""


@pytest.fixture
def folder(own_pki: Pki, tmp_path: Path) -> Folder:
    """Certificates of a test's own, to replace."""
    shutil.copytree(own_pki.ca.parent, tmp_path / "certs", symlinks=True)
    return Folder(tmp_path / "certs")


@pytest.fixture
def server(make_server: MakeServer, folder: Folder) -> Server:
    pki = Pki(folder.ca, folder.server, folder.server_key)
    return make_server(UNLIMITED, "limits.ping_seconds=600", pki=pki)


class Journal:
    """What a server records, each line read once."""

    def __init__(self, server: Server) -> None:
        self._file = (server.folder / f"{server.running.name}.err").open()
        self._events: list[Event] = []
        self._rest = ""

    def of(self, event: str) -> list[Event]:
        *lines, self._rest = (self._rest + self._file.read()).split("\n")
        self._events += [json.loads(line) for line in lines]
        return [each for each in self._events if each["event"] == event]

    def wait(self, event: str, times: int = 1) -> Event:
        """Return an event once it was recorded so often."""
        return until(lambda: self.of(event)[times - 1 : times] or None, f"{times} {event}")[0]

    def close(self) -> None:
        self._file.close()


@pytest.fixture
def journal(server: Server, closing: ExitStack) -> Journal:
    journal = Journal(server)
    closing.callback(journal.close)
    return journal


@pytest.mark.parametrize(
    "size",
    [(50, 40), pytest.param((1_000, 200), marks=[pytest.mark.long, pytest.mark.timeout(900)])],
)
def test_reloads_under_load_drop_nobody_and_refuse_nobody(
    server: Server, folder: Folder, journal: Journal, size: tuple[int, int], timing: RecordTiming
) -> None:
    """Bar 10: "1,000 reloads under load with 200 held clients: 0 dropped, 0 failed handshakes" """
    reloads, members = size
    speaker = RawClient.join(server.port, folder.ca, "speaker", "#hall")
    is_over = threading.Event()
    echoed = threading.Thread(target=talk, args=(speaker, is_over))
    memory = 0
    with coming_and_staying(server.port, folder.ca, members=members) as (crowd, newcomers):
        echoed.start()
        for number in range(1, reloads + 1):
            by_link(folder)
            begun = time.monotonic()
            os.kill(server.pid, signal.SIGHUP)
            journal.wait(TAKEN, number)
            timing("a reload under load", time.monotonic() - begun)
            if number == reloads // 10:
                memory = resident_kb(server)
        is_over.set()
        echoed.join()
        assert not crowd.dropped
        assert not newcomers.failed
    assert crowd.heard
    assert sum(newcomers.shown.values()) >= reloads / 2
    assert len(newcomers.shown) >= reloads / 4
    assert shown(server, folder) == leaf_of(folder.server)
    assert not journal.of(KEPT)
    grown = resident_kb(server) - memory
    assert grown < GROWTH_KB_MAX, f"{grown} KB more after {reloads} reloads"
    speaker.ping()
    speaker.close()


def talk(speaker: RawClient, is_over: threading.Event) -> None:
    """Say something and wait for its echo, until it is over."""
    number = 0
    while not is_over.is_set():
        number += 1
        speaker.send(f"PRIVMSG #hall :word {number}.")
        speaker.wait(rf" PRIVMSG #hall :word {number}\.")


def resident_kb(server: Server) -> int:
    status = Path(f"/proc/{server.pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0])


def test_a_change_is_served_within_a_second_without_a_word(
    server: Server, folder: Folder, journal: Journal, timing: RecordTiming
) -> None:
    for number in range(1, 4):
        begun = time.monotonic()
        put(folder, new_pair(folder))
        line = journal.wait(TAKEN, number)
        timing("until a changed file is served", time.monotonic() - begun)
        assert line["new"] == sha256(leaf_of(folder.server))


def test_the_verb_and_the_signal_serve_it_at_once(
    server: Server, folder: Folder, journal: Journal
) -> None:
    """ "SIGHUP; `xchat-admin reload` and REHASH exchange the certificate too" """
    by_link(folder)
    data = str(server.folder / "data")
    done = run("xchat-admin", "--data", data, "reload")
    assert done.returncode == 0, done.stderr
    assert shown(server, folder) == leaf_of(folder.server)
    by_link(folder)
    os.kill(server.pid, signal.SIGHUP)
    journal.wait("SIGHUP: all was read again")
    assert shown(server, folder) == leaf_of(folder.server)

    pair = new_pair(folder)
    folder.server.write_text("torn")
    done = run("xchat-admin", "--data", data, "reload")
    assert done.returncode == 3
    assert f"Nothing has changed: {folder.server} holds no certificate" in done.stderr
    os.kill(server.pid, signal.SIGHUP)
    journal.wait(KEPT)
    put(folder, pair)
    journal.wait(TAKEN, 3)
    assert len(journal.of(KEPT)) == 1
    assert not journal.of("SIGHUP: nothing was read again")


def shown(server: Server, folder: Folder) -> bytes:
    with RawClient.connect(server.port, folder.ca) as client:
        return client.sock.getpeercert(binary_form=True) or b""


def test_a_terminal_that_hangs_up_is_an_end_and_a_signal_to_it_is_none(
    server: Server, folder: Folder, tmp_path: Path
) -> None:
    """SIGHUP has meant both for fifty years: whether the terminal is there says which."""
    main, beside = pty.openpty()
    argv = [word if word != str(server.port) else "0" for word in server.argv()]
    argv[argv.index("--data") + 1] = str(tmp_path / "data of its own")
    with subprocess.Popen(argv, stdin=beside, stdout=beside, stderr=beside) as process:
        os.close(beside)
        wait_to_read(main, b"listening")
        process.send_signal(signal.SIGHUP)
        wait_to_read(main, b"SIGHUP: all was read again")
        os.close(main)
        process.send_signal(signal.SIGHUP)
        assert process.wait(10) == 0


def wait_to_read(descriptor: int, part: bytes) -> None:
    heard = b""
    while part not in heard:
        heard += os.read(descriptor, 4096)
