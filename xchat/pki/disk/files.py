"""Read and write files that must not leak, tear, or be half there.

A file is made with mode 0600 from its first byte, whatever the umask, and only
then given its own mode; it is on the disk before its name is.
"""

from __future__ import annotations

import errno
import os
import secrets
import shlex
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from xchat.errors import XChatError
from xchat.limits import LOCK_SECONDS_MAX, PEM_BYTES_MAX
from xchat.pki.errors import Differs

SECRET, PUBLIC = 0o600, 0o644
OWNERS_FOLDER = 0o700
LOCK_POLL_SECONDS = 0.05
_READ = os.O_RDONLY | getattr(os, "O_BINARY", 0)


def write_new(path: Path, data: bytes, *, mode: int) -> None:
    """Write a file that must not exist yet, and wait until the disk has it."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    with os.fdopen(os.open(path, flags, SECRET), "wb") as file:
        file.write(data)
        file.flush()
        if hasattr(os, "fchmod"):
            os.fchmod(file.fileno(), mode)
        os.fsync(file.fileno())


def place(path: Path, data: bytes, *, mode: int) -> None:
    """Put a file at `path`, whole or not at all; raise FileExistsError where there is one."""
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        write_new(beside, data, mode=mode)
        _link(beside, path)
    finally:
        beside.unlink(missing_ok=True)
    sync_folder(path.parent)


def _link(source: Path, path: Path) -> None:
    """Give a file a second name that is free; a disk without links gets a file of that name."""
    try:
        path.hardlink_to(source)
    except FileExistsError:
        raise
    except OSError:
        write_new(path, source.read_bytes(), mode=stat.S_IMODE(source.stat().st_mode))


def replace(path: Path, data: bytes, *, mode: int) -> None:
    """Write a file in place of what has its name; killed anywhere, that is the old or the new.

    One writer at a time: hold the lock of something that all of them know.
    """
    beside = path.with_name(f".{path.name}.new")
    beside.unlink(missing_ok=True)
    try:
        write_new(beside, data, mode=mode)
        beside.replace(path)
    except OSError:
        beside.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def append_lines(path: Path, lines: list[bytes]) -> None:
    """Append whole lines; a line torn by an earlier crash is left alone on a line of its own."""
    torn = not whole_of(path).endswith(b"\n") if path.exists() else False
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)
    with os.fdopen(open_plain(path, flags), "ab") as file:
        if hasattr(os, "fchmod"):
            os.fchmod(file.fileno(), SECRET)
        file.write(b"\n" * torn + b"".join(line + b"\n" for line in lines))
        file.flush()
        os.fsync(file.fileno())


def make_folder(path: Path) -> None:
    """Make a folder that only its owner may enter, whatever the umask; it may be there already."""
    path.mkdir(mode=OWNERS_FOLDER, exist_ok=True)
    path.chmod(OWNERS_FOLDER)


def sync_folder(path: Path) -> None:
    """Wait until the disk has the names in a folder (Windows has no such call)."""
    if os.name == "nt":
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def open_plain(path: Path, flags: int) -> int:
    """Open a file, made if `flags` say so; raise OSError for a pipe or a device in its place.

    Whoever opens a named pipe waits for its other end, perhaps for ever, and with it a thread of
    the server. One that a shell has made (`/dev/fd/63`, `/dev/stdin`) is what a person asked for.
    """
    if path.parts[1:2] == ("dev",):
        return os.open(path, flags)
    descriptor = os.open(path, flags | getattr(os, "O_NONBLOCK", 0), SECRET)
    mode = os.fstat(descriptor).st_mode
    if stat.S_ISREG(mode):
        return descriptor
    os.close(descriptor)
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    raise OSError(errno.EINVAL, "it is no file, but a pipe or a device", str(path))


def whole_of(path: Path) -> bytes:
    """Return all bytes of a file of ours, however many. Raises OSError."""
    with os.fdopen(open_plain(path, _READ), "rb") as file:
        return file.read()


def read_file(path: Path, *, mend: str | None = None, bytes_max: int = PEM_BYTES_MAX) -> bytes:
    """Return a small file's bytes.

    Raises Differs where there is no such file (`mend` says what makes it), and
    XChatError where it cannot be read or is larger than any of ours.
    """
    try:
        with os.fdopen(open_plain(path, _READ), "rb") as file:
            data = file.read(bytes_max + 1)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise Differs(f"{path}: there is no such file", mend=mend) from error
    except OSError as error:
        look = shlex.join(("ls", "-ld", str(path)))
        raise XChatError(f"{path} cannot be read: {error.strerror}", mend=look) from error
    if len(data) > bytes_max:
        raise XChatError(f"{path} is larger than the {bytes_max:,} bytes it may have")
    return data


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keep every other command out of an existing folder; wait LOCK_SECONDS_MAX for our turn."""
    if os.name == "nt":  # no flock: the rename that commits fails for the second
        yield
        return
    descriptor = os.open(folder, os.O_RDONLY)
    deadline = time.monotonic() + LOCK_SECONDS_MAX
    try:
        while not _take(descriptor):
            if time.monotonic() > deadline:
                raise XChatError(
                    f"{folder} is in use by another command", mend="Try again when it has ended"
                )
            time.sleep(LOCK_POLL_SECONDS)
        yield
    finally:
        os.close(descriptor)


def _take(descriptor: int) -> bool:
    """Lock a folder if nobody else has; tell whether it is ours. It is until it is closed."""
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
