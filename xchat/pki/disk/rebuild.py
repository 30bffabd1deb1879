"""Make the table of devices anew where it was lost: from the journal, the files and the list.

The journal has a line for every certificate and every revocation; the files of devices have
the last certificate of each, should the journal be lost too; the list, what was revoked.
A torn table is kept beside, in a backup.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

import msgspec

from xchat.errors import XChatError
from xchat.limits import DEVICES_BYTES_MAX
from xchat.pki.device.enrol import row_of
from xchat.pki.device.revoke import add_table
from xchat.pki.disk import stage
from xchat.pki.disk.files import locked, read_file, whole_of
from xchat.pki.disk.folder import DEVICES, JOURNAL, Folder
from xchat.pki.disk.registry import Device, Table, read_table
from xchat.pki.disk.signers import read_authorities
from xchat.pki.disk.stage import Stage
from xchat.pki.facts import read_chain
from xchat.pki.mint.authority import BACKDATED
from xchat.pki.mint.crl import Entry, Reason, entries_of, read_crls, signer_of
from xchat.pki.mint.owner import account_of, device_of


class _Told(msgspec.Struct, frozen=True):
    """A line of the journal about a device."""

    at: datetime
    act: str
    account: str
    device: str
    serial: str
    sha256: str
    not_after: datetime | None = None
    reason: Reason | None = None
    issuer: str = ""
    key: str = ""


def mend_table(folder: Folder, now: datetime) -> Iterator[str]:
    """Make the table anew if it is torn, or missing with devices there; yield what was done."""
    with locked(folder.path):
        stage.recover(folder.path)
        if not _is_lost(folder):
            return
        table = Table().with_rows(_rows(folder), now)
        if not table.devices and not folder.devices.exists():
            return
        change = Stage(folder.path)
        backup = _keep_torn(folder, change, now)
        add_table(folder, change, table, now)
        change.commit()
    yield f"{folder.devices} was made anew from the journal: {len(table.devices)} certificates"
    if backup:
        yield f"the torn one is kept as {folder.path / backup}"


def _is_lost(folder: Folder) -> bool:
    if not folder.devices.exists():
        return True
    try:
        read_table(folder)
    except XChatError:
        return True
    return False


def _keep_torn(folder: Folder, change: Stage, now: datetime) -> str | None:
    if not folder.devices.exists():
        return None
    name = f"backup-{now:%Y%m%dT%H%M%S.%fZ}/{DEVICES}"
    change.add_secret(name, read_file(folder.devices, bytes_max=DEVICES_BYTES_MAX))
    return name


def _rows(folder: Folder) -> list[Device]:
    rows = {each.sha256: each for each in _filed(folder)}
    for told in _told(folder):
        if told.act == "device minted" and told.not_after and told.sha256 not in rows:
            rows[told.sha256] = _minted(told, told.not_after)
        elif told.act == "device revoked" and told.sha256 in rows:
            rows[told.sha256] = _revoked(rows[told.sha256], told.at, told.reason)
    listed = {entry.serial: entry for entry in _entries(folder)}
    return sorted((_as_listed(each, listed) for each in rows.values()), key=lambda row: row.made)


def _told(folder: Folder) -> Iterator[_Told]:
    """Yield the journal's lines that are about devices; torn ones are left out."""
    journal = folder.path / JOURNAL
    for line in whole_of(journal).splitlines() if journal.exists() else ():
        try:
            yield msgspec.json.decode(line, type=_Told)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            continue


def _filed(folder: Folder) -> Iterator[Device]:
    """Yield what the devices' files hold, with their issuers after them."""
    for path in sorted(folder.device_files.glob("*.pem")):
        try:
            chain = read_chain(read_file(path), path)
        except XChatError:
            continue
        account, device = account_of(chain[0]), device_of(chain[0])
        if account and device and len(chain) > 1:
            made = chain[0].not_valid_before_utc + BACKDATED
            yield row_of(account, device, chain[0], chain[1], made)


def _minted(told: _Told, end: datetime) -> Device:
    return Device(
        account=told.account,
        device=told.device,
        serial=told.serial,
        sha256=told.sha256,
        key=told.key,
        issuer=told.issuer,
        not_before=told.at.replace(microsecond=0) - BACKDATED,
        not_after=end,
        made=told.at,
    )


def _revoked(row: Device, at: datetime, reason: Reason | None) -> Device:
    return msgspec.structs.replace(row, revoked=at, reason=reason or "unspecified")


def _entries(folder: Folder) -> Iterator[Entry]:
    try:
        crls = read_crls(read_file(folder.crl))
    except (XChatError, ValueError):
        return
    for crl in crls:
        if signer_of(crl, read_authorities(folder)) is not None:
            yield from entries_of(crl)


def _as_listed(row: Device, listed: Mapping[int, Entry]) -> Device:
    entry = listed.get(int(row.serial, 16))
    return _revoked(row, entry.at, entry.reason) if entry and not row.revoked else row
