"""`xchat-certs lock` and `unlock`: the root's key with a passphrase, or without one.

The key is the same one afterwards, and so is every certificate; only its file is written anew,
whole or not at all. While the root is rotated there are two keys, which go together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Literal

import msgspec
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

from xchat.errors import XChatError
from xchat.pki.disk import acts, stage
from xchat.pki.disk.files import locked, read_file
from xchat.pki.disk.folder import ROOT_KEY, Folder
from xchat.pki.disk.stage import Stage
from xchat.pki.errors import Differs, Locked, NotTrusted
from xchat.pki.mint.keys import (
    SCRYPT_N,
    SCRYPT_P,
    SCRYPT_R,
    PrivateKey,
    is_locked,
    key_pem,
    read_key,
)
from xchat.pki.wish import Note

Did = Literal["locked", "unlocked", "unchanged"]
Passphrase = Callable[[], bytes]
"""Asks for the passphrase; called only if one is needed, and while nobody waits for the folder."""

COST = f"scrypt, N = {SCRYPT_N}, r = {SCRYPT_R}, p = {SCRYPT_P}"
LEFT_OPEN = "{} is a copy of this key that is not locked"


class Locking(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the root's key; `how` is the price of a guess."""

    did: Did
    files: tuple[str, ...]
    is_locked: bool
    how: str | None = None
    notes: tuple[Note, ...] = ()
    next: str


def lock(folder: Folder, passphrase: Passphrase, now: datetime) -> Locking:
    """Lock the root's key with a passphrase; with one that is locked nothing is done.

    Raises Differs where the key is not here, NotTrusted where it cannot be read.
    """
    if not _open(folder):
        return _unchanged(folder, is_locked=True)
    secret = passphrase()
    with locked(folder.path):
        stage.recover(folder.path)
        open_ = _open(folder)
        keys = {path: read_root_key(path) for path in open_}
        _write(folder, {path: key_pem(key, secret) for path, key in keys.items()}, "locked", now)
        return Locking(
            did="locked",
            files=tuple(map(str, open_)),
            is_locked=True,
            how=COST,
            notes=tuple(_left_open(folder, keys)),
            next=folder.command("status"),
        )


def unlock(folder: Folder, passphrase: Passphrase, now: datetime) -> Locking:
    """Take the passphrase off the root's key. Raises Locked for a wrong one, and as `lock`."""
    if not _shut(folder):
        return _unchanged(folder, is_locked=False)
    secret = passphrase()
    with locked(folder.path):
        stage.recover(folder.path)
        shut = _shut(folder)
        keys = {path: read_root_key(path, secret) for path in shut}
        _write(folder, {path: key_pem(key) for path, key in keys.items()}, "unlocked", now)
        return Locking(
            did="unlocked",
            files=tuple(map(str, shut)),
            is_locked=False,
            next=folder.command("lock"),
        )


def read_root_key(path: Path, passphrase: bytes | None = None) -> PrivateKey:
    """Return a root's key; raise Locked for a wrong passphrase, NotTrusted for another's key."""
    try:
        key = read_key(read_file(path), path, passphrase)
    except Locked as error:
        error.mend = "Try again; without its passphrase nobody can open it, and we least of all"
        raise
    if not isinstance(key, EllipticCurvePrivateKey):
        raise NotTrusted(f"{path} is not a key of ours")
    return key


def _keys(folder: Folder) -> list[Path]:
    if not folder.ca.exists() and not folder.root_key.exists():
        raise Differs(f"{folder.path}: there are no certificates", mend=folder.command("init"))
    found = [path for path in (folder.root_key, folder.next.root_key) if path.exists()]
    if not found:
        raise Differs(
            f"{folder.root_key} is not here",
            mend=f"If it was moved away, bring it back: cp FILE {folder.root_key}",
        )
    return found


def _shut(folder: Folder) -> list[Path]:
    return [path for path in _keys(folder) if is_locked(read_file(path))]


def _open(folder: Folder) -> list[Path]:
    return [path for path in _keys(folder) if path not in _shut(folder)]


def _write(folder: Folder, pems: dict[Path, bytes], did: str, now: datetime) -> None:
    change = Stage(folder.path)
    for path, pem in pems.items():
        change.add_secret(str(path.relative_to(folder.path)), pem)
    names = (path.relative_to(folder.path) for path in pems)
    change.add_acts([acts.done(f"root key {did}", now, file=str(name)) for name in names])
    change.commit()


def _unchanged(folder: Folder, *, is_locked: bool) -> Locking:
    return Locking(
        did="unchanged",
        files=tuple(map(str, _keys(folder))),
        is_locked=is_locked,
        next=folder.command("unlock" if is_locked else "lock"),
    )


def _left_open(folder: Folder, keys: dict[Path, PrivateKey]) -> Iterator[Note]:
    """Yield each copy in a backup that a thief could take instead."""
    ours = [key.public_key() for key in keys.values()]
    for copy in sorted(folder.path.glob(f"backup-*/**/{ROOT_KEY}")):
        try:
            if not is_locked(read_file(copy)) and read_root_key(copy).public_key() in ours:
                yield Note(LEFT_OPEN.format(copy), f"rm {copy}")
        except XChatError:
            continue
