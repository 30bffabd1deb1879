"""A power cut from outside: what a disk may hold, from the system calls of one that was written to.

strace records every write, sync and truncation of a folder's files. `Disk` plays
them again and knows of each file what was synced, and what was only written: a
cut keeps the first for sure, and of the second nothing (`strict`), or whatever
chance lets through, sectors out of order (`torn`). A name is sure to be there
once its folder was synced.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import NamedTuple

SECTOR_BYTES = 512
CALLS = "openat,write,pwrite64,lseek,fsync,fdatasync,ftruncate,unlink,unlinkat,rename"
SYNCS = ("fsync", "fdatasync")
_LINE = re.compile(r"(?:\d+ +)?(\w+)\((.*)\) += (-?\d+)(?:<((?:\\x..)*)>)?")
_DESCRIPTOR = re.compile(r"(\d+)<((?:\\x..)*)>")
_STRING = re.compile(r'"((?:\\x..)*)"')
_NUMBERS = re.compile(r"(?<=, )\d+")


class Call(NamedTuple):
    """A system call that was made: the file it is about, what was written, and where."""

    name: str
    path: Path
    fd: int
    data: bytes = b""
    numbers: tuple[int, ...] = ()
    result: int = 0


class Write(NamedTuple):
    """Bytes at an offset, or with `size` a truncation."""

    offset: int
    data: bytes
    size: int | None = None

    def apply(self, content: bytearray) -> None:
        """Change a file's content as this did."""
        if self.size is not None:
            del content[self.size :]
            content.extend(bytes(self.size - len(content)))
            return
        content.extend(bytes(max(self.offset - len(content), 0)))
        content[self.offset : self.offset + len(self.data)] = self.data


@dataclass(slots=True)
class File:
    """A file: what was synced, what was written since, and whether its name is sure.

    An unlinked one may come back until its folder is synced.
    """

    synced: bytearray = field(default_factory=bytearray)
    pending: list[Write] = field(default_factory=list)
    is_sure: bool = False
    is_unlinked: bool = False


def trace(command: Sequence[str], record: Path, *, cwd: Path) -> None:
    """Run a command to its end under strace, which writes a record."""
    watched = ["strace", "-y", "-xx", "-s", "1000000", "-e", f"trace={CALLS}", "-o", str(record)]
    subprocess.run(
        [*watched, *command], cwd=cwd, check=True, stdout=subprocess.DEVNULL, timeout=100
    )


def read(record: Path) -> Iterator[Call]:
    """Yield the calls of a record that succeeded and are about a file."""
    with record.open() as lines:
        for line in lines:
            found = _LINE.match(line)
            if found is None or int(found[3]) < 0:
                continue
            call = _call(found)
            if call is not None:
                yield call


def _call(found: re.Match[str]) -> Call | None:
    name, args, result = found[1], found[2], int(found[3])
    strings = [_text(string) for string in _STRING.findall(args)]
    plain = _STRING.sub("", args)
    if name == "openat":
        return Call(name, Path(_text(found[4] or "").decode()), result)
    if name in ("unlink", "unlinkat"):
        return Call(name, Path(strings[-1].decode()), -1)
    descriptor = _DESCRIPTOR.match(plain)
    if descriptor is None:
        return None
    path = Path(_text(descriptor[2]).decode())
    numbers = tuple(map(int, _NUMBERS.findall(plain)))
    return Call(name, path, int(descriptor[1]), strings[0] if strings else b"", numbers, result)


def _text(escaped: str) -> bytes:
    return bytes.fromhex(escaped.replace("\\x", ""))


class Disk:
    """The files of one folder, as the calls so far have left them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.files: dict[str, File] = {}
        self.syncs = 0

    def apply(self, call: Call) -> None:
        """Let a call happen."""
        if call.path == self.folder and call.name in SYNCS:
            self._sync_folder()
        if call.path.parent != self.folder or call.path.name.endswith("-shm"):
            return
        file = self.files.setdefault(call.path.name, File())
        if call.name in SYNCS:
            self._sync(file)
        elif call.name == "pwrite64":
            file.pending.append(Write(call.numbers[-1], call.data[: call.result]))
        elif call.name == "ftruncate":
            file.pending.append(Write(0, b"", call.numbers[-1]))
        elif call.name == "unlink":
            file.is_unlinked = True
        else:
            assert call.name == "openat", f"{call.name} is not understood"
            if file.is_unlinked:
                self.files[call.path.name] = File()

    def _sync_folder(self) -> None:
        self.syncs += 1
        self.files = {name: file for name, file in self.files.items() if not file.is_unlinked}
        for file in self.files.values():
            file.is_sure = True

    def _sync(self, file: File) -> None:
        self.syncs += 1
        for write in file.pending:
            write.apply(file.synced)
        file.pending.clear()

    def strict(self) -> dict[str, bytes]:
        """Return what is there for sure after a cut now."""
        return {name: bytes(file.synced) for name, file in self.files.items() if file.is_sure}

    def torn(self, rng: Random) -> dict[str, bytes]:
        """Return what may be there too: sectors of what was written, in any order, some."""
        files = {}
        for name, file in self.files.items():
            is_there = file.is_sure and not file.is_unlinked
            if is_there or rng.random() < 0.5:
                content = bytearray(file.synced)
                for write in _some(file.pending, rng):
                    write.apply(content)
                files[name] = bytes(content)
        return files


def _some(pending: Sequence[Write], rng: Random) -> Iterator[Write]:
    """Yield a beginning of the writes, and after it some of their sectors."""
    whole = rng.randrange(len(pending) + 1)
    yield from pending[:whole]
    odds = rng.choice((0.0, 0.5, 0.9))
    for write in pending[whole:]:
        if write.size is not None:
            if rng.random() < odds:
                yield write
            continue
        for start in range(0, len(write.data), SECTOR_BYTES):
            if rng.random() < odds:
                yield Write(write.offset + start, write.data[start : start + SECTOR_BYTES])


def lay_out(files: Mapping[str, bytes], folder: Path) -> None:
    """Write a cut's files to a folder, in which a server may start."""
    for old in folder.iterdir():
        old.unlink()
    for name, content in files.items():
        (folder / name).write_bytes(content)
