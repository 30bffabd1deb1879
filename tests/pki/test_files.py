"""What lies in the place of a file is read, or refused, and never waited for."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from xchat.errors import XChatError
from xchat.pki.disk.files import PUBLIC, SECRET, append_lines, place, read_file, replace

SECONDS_MAX = 5


def at_once(read: threading.Thread) -> None:
    read.start()
    read.join(SECONDS_MAX)
    assert not read.is_alive()


def test_a_pipe_in_the_place_of_a_file_keeps_nobody_waiting(tmp_path: Path) -> None:
    """Nobody writes to it: whoever opened it would wait for ever, a thread of the server too."""
    pipe = tmp_path / "crl.pem"
    os.mkfifo(pipe)
    told: list[str] = []

    def read() -> None:
        with pytest.raises(XChatError) as refused:
            read_file(pipe)
        told.append(refused.value.what)

    at_once(threading.Thread(target=read, daemon=True))
    assert told == [f"{pipe} cannot be read: it is no file, but a pipe or a device"]


def test_a_pipe_in_the_place_of_the_journal_keeps_nobody_waiting(tmp_path: Path) -> None:
    pipe = tmp_path / "journal.jsonl"
    os.mkfifo(pipe)
    told: list[OSError] = []

    def append() -> None:
        with pytest.raises(OSError, match=r"no file|No such device") as refused:
            append_lines(pipe, [b"{}"])
        told.append(refused.value)

    at_once(threading.Thread(target=append, daemon=True))
    assert told[0].filename == str(pipe)


def test_what_a_link_points_to_is_looked_at(tmp_path: Path) -> None:
    link = tmp_path / "ca.pem"
    link.symlink_to("/dev/zero")
    with pytest.raises(XChatError, match="a pipe or a device"):
        read_file(link)


def test_a_pipe_that_a_shell_has_made_is_read(tmp_path: Path) -> None:
    """`--passphrase-file <(pass show chat)`, and `show /dev/stdin`."""
    reads, writes = os.pipe()
    with os.fdopen(reads) as reader, os.fdopen(writes, "wb") as writer:
        sleepy = subprocess.Popen(["sh", "-c", "sleep 0.1; echo secret"], stdout=writer)
        writer.close()
        assert read_file(Path(f"/dev/fd/{reader.fileno()}")) == b"secret\n"
        assert sleepy.wait(SECONDS_MAX) == 0


def test_what_is_placed_replaces_nothing(tmp_path: Path) -> None:
    file = tmp_path / "device.p12"
    place(file, b"one", mode=SECRET)
    with pytest.raises(FileExistsError):
        place(file, b"two", mode=SECRET)
    assert [each.name for each in tmp_path.iterdir()] == [file.name]
    assert (file.read_bytes(), file.stat().st_mode & 0o777) == (b"one", SECRET)


def test_what_replaces_a_file_has_its_own_mode_and_outlives_a_kill(tmp_path: Path) -> None:
    """What a killed command had begun to write is thrown away by the next one."""
    file, begun = tmp_path / "ca.pem", tmp_path / ".ca.pem.new"
    place(file, b"one", mode=SECRET)
    begun.write_bytes(b"tw")
    replace(file, b"two", mode=PUBLIC)
    assert [each.name for each in tmp_path.iterdir()] == [file.name]
    assert (file.read_bytes(), file.stat().st_mode & 0o777) == (b"two", PUBLIC)


@pytest.mark.parametrize("write", [place, replace])
def test_what_the_disk_will_not_have_leaves_nothing_behind(
    write: Callable[..., None], tmp_path: Path
) -> None:
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4, limit[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            write(tmp_path / "device.p12", b"more than that", mode=SECRET)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
        signal.signal(signal.SIGXFSZ, handler)
    assert not list(tmp_path.iterdir())
