"""A real server whose certificate is replaced while people talk and others come."""

from __future__ import annotations

import json
import os
import pty
import shutil
import signal
import stat
import subprocess
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
from xchat.pki.disk.folder import Folder

TAKEN = "another certificate is served"
KEPT = "what lies there now cannot be served: the certificate stays as it was"
ECHO_SECONDS_MAX = 2.0
"""Far more than an echo takes on a busy machine, and less than a loop that waits for a lock."""
PLAIN = () if os.geteuid() else ("setpriv", "--bounding-set", "-dac_override,-dac_read_search")
"""Before a command of root's: permissions count for it as for everybody else."""
GROWTH_KB_MAX, GROWTH_KB_EACH_MAX = 1_000, 5
"""What the memory may grow by: the store's cache fills. A context that was never freed is 60 KB."""


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
    with coming_and_staying(server.port, folder.ca, members=members) as (crowd, newcomers):
        for number in range(1, reloads + 1):
            by_link(folder)
            begun = time.monotonic()
            os.kill(server.pid, signal.SIGHUP)
            journal.wait(TAKEN, number)
            timing("a reload under load", time.monotonic() - begun)
        assert not crowd.dropped
        assert not newcomers.failed
    assert crowd.heard
    assert sum(newcomers.shown.values()) >= reloads / 2
    assert len(newcomers.shown) >= reloads / 4
    assert shown(server, folder) == leaf_of(folder.server)
    assert not journal.of(KEPT)


@pytest.mark.parametrize("reloads", [100, pytest.param(1_000, marks=pytest.mark.long)])
def test_memory_does_not_grow_with_reloads(
    server: Server, folder: Folder, journal: Journal, reloads: int
) -> None:
    first, memory = 30, 0
    for number in range(1, first + reloads + 1):
        by_link(folder)
        os.kill(server.pid, signal.SIGHUP)
        journal.wait(TAKEN, number)
        if number == first:
            memory = resident_kb(server)
    grown = resident_kb(server) - memory
    most = GROWTH_KB_MAX + GROWTH_KB_EACH_MAX * reloads
    assert grown < most, f"{grown} KB more after {reloads} reloads"


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


def test_a_rotation_is_followed_step_by_step_and_none_is_a_failure(
    server: Server, folder: Folder, journal: Journal
) -> None:
    """Issuer, then root: some steps change several files, and those who connect never notice."""
    with coming_and_staying(server.port, folder.ca, members=3) as (crowd, newcomers):
        for number, words in enumerate((["issuer"], ["root", "--overlap", "1d"]), 1):
            done = run("xchat-certs", "rotate", *words, "--dir", folder.path)
            assert done.returncode == 0, done.stderr
            event = TAKEN if number == 1 else "the certificate is as it was"
            journal.wait(event)
        assert not newcomers.failed
        assert not crowd.dropped
    done = run("xchat-certs", "rotate", "finish", "--force", "--dir", folder.path)
    assert done.returncode == 0, done.stderr
    assert journal.wait(TAKEN, 2)["new"] == sha256(leaf_of(folder.server))
    assert shown(server, folder) == leaf_of(folder.server)
    assert not journal.of(KEPT)


@pytest.mark.needs("setpriv")
@pytest.mark.parametrize("what", ["the key", "the folder", "the pair's folder"])
def test_permissions_that_are_taken_away_and_given_back(
    make_server: MakeServer, folder: Folder, what: str, closing: ExitStack
) -> None:
    """ "permissions taken away": also for a server of root's, which here may not look past them."""
    pki = Pki(folder.ca, folder.server, folder.server_key)
    server = make_server(pki=pki)
    server.stop()
    server.start(prefix=PLAIN)
    journal = Journal(server)
    closing.callback(journal.close)
    before = shown(server, folder)
    taken = {"the key": folder.server_key, "the folder": folder.path}
    path = taken.get(what, (folder.path / "live").resolve())
    mode = stat.S_IMODE(path.stat().st_mode)
    path.chmod(0)
    try:
        line = journal.wait(KEPT)
        assert line["why"].endswith("Permission denied")
        assert line["mend"].startswith("ls -ld ")
        path.chmod(mode)
        assert journal.wait("the certificate is as it was")["sha256"] == sha256(before)
    finally:
        path.chmod(mode)
    assert shown(server, folder) == before
    assert len(journal.of(KEPT)) == 1


def test_people_wait_for_no_reload(
    server: Server, folder: Folder, journal: Journal, timing: RecordTiming
) -> None:
    """ "The loop must not wait: context building and crypto happen in Workers." """
    with RawClient.join(server.port, folder.ca, "ana", "#a") as ana:
        for number in range(1, 21):
            by_link(folder)
            os.kill(server.pid, signal.SIGHUP)
            while len(journal.of(TAKEN)) < number:
                timing("an echo during a reload", said_and_echoed(ana, number))
        for number in range(200):
            timing("an echo without one", said_and_echoed(ana, number))


def said_and_echoed(client: RawClient, number: int) -> float:
    begun = time.monotonic()
    client.send(f"PRIVMSG #a :word {number}.")
    client.wait(rf" PRIVMSG #a :word {number}\.")
    took = time.monotonic() - begun
    assert took < ECHO_SECONDS_MAX
    return took


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
