"""What lies in the place of a file is read, or refused, and never waited for."""

from __future__ import annotations

import os
import subprocess
import threading
from pathlib import Path

import pytest

from xchat.errors import XChatError
from xchat.pki.files import append_lines, read_file

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
