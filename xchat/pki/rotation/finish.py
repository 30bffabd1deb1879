"""Finish the rotation of the root: the server is switched to the new one, the old one dropped."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Literal

from xchat.pki.disk import stage
from xchat.pki.disk.backup import back_up
from xchat.pki.disk.files import locked, read_file
from xchat.pki.disk.folder import BRIDGE, CA, NEXT, ROOT_KEY, Folder
from xchat.pki.disk.registry import read_table
from xchat.pki.disk.root import current_root
from xchat.pki.disk.stage import Stage
from xchat.pki.errors import Differs
from xchat.pki.facts import facts_of, read_chain
from xchat.pki.rotation.progress import Rotation, bridges_in, read_rotation
from xchat.pki.rotation.switch import Rotated, Switch, former_issuers
from xchat.pki.signing import load_holder, pem
from xchat.pki.wish import Note


def finish(folder: Folder, now: datetime, *, unready: Literal["refuse", "leave"]) -> Rotated:
    """Switch to the new root: issuer and server's certificate; the old root is trusted no more.

    It is kept beside what it has certified, for links that were made before: they name it.
    Raises Differs before the overlap is over, or while devices have not the new root, unless
    these are to be left behind; and where no rotation is under way.
    """
    current_root(folder)
    with locked(folder.path):
        stage.recover(folder.path)
        rotation = read_rotation(folder, now)
        if rotation is None:
            raise Differs(
                f"{folder.path}: no rotation of the root is under way",
                mend=folder.command("rotate", "root"),
            )
        if unready == "refuse":
            _check_ready(folder, rotation, now)
        old, there = current_root(folder), read_chain(read_file(folder.ca), folder.ca)
        issuer = load_holder(folder, folder.next.issuer, folder.next.issuer_key)
        roots = [each for each in there if each != old]
        change = Stage(folder.path)
        backup = back_up(folder, change, now, paths=_replaced(folder))
        switch = Switch(folder, change, read_table(folder), now)
        change.add_public(CA, b"".join(map(pem, roots)))
        change.add_public(BRIDGE, b"".join(map(pem, (*bridges_in(folder, now), old))))
        _move_root_key(folder, change)
        minted = switch.to(issuer, roots, act="issuer taken into use", dropped=old)
        change.remove(NEXT)
        change.commit()
    return Rotated(
        did="finished",
        folder=str(folder.path),
        certificates=(*(facts_of(each, folder.ca) for each in roots), *minted),
        kept=former_issuers(folder),
        notes=tuple(_left_behind(rotation)),
        backup=backup,
        next=folder.command("status"),
    )


def _replaced(folder: Folder) -> tuple[Path, ...]:
    return folder.ca, folder.bridge, folder.root_key, folder.issuer, folder.issuer_key


def _check_ready(folder: Folder, rotation: Rotation, now: datetime) -> None:
    force = folder.command("rotate", "finish", "--force")
    if now < rotation.until:
        raise Differs(
            f"{folder.next.path}: both roots are trusted until {rotation.until:%Y-%m-%d %H:%M} UTC,"
            " and nothing was changed",
            mend=f"Wait for that day, or cut off who has not the new root: {force}",
        )
    if rotation.behind:
        named = ", ".join(map(str, rotation.behind))
        raise Differs(
            f"{folder.ca}: the new root has not reached {named}, and nothing was changed",
            mend=f"Give them {folder.ca}; XChat's own client comes after by itself: {force}",
        )


def _move_root_key(folder: Folder, change: Stage) -> None:
    """Put the new root's key into its place; the old one's goes, and is in the backup."""
    if folder.next.root_key.exists():
        change.add_secret(ROOT_KEY, read_file(folder.next.root_key))
    elif folder.root_key.exists():
        change.remove(ROOT_KEY)


def _left_behind(rotation: Rotation) -> Iterator[Note]:
    for each in rotation.behind:
        yield Note(f"{each} may not have the new root yet")
