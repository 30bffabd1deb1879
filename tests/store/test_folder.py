"""The data folder: 0700 from the start, and one server at a time."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from xchat.errors import XChatError
from xchat.store.folder import LOCK_NAME, describe_folder, holder_of, open_folder

HOLD = """
import sys
from pathlib import Path
from xchat.store.folder import open_folder
lock = open_folder(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o7777


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds `data`."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path / "data")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077, 0o277])
def test_it_is_made_0700_whatever_the_umask(tmp_path: Path, mask: int) -> None:
    before = os.umask(mask)
    try:
        open_folder(tmp_path / "data").close()
    finally:
        os.umask(before)
    assert mode(tmp_path / "data") == 0o700
    assert mode(tmp_path / "data" / LOCK_NAME) & 0o077 == 0


def test_its_parents_are_made(tmp_path: Path) -> None:
    open_folder(tmp_path / "a" / "b" / "data").close()
    assert (tmp_path / "a" / "b" / "data").is_dir()


def test_one_that_others_can_enter_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    """It may be someone's home, so its mode is not changed unasked."""
    folder = tmp_path / "data"
    folder.mkdir()
    folder.chmod(0o750)
    with pytest.raises(XChatError, match="mode 0750") as caught:
        open_folder(folder)
    assert str(caught.value.mend).startswith(f"chmod 700 {folder}")
    assert mode(folder) == 0o750
    assert list(folder.iterdir()) == []


def test_a_second_server_is_told_who_holds_it(
    tmp_path: Path, holder: subprocess.Popen[str]
) -> None:
    with pytest.raises(XChatError) as caught:
        open_folder(tmp_path / "data")
    assert f"(pid {holder.pid})" in caught.value.what
    assert str(tmp_path / "data") in caught.value.what
    assert "--data" in str(caught.value.mend)


def test_what_kill_9_leaves_holds_nobody_up(tmp_path: Path, holder: subprocess.Popen[str]) -> None:
    holder.kill()
    holder.wait(10)
    lock = open_folder(tmp_path / "data")
    assert (tmp_path / "data" / LOCK_NAME).read_text() == f"{os.getpid()}\n"
    lock.close()


def test_the_lock_is_not_inherited_by_children(tmp_path: Path) -> None:
    """A program started by the server must not keep the folder when the server is gone."""
    lock = open_folder(tmp_path / "data")
    with subprocess.Popen(["sleep", "60"], close_fds=False) as child:
        lock.close()
        open_folder(tmp_path / "data").close()
        child.kill()


def test_a_look_changes_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    assert describe_folder(folder) == f"{folder} would be made"
    assert not folder.exists()
    open_folder(folder).close()
    assert describe_folder(folder) == str(folder)


def test_a_look_says_who_holds_it(tmp_path: Path, holder: subprocess.Popen[str]) -> None:
    assert f"pid {holder.pid}" in describe_folder(tmp_path / "data")
    assert holder_of(tmp_path / "data") == str(holder.pid)


def test_nobody_holds_what_is_not_there_or_was_let_go(tmp_path: Path) -> None:
    assert holder_of(tmp_path / "data") is None
    open_folder(tmp_path / "data").close()
    assert holder_of(tmp_path / "data") is None


@pytest.mark.parametrize("kind", ["file", "under a file", "link for a lock"])
def test_what_cannot_be_a_data_folder_is_one_clear_error(tmp_path: Path, kind: str) -> None:
    folder = tmp_path / "data"
    if kind == "link for a lock":
        folder.mkdir(mode=0o700)
        (folder / LOCK_NAME).symlink_to(tmp_path / "elsewhere")
    else:
        folder.touch()
        folder = folder / "deeper" if kind == "under a file" else folder
    with pytest.raises(XChatError, match="cannot keep data there") as caught:
        open_folder(folder)
    assert "--data" in str(caught.value.mend)
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("attempt", [open_folder, describe_folder])
def test_a_file_is_called_one(tmp_path: Path, attempt: Callable[[Path], object]) -> None:
    """And a look is refused as the start would be."""
    file = tmp_path / "data"
    file.touch()
    with pytest.raises(XChatError, match="there: it is a file, not a folder"):
        attempt(file)
    with pytest.raises(XChatError, match=f"there: {file} is a file, not a folder"):
        attempt(file / "deeper")
