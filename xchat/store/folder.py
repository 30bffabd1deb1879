"""The data folder: for the server's own eyes, and for one server at a time."""

from __future__ import annotations

import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from xchat.errors import XChatError

LOCK_NAME = "server.lock"


class FolderLock:
    """Holds a data folder against a second server until it is closed or the process ends.

    The lock is the kernel's (flock), so that none is left behind by `kill -9`;
    the file stays, since removing it would let two servers lock two files.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._descriptor = _lock(folder)
        os.ftruncate(self._descriptor, 0)
        os.write(self._descriptor, f"{os.getpid()}\n".encode())

    def close(self) -> None:
        """Let the folder go."""
        os.close(self._descriptor)


def open_folder(folder: Path) -> FolderLock:
    """Make `folder` (0700 whatever the umask) if it is not there, and lock it.

    Raises XChatError for a folder that others can read, that cannot be written,
    or that another server holds.
    """
    with _in_words(folder):
        _check_place(folder)
        if not folder.is_dir():
            folder.parent.mkdir(parents=True, exist_ok=True)
            folder.mkdir(mode=0o700)
            folder.chmod(0o700)  # a umask may have taken our own bits
        _check_mode(folder)
        return FolderLock(folder)


def describe_folder(folder: Path) -> str:
    """Say what `open_folder` would find, changing nothing; raise XChatError as it would."""
    with _in_words(folder):
        _check_place(folder)
        if not folder.is_dir():
            return f"{folder} would be made"
        _check_mode(folder)
        holder = holder_of(folder)
        return f"{folder}, held by the server with pid {holder}" if holder else str(folder)


def holder_of(folder: Path) -> str | None:
    """Return the pid of the server that holds `folder`, None if none does; change nothing."""
    try:
        descriptor = os.open(folder / LOCK_NAME, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _read_pid(descriptor)
    finally:
        os.close(descriptor)
    return None


@contextmanager
def _in_words(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise _refusal(folder, error.strerror) from error


def _refusal(folder: Path, why: str | None) -> XChatError:
    return XChatError(
        f"{folder}: cannot keep data there: {why}",
        mend="give a folder that this user may write: --data FOLDER",
    )


def _check_place(folder: Path) -> None:
    """Refuse a file, which the system's own words ("File exists") would leave to be guessed."""
    nearest = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    if not nearest.is_dir():
        what = "it" if nearest == folder else str(nearest)
        raise _refusal(folder, f"{what} is a file, not a folder")


def _check_mode(folder: Path) -> None:
    # Never mended unasked: the folder may be someone's home, or all of /tmp.
    mode = stat.S_IMODE(folder.stat().st_mode)
    if mode & 0o077:
        raise XChatError(
            f"{folder}: others on this machine can enter it (mode {mode:04o})",
            mend=f"chmod 700 {folder}, or give another folder: --data FOLDER",
        )


def _lock(folder: Path) -> int:
    path = folder / LOCK_NAME
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        pid = _read_pid(descriptor)
        os.close(descriptor)
        raise XChatError(
            f"{folder}: another xchat-server (pid {pid}) keeps its data there",
            mend=f"stop it (kill {pid}), or give this one its own folder: --data FOLDER",
        ) from error
    return descriptor


def _read_pid(descriptor: int) -> str:
    digits = os.pread(descriptor, 20, 0).strip()
    return digits.decode() if digits.isdigit() else "unknown"
