"""List the devices of a folder, and revoke some: what people are told of the table."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Literal

import msgspec

from xchat.pki.device import revocations
from xchat.pki.device.enrol import is_due
from xchat.pki.device.revocations import revoked_in
from xchat.pki.device.revoke import revoke
from xchat.pki.disk.folder import Folder
from xchat.pki.disk.registry import Device, check_account, file_name, read_table
from xchat.pki.disk.signers import need_made
from xchat.pki.mint.crl import Reason

State = Literal["in force", "due", "expired", "revoked"]


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A device, by the certificate that counts; `file` is where that lies, if it is there."""

    account: str
    device: str
    state: State
    days_left: int
    serial: str
    sha256: str
    not_before: datetime
    not_after: datetime
    revoked: datetime | None = None
    reason: Reason | None = None
    file: str | None = None


class Devices(msgspec.Struct, frozen=True, kw_only=True):
    """The devices of a folder; the list of the revoked is good until `list_until`."""

    folder: str
    devices: tuple[Row, ...]
    list_file: str
    list_until: datetime | None
    problems: tuple[str, ...]
    next: str


class Revoked(msgspec.Struct, frozen=True, kw_only=True):
    """What was revoked just now, and what had been before.

    `unlisted` is why it is not on the signed list, which is for other servers.
    """

    account: str
    revoked: tuple[Row, ...]
    before: tuple[Row, ...]
    list_file: str
    unlisted: str | None = None
    next: str


def list_devices(folder: Folder, account: str | None, now: datetime) -> Devices:
    """Return all devices, or an account's, by their names; raise Differs if there is no CA."""
    need_made(folder)
    table, known = read_table(folder), revoked_in(folder)
    rows = table.of(check_account(account)) if account else table.devices
    listed = {serial: each for (_, serial), each in known.by_serial.items()}
    rows = [_as_listed(each, listed.get(int(each.serial, 16))) for each in rows]
    return Devices(
        folder=str(folder.path),
        devices=tuple(_row(folder, each, now) for each in _that_count(rows)),
        list_file=str(folder.crl),
        list_until=known.stale_at,
        problems=known.problems,
        next=folder.command("invite", account or "NAME"),
    )


def revoke_devices(
    folder: Folder, account: str, device: str | None, reason: Reason, now: datetime
) -> Revoked:
    """Revoke a device of an account, or all of them; raise Differs where there is none."""
    if not folder.devices.exists():
        need_made(folder)
    done = revoke(folder, account, device, reason, now)
    return Revoked(
        account=account,
        revoked=tuple(_row(folder, each, now) for each in done.revoked),
        before=tuple(_row(folder, each, now) for each in done.before),
        list_file=str(folder.crl),
        unlisted=done.unlisted,
        next=folder.command(*(("doctor",) if done.unlisted else ("device", "list", account))),
    )


def _that_count(rows: Iterable[Device]) -> list[Device]:
    """Return a row a device, and those revoked; one that was renewed is shown once."""
    last: dict[tuple[str, str], Device] = {}
    revoked = []
    for each in rows:
        if each.revoked:
            revoked.append(each)
        else:
            last[each.account, each.device] = each
    return sorted([*last.values(), *revoked], key=lambda row: (row.account, row.device, row.made))


def _as_listed(device: Device, entry: revocations.Revoked | None) -> Device:
    """Return a row with what a list says of it: one put in place by hand counts too."""
    if entry is None or device.revoked:
        return device
    return msgspec.structs.replace(device, revoked=entry.at, reason=entry.reason)


def _row(folder: Folder, device: Device, now: datetime) -> Row:
    path = folder.path / file_name(device.account, device.device)
    return Row(
        account=device.account,
        device=device.device,
        state=_state(device, now),
        days_left=max(0, (device.not_after - now).days),
        serial=device.serial,
        sha256=device.sha256,
        not_before=device.not_before,
        not_after=device.not_after,
        revoked=device.revoked,
        reason=device.reason,
        file=str(path) if path.exists() else None,
    )


def _state(device: Device, now: datetime) -> State:
    if device.revoked:
        return "revoked"
    if not device.is_in_force(now):
        return "expired"
    return "due" if is_due(device, now) else "in force"
