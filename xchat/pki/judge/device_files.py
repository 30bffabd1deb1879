"""Look at the devices: who is about to be shut out, and do table and files tell the same story."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives import hashes

from xchat.errors import XChatError
from xchat.limits import DEVICES_SHOWN_MAX
from xchat.pki.disk.files import read_file
from xchat.pki.disk.folder import Folder
from xchat.pki.disk.registry import Device, Table, file_name, read_table
from xchat.pki.facts import read_chain
from xchat.pki.judge.problems import Problem

EXPIRED = "If it is still wanted, its owner needs a new link"
DUE = "It is renewed when it next connects; if it is no more, revoke it"


def look_at_devices(folder: Folder, now: datetime) -> Iterator[Problem]:
    """Yield that the table is torn, or the devices that were not renewed in time."""
    try:
        table = read_table(folder)
    except XChatError as error:
        rule = error.what.removeprefix(f"{folder.devices} ")
        yield Problem(kind="broken", file=str(folder.devices), rule=rule, mend=str(error.mend))
        return
    late = sorted(_late(table, now), key=lambda each: each.not_after)
    yield from (_late_one(folder, each, now) for each in late[:DEVICES_SHOWN_MAX])
    if len(late) > DEVICES_SHOWN_MAX:
        more = len(late) - DEVICES_SHOWN_MAX
        mend = folder.command("device", "list")
        rule = f"has {more} more that were not renewed"
        yield Problem(kind="away", file=str(folder.devices), rule=rule, mend=mend)


def count_devices(folder: Folder, now: datetime) -> int:
    """Return how many devices have a certificate in force; 0 if the table is torn."""
    with contextlib.suppress(XChatError):
        return sum(each.is_in_force(now) for each in _newest(read_table(folder)))
    return 0


def look_at_device_files(folder: Folder, now: datetime) -> Iterator[Problem]:
    """Yield where the table of devices and the files beside it differ; neither does harm."""
    try:
        table = read_table(folder)
    except XChatError:
        return
    rows = {str(folder.path / file_name(e.account, e.device)): e for e in _newest(table)}
    files = {str(path) for path in folder.device_files.glob("*.pem")}
    for path in sorted(files - rows.keys()):
        rule = f"is in no row of {folder.devices}"
        yield Problem(kind="odd", file=path, rule=rule, mend=folder.command("show", path))
    for path, row in rows.items():
        if row.is_in_force(now) and not _holds(Path(path), row):
            rule = f"does not hold the certificate of {row.device} of {row.account}"
            mend = folder.command("device", "list")
            yield Problem(kind="odd", file=path, rule=rule, mend=mend)


def _newest(table: Table) -> Iterable[Device]:
    """Return each device's newest certificate."""
    return {file_name(each.account, each.device): each for each in table.devices}.values()


def _late(table: Table, now: datetime) -> Iterator[Device]:
    """Yield the devices not revoked whose newest certificate has a third of its life left."""
    for each in _newest(table):
        worn = each.not_before + (each.not_after - each.not_before) * 2 / 3
        if each.revoked is None and now >= worn:
            yield each


def _late_one(folder: Folder, row: Device, now: datetime) -> Problem:
    is_past = now > row.not_after
    words = ("invite", row.account) if is_past else ("device", "revoke", row.account, row.device)
    return Problem(
        kind="away",
        file=str(folder.path / file_name(row.account, row.device)),
        rule=f"{'expired' if is_past else 'expires'} on {row.not_after:%Y-%m-%d}, and was not"
        f" renewed: {row.device} of {row.account} was away",
        mend=folder.command(*words),
        caution=EXPIRED if is_past else DUE,
    )


def _holds(path: Path, row: Device) -> bool:
    try:
        held = read_chain(read_file(path), path)[0]
    except XChatError:
        return False
    return held.fingerprint(hashes.SHA256()).hex() == row.sha256
