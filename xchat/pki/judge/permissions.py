"""Who may read and change what lies in a folder of certificates: its owner, and nobody else.

Only what is ours is looked at and mended: the folder itself may hold other things too.
Windows keeps all this in lists that are not looked at.
"""

from __future__ import annotations

import os
import shlex
import stat
from collections.abc import Iterator
from pathlib import Path

from xchat.pki.disk.files import OWNERS_FOLDER, SECRET
from xchat.pki.disk.folder import DEVICES, JOURNAL, Folder
from xchat.pki.judge.problems import Kind, Problem

_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH
_SECRETS = (JOURNAL, DEVICES)
_KEY_MARK = b"PRIVATE KEY-----"


def look_at_modes(folder: Folder) -> Iterator[Problem]:
    """Yield each key and folder of ours that others can get at."""
    for path in _open_to_others(folder):
        kind, rule = _what(path)
        yield Problem(
            kind=kind,
            file=str(path),
            rule=rule,
            mend=shlex.join(("chmod", f"{_wanted(folder, path):o}", str(path))),
        )


def mend_modes(folder: Folder) -> Iterator[str]:
    """Close what others can get at; yield what was done."""
    for path in list(_open_to_others(folder)):
        was, wanted = _mode(path), _wanted(folder, path)
        path.chmod(wanted)
        yield f"{path} had the mode {was:04o}, and has {wanted:04o} now"


def look_at_owners(folder: Folder) -> Iterator[Problem]:
    """Yield that files are not of the folder's owner, who runs the server."""
    strangers = _strangers(folder)
    if strangers:
        owner, more = _owner(folder), len(strangers) - 1
        yield Problem(
            kind="foreign",
            file=str(strangers[0]),
            rule=f"is not {owner}'s, whose folder it is in"
            + f" (nor are {more} more)" * bool(more),
            mend=shlex.join(("sudo", "chown", "-Rh", owner, str(folder.path))),
        )


def mend_owners(folder: Folder) -> Iterator[str]:
    """Give the folder's owner what is in it, as root may; yield what was done."""
    if os.name == "nt" or os.geteuid() != 0:
        return
    there = folder.path.stat()
    for path in _strangers(folder):
        os.chown(path, there.st_uid, there.st_gid, follow_symlinks=False)
        yield f"{path} is {_owner(folder)}'s now, as the folder is"


def _open_to_others(folder: Folder) -> Iterator[Path]:
    """Yield secrets that others may read, folders of ours they may enter, ours they may change."""
    if os.name == "nt":
        return
    if _mode(folder.path) & _OTHERS_WRITE:
        yield folder.path
    for path in folder.ours():
        mode = 0 if path.is_symlink() else _mode(path)
        if mode & _OTHERS_WRITE or (mode & _OTHERS and (path.is_dir() or _is_secret(path))):
            yield path


def _what(path: Path) -> tuple[Kind, str]:
    mode = _mode(path)
    who = "everyone" if mode & stat.S_IRWXO else "its group"
    if mode & _OTHERS_WRITE and not _is_key(path):
        who = "everyone" if mode & stat.S_IWOTH else "its group"
        return "exposed", f"can be changed by {who}"
    if _is_key(path):
        return "exposed" if mode & stat.S_IRWXO else "loose", f"is a key, and {who} can get at it"
    return "loose", f"is for its owner, and {who} can get at it"


def _wanted(folder: Folder, path: Path) -> int:
    """Return the mode that keeps others out of what is ours, and from changing the rest."""
    if path.is_dir() and path != folder.path:
        return OWNERS_FOLDER
    return SECRET if _is_secret(path) else _mode(path) & ~_OTHERS_WRITE


def _is_secret(path: Path) -> bool:
    return path.is_file() and (path.name in _SECRETS or _is_key(path))


def _is_key(path: Path) -> bool:
    """Tell whether a private key is in a file; those of devices made here have both."""
    return path.is_file() and (path.name.endswith("-key.pem") or _KEY_MARK in path.read_bytes())


def _strangers(folder: Folder) -> list[Path]:
    owner = folder.path.stat().st_uid
    return [each for each in folder.ours() if each.lstat().st_uid != owner]


def _owner(folder: Folder) -> str:
    """Return the name of a folder's owner, or the number, as containers have it."""
    try:
        return folder.path.owner()
    except KeyError:
        return str(folder.path.stat().st_uid)


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)
