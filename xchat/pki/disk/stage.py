"""Change several files as one: all of them, or none, whatever kills us in the middle.

What is to change is written whole into `.staging/`. One rename of that folder
to `.commit/` decides: before it nothing has happened, after it everything has,
if perhaps not to the end. Then each file is renamed to its place, `live` last, and what is to
go is removed. The next command throws a `.staging/` away and finishes a `.commit/`; doing a
part of that twice is harmless, so it may be killed as often as one likes.

The journal's lines travel along and are appended at the end, unless they are
there already.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

from xchat.pki.disk.files import (
    PUBLIC,
    SECRET,
    append_lines,
    make_folder,
    sync_folder,
    whole_of,
    write_new,
)
from xchat.pki.disk.folder import JOURNAL, LIVE

STAGING, COMMIT = ".staging", ".commit"
ACTS = JOURNAL
REMOVED = ".removed"
"""Lists what goes with the change, one relative path a line."""


class Stage:
    """The change being written; nothing of it shows until `commit`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._root = folder / STAGING
        self._removed: list[str] = []
        make_folder(self._root)

    def add_public(self, name: str, data: bytes) -> None:
        """Put a file that anyone may read at `name`, a relative path."""
        write_new(self._place(name), data, mode=PUBLIC)

    def add_secret(self, name: str, data: bytes) -> None:
        """Put a file that only its owner may read at `name`, a relative path."""
        write_new(self._place(name), data, mode=SECRET)

    def add_acts(self, lines: list[bytes]) -> None:
        """Append these lines to the journal with this change."""
        self.add_secret(ACTS, b"".join(line + b"\n" for line in lines))

    def remove(self, name: str) -> None:
        """Let the file or folder at `name`, a relative path, go with this change."""
        self._removed.append(name)

    def point_live(self, generation: str) -> None:
        """Let `live` be a link to `generation`, staged before; a copy where there are no links."""
        if not _is_folder(self._folder / LIVE):
            with contextlib.suppress(OSError):  # Windows, FAT, some network disks: no links
                (self._root / LIVE).symlink_to(generation, target_is_directory=True)
        if (self._root / LIVE).is_symlink():
            return
        for path in sorted((self._root / generation).iterdir()):
            mode = stat.S_IMODE(path.stat().st_mode)
            write_new(self._place(f"{LIVE}/{path.name}"), path.read_bytes(), mode=mode)

    def commit(self) -> None:
        """Make the change; raises OSError, with nothing changed, if the disk will not have it."""
        if self._removed:
            self.add_secret(REMOVED, "\n".join(self._removed).encode())
        for folder in _folders(self._root):
            sync_folder(folder)
        self._root.rename(self._folder / COMMIT)
        sync_folder(self._folder)
        _finish(self._folder)

    def _place(self, name: str) -> Path:
        path = self._root / name
        for parent in reversed(path.relative_to(self._root).parents):
            make_folder(self._root / parent)
        return path


def is_interrupted(folder: Path) -> bool:
    """Tell whether a command was killed in the middle of a change to `folder`."""
    return (folder / STAGING).exists() or (folder / COMMIT).exists()


def recover(folder: Path) -> bool:
    """Finish or throw away what a killed command left; tell whether a change was finished."""
    if (folder / STAGING).exists():
        shutil.rmtree(folder / STAGING)
    if not (folder / COMMIT).exists():
        return False
    _finish(folder)
    return True


def _finish(folder: Path) -> None:
    source = folder / COMMIT
    touched = {folder}
    for path in sorted(_leaves(source), key=lambda each: _is_live(each, source)):
        name = path.relative_to(source)
        if str(name) in (ACTS, REMOVED):
            continue
        for parent in reversed(name.parents):
            _make_missing_folder(folder / parent)
        path.replace(folder / name)
        touched |= {folder / parent for parent in name.parents}
    touched |= _remove_listed(source / REMOVED, folder)
    for each in touched:
        sync_folder(each)
    _append_acts(source / ACTS, folder / ACTS)
    shutil.rmtree(source)
    sync_folder(folder)


def _remove_listed(listed: Path, folder: Path) -> set[Path]:
    """Remove what a change lets go; return the folders that it lay in."""
    paths = [folder / name for name in listed.read_text().split("\n")] if listed.exists() else []
    for path in paths:
        if _is_folder(path):
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    return {path.parent for path in paths if path.parent.is_dir()}


def _make_missing_folder(path: Path) -> None:
    if not path.is_dir():
        make_folder(path)


def _append_acts(staged: Path, journal: Path) -> None:
    if not staged.exists():
        return
    known = set(whole_of(journal).splitlines()) if journal.exists() else set()
    append_lines(journal, [line for line in staged.read_bytes().splitlines() if line not in known])


def _is_live(path: Path, root: Path) -> bool:
    return path.relative_to(root).parts[0] == LIVE


def _is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()


def _leaves(root: Path) -> Iterator[Path]:
    """Yield files and links beneath `root`, without following a link."""
    with os.scandir(root) as entries:
        for entry in sorted(entries, key=lambda each: each.name):
            if entry.is_dir(follow_symlinks=False):
                yield from _leaves(Path(entry.path))
            else:
                yield Path(entry.path)


def _folders(root: Path) -> list[Path]:
    return [root, *(each for each in root.rglob("*") if _is_folder(each))]
