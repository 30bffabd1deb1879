"""Revoke devices, and keep the signed list of them fresh.

The list follows from the table of devices and from the list before it, so that
a table that was lost takes no revocation back.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec
from cryptography import x509

from xchat.errors import XChatError
from xchat.pki.disk import acts, stage
from xchat.pki.disk.files import locked, read_file
from xchat.pki.disk.folder import CRL, DEVICES, Folder
from xchat.pki.disk.registry import Device, Table, read_table, table_json
from xchat.pki.disk.signers import key_id, read_signers, read_signing
from xchat.pki.disk.stage import Stage
from xchat.pki.errors import Differs
from xchat.pki.mint.authority import DEVICE_LIFE, Holder
from xchat.pki.mint.crl import (
    CRL_LIFE,
    Crl,
    Entry,
    Reason,
    crl_pem,
    ends_at,
    entries_of,
    mint_crl,
    newest_by,
    read_crls,
)

CRL_DUE_BEFORE = CRL_LIFE * 2 / 3
"""A list is signed anew when a third of its life is over, so a month without us is no harm."""
_SLACK = timedelta(days=1)


@dataclass(frozen=True)
class Revoking:
    """What came of it: the certificates that hold no longer, and those revoked before.

    `unlisted` is why they could not be put on the list, None if they are there.
    """

    revoked: tuple[Device, ...]
    before: tuple[Device, ...] = ()
    unlisted: str | None = None


def revoke(
    folder: Folder, account: str, device: str | None, reason: Reason, now: datetime
) -> Revoking:
    """Revoke one device of an account, or, with None, all of them: table, list and journal.

    Done again it changes nothing. The table is enough for our server: where the issuer's key is
    out of reach, the list waits. Raises Differs where there is no such device.
    """
    with locked(folder.path):
        stage.recover(folder.path)
        table = read_table(folder)
        rows = _need(folder, table, account, device, now)
        in_force = [each for each in rows if each.is_in_force(now)]
        done = tuple(msgspec.structs.replace(e, revoked=now, reason=reason) for e in in_force)
        unlisted = _keep(folder, table.with_rows(done, now), done, now) if done else None
        return Revoking(done, tuple(each for each in rows if each.revoked), unlisted)


def is_crl_due(folder: Folder, now: datetime) -> bool:
    """Tell whether a third of the list's life is over, or it is unwell; no key is read for that."""
    ends = _ends(folder, read_signing(folder))
    return ends is None or ends - now <= CRL_DUE_BEFORE


def resign_crl(folder: Folder, now: datetime, *, if_due: bool = True) -> datetime:
    """Sign the list anew, if a third of its life is over or it is unwell; return when it ends."""
    with locked(folder.path):
        stage.recover(folder.path)
        ends = _ends(folder, read_signing(folder))
        if if_due and ends is not None and ends - now > CRL_DUE_BEFORE:
            return ends
        change = Stage(folder.path)
        crls = add_crl(folder, change, read_table(folder), now)
        change.add_acts([acts.done("list of the revoked signed", now, file=CRL)])
        change.commit()
        return min(map(ends_at, crls))


def add_table(folder: Folder, change: Stage, table: Table, now: datetime) -> None:
    """Stage a table of devices, and the list that goes with it."""
    change.add_secret(DEVICES, table_json(table))
    add_crl(folder, change, table, now)


def add_crl(
    folder: Folder,
    change: Stage,
    table: Table,
    now: datetime,
    *,
    signers: Sequence[Holder] | None = None,
    gone: Collection[x509.Name] = (),
) -> list[Crl]:
    """Stage a list for each issuer whose key is here, or each of `signers`, which are to be.

    The lists of others stay as they are, unless they are `gone`.
    """
    before, signers = _lists(folder), signers or read_signers(folder)
    signed = [
        _next(each, table.devices, newest_by(before, each.certificate), now) for each in signers
    ]
    ours = {*gone, *(each.certificate.subject for each in signers)}
    crls = [*signed, *(each for each in before if each.issuer not in ours)]
    change.add_public(CRL, crl_pem(crls))
    return signed


def first_crl(issuer: Holder, now: datetime) -> bytes:
    """Return a new issuer's list, on which nothing is, in PEM."""
    return crl_pem([mint_crl(issuer, (), now, last=None)])


def _keep(folder: Folder, table: Table, done: Sequence[Device], now: datetime) -> str | None:
    """Keep what was revoked, in the table and, where it can be signed, on the list; or say why."""
    unlisted = None
    change = Stage(folder.path)
    change.add_secret(DEVICES, table_json(table))
    try:
        add_crl(folder, change, table, now)
    except XChatError as error:
        unlisted = error.what
    change.add_acts([_act(each, now) for each in done])
    change.commit()
    return unlisted


def _need(
    folder: Folder, table: Table, account: str, device: str | None, now: datetime
) -> list[Device]:
    rows = table.of(account, device)
    if any(each.is_in_force(now) or each.revoked for each in rows):
        return rows
    named = f"{account} has no device {device}" if device else f"{account} has no devices"
    known = dict.fromkeys(each.device for each in table.in_force(now, account))
    others = f", but {', '.join(known)}" if known else ""
    raise Differs(f"{named} in force{others}", mend=folder.command("device", "list"))


def _next(signer: Holder, rows: Iterable[Device], last: Crl | None, now: datetime) -> Crl:
    """Sign the list that follows on `last`; what has expired drops out, and nothing else.

    What somebody put on it by hand stays, though the table knows the device and not why.
    """
    issuer = key_id(signer.certificate)
    known = {int(each.serial, 16): each for each in rows if each.issuer == issuer}
    entries = {
        serial: Entry(serial, each.revoked, each.reason or "unspecified")
        for serial, each in known.items()
        if each.revoked and each.not_after + _SLACK > now
    }
    for entry in entries_of(last) if last is not None else ():
        row = known.get(entry.serial)
        end = row.not_after if row else entry.at + DEVICE_LIFE
        if end + _SLACK > now:
            entries.setdefault(entry.serial, entry)
    return mint_crl(signer, entries.values(), now, last=last)


def _lists(folder: Folder) -> list[Crl]:
    """Return the lists that are there; none if they are torn, for the table knows them too."""
    try:
        return read_crls(read_file(folder.crl))
    except (XChatError, ValueError):
        return []


def _ends(folder: Folder, signers: Sequence[x509.Certificate]) -> datetime | None:
    """Return when the first of the signers' lists ends; None if one has none."""
    lists = _lists(folder)
    newest = [newest_by(lists, each) for each in signers]
    ends = [ends_at(each) for each in newest if each is not None]
    return min(ends) if len(ends) == len(signers) else None


def _act(device: Device, now: datetime) -> bytes:
    return acts.done(
        "device revoked",
        now,
        account=device.account,
        device=device.device,
        serial=device.serial,
        sha256=device.sha256,
        reason=device.reason,
    )
