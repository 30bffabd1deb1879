"""A rotation of the root in progress: since when, until when, and who has the new root.

It lies in `next/`: the new root and its key, the issuer below it and its key, and when the overlap
ends. A device has the new root when it said so over a connection on which it showed its
certificate; programs other than ours never say it, and whoever runs them is asked by hand.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator
from datetime import datetime

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from xchat.errors import XChatError
from xchat.pki.disk import acts, stage
from xchat.pki.disk.files import locked, read_file
from xchat.pki.disk.folder import DEVICES, NEXT, Folder
from xchat.pki.disk.registry import Device, Table, read_table, table_json
from xchat.pki.disk.stage import Stage
from xchat.pki.errors import Differs
from xchat.pki.facts import read_chain
from xchat.pki.judge.problems import Problem
from xchat.pki.signing import load_holder

OVERLAP = f"{NEXT}/overlap.json"


class Overlap(msgspec.Struct, frozen=True, kw_only=True):
    """How long both roots are trusted."""

    began: datetime
    until: datetime


class Named(msgspec.Struct, frozen=True):
    """A device of an account."""

    account: str
    device: str

    def __str__(self) -> str:
        """Return it as a command takes it."""
        return f"{self.account} {self.device}"


class Rotation(msgspec.Struct, frozen=True, kw_only=True):
    """How a rotation stands: `new_root` is its SHA-256, `behind` who has yet to say to have it."""

    began: datetime
    until: datetime
    new_root: str
    ready: int
    behind: tuple[Named, ...]


def read_overlap(folder: Folder) -> Overlap | None:
    """Return since when and until when both roots are trusted; None if no root is rotated."""
    path = folder.path / OVERLAP
    if not path.exists():
        return None
    try:
        return msgspec.json.decode(read_file(path), type=Overlap)
    except msgspec.MsgspecError as error:
        raise Differs(f"{path} is torn: {error}", mend="Put it back from a copy") from error


def overlap_json(overlap: Overlap) -> bytes:
    """Return an overlap as it is kept."""
    return msgspec.json.encode(overlap) + b"\n"


def read_rotation(folder: Folder, now: datetime) -> Rotation | None:
    """Return how the rotation of the root stands; None if there is none."""
    overlap = read_overlap(folder)
    if overlap is None:
        return None
    new = sha256_of(read_chain(read_file(folder.next.ca), folder.next.ca)[0])
    ready, behind = _parted(read_table(folder), new, now)
    return Rotation(
        began=overlap.began, until=overlap.until, new_root=new, ready=len(ready), behind=behind
    )


def bridges_in(folder: Folder, now: datetime) -> list[x509.Certificate]:
    """Return what certifies new roots and is in force; a root of old beside them is none."""
    if not folder.bridge.exists():
        return []
    there = read_chain(read_file(folder.bridge), folder.bridge)
    return [e for e in there if e.subject != e.issuer and now <= e.not_valid_after_utc]


def read_bridges(folder: Folder) -> tuple[list[x509.Certificate], list[x509.Certificate]]:
    """Return the root that was dropped last, if one was, and what certifies those that followed.

    Nobody is refused because these cannot be read.
    """
    try:
        there = read_chain(read_file(folder.bridge), folder.bridge)
    except XChatError:
        return [], []
    dropped = [each for each in there if each.subject == each.issuer]
    return dropped, [each for each in there if each not in dropped]


def look_at_rotation(folder: Folder, now: datetime) -> Iterator[Problem]:
    """Yield that a rotation of the root can be finished, or that what it needs is unwell."""
    path = str(folder.next.path)
    try:
        rotation = read_rotation(folder, now)
        if rotation is None:
            return
        load_holder(folder, folder.next.issuer, folder.next.issuer_key)
    except XChatError as error:
        yield Problem(
            kind="broken",
            file=path,
            rule=f"is not what `rotate root` made: {error.what}",
            mend=shlex.join(("rm", "-r", path)),
            caution="Put it back if there is a copy: without it the rotation begins anew",
        )
        return
    if now >= rotation.until:
        yield Problem(
            kind="due",
            file=path,
            rule=f"waits since {rotation.until:%Y-%m-%d}: the new root can be switched to",
            mend=folder.command("rotate", "finish"),
        )


def _parted(table: Table, root: str, now: datetime) -> tuple[set[Named], tuple[Named, ...]]:
    """Return the devices in force that have a root, and those that have not."""
    in_force = [each for each in table.devices if each.is_in_force(now)]
    ready = {Named(each.account, each.device) for each in in_force if root in each.roots}
    everyone = dict.fromkeys(Named(each.account, each.device) for each in in_force)
    return ready, tuple(each for each in everyone if each not in ready)


def note_roots(folder: Folder, device: bytes, have: Iterable[str], now: datetime) -> bool:
    """Remember which of our roots a device has, by its certificate (DER); tell if that was new.

    To be done beside a loop: it waits for the folder and for the disk, though only for what is
    new. What is none of our roots is not remembered, so nobody fills the table.
    """
    sha256 = x509.load_der_x509_certificate(device).fingerprint(hashes.SHA256()).hex()
    if not _news(folder, read_table(folder), sha256, have):
        return False
    with locked(folder.path):
        stage.recover(folder.path)
        table = read_table(folder)
        new = _news(folder, table, sha256, have)
        if not new:
            return False
        rows = [_with(each, new) if each.sha256 == sha256 else each for each in table.devices]
        row = next(each for each in rows if each.sha256 == sha256)
        change = Stage(folder.path)
        change.add_secret(DEVICES, table_json(Table(tuple(rows))))
        who = {"account": row.account, "device": row.device}
        change.add_acts([acts.done("root trusted", now, sha256=each, **who) for each in new])
        change.commit()
    return True


def _news(folder: Folder, table: Table, sha256: str, have: Iterable[str]) -> list[str]:
    """Return what the table does not know yet of a device's roots; nothing of a stranger's."""
    row = next((each for each in table.devices if each.sha256 == sha256), None)
    if row is None:
        return []
    ours = map(sha256_of, read_chain(read_file(folder.ca), folder.ca))
    return [each for each in ours if each in set(have) and each not in row.roots]


def _with(row: Device, new: list[str]) -> Device:
    return msgspec.structs.replace(row, roots=(*row.roots, *new))


def sha256_of(certificate: x509.Certificate) -> str:
    """Return a certificate's fingerprint: 64 hexadecimal digits."""
    return certificate.fingerprint(hashes.SHA256()).hex()
