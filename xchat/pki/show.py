"""What `show`, `status` and `verify` find out, as values."""

from __future__ import annotations

import shlex
from datetime import datetime
from pathlib import Path

import msgspec
from cryptography import x509

from xchat.errors import XChatError
from xchat.irc.display import visible
from xchat.pki.device.revocations import revoked_in
from xchat.pki.disk.files import read_file
from xchat.pki.disk.folder import Folder
from xchat.pki.disk.registry import Device, read_table
from xchat.pki.disk.signers import read_authorities
from xchat.pki.disk.stage import is_interrupted
from xchat.pki.errors import Differs, NotTrusted
from xchat.pki.facts import Facts, facts_of, read_chain
from xchat.pki.fetch import fetch_chain, parse_place
from xchat.pki.judge.advice import mend_refused
from xchat.pki.judge.device_files import count_devices
from xchat.pki.judge.examine import examine, is_empty
from xchat.pki.judge.problems import Problem
from xchat.pki.judge.revoked_list import ListFacts, list_facts
from xchat.pki.judge.verify import Verdict, judge, names_to_try
from xchat.pki.judge.verify_device import is_device, judge_device, judge_revoked, mend_device
from xchat.pki.mint.crl import (
    Crl,
    Entry,
    Reason,
    ends_at,
    entries_of,
    is_crl,
    number_of,
    read_crls,
    signer_of,
)
from xchat.pki.mint.names import parse_name
from xchat.pki.rotation.progress import Rotation, read_rotation


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """A certificate on a list of the revoked; whose it is, where the table of devices knows."""

    serial: str
    at: datetime
    reason: Reason
    account: str = ""
    device: str = ""


class RevokedList(msgspec.Struct, frozen=True, kw_only=True):
    """A signed list of the revoked; `is_ours` says that a CA of the folder signed it."""

    file: str
    issuer: str
    is_ours: bool
    number: int
    not_before: datetime
    not_after: datetime
    revoked: tuple[Listed, ...]


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """Certificates somebody wanted to see; `warning` and `mend` if nothing vouches for them."""

    certificates: tuple[Facts, ...]
    lists: tuple[RevokedList, ...] = ()
    warning: str | None = None
    mend: str | None = None
    next: str


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """How the certificates of a folder stand, and how many devices are in force.

    `rotation` if the root is being replaced.
    """

    certificates: tuple[Facts, ...]
    problems: tuple[Problem, ...]
    next: str
    revoked: ListFacts | None = None
    devices: int = 0
    rotation: Rotation | None = None


class Verification(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a chain holds with the certificates in `trusted`, who says what, what mends it."""

    file: str
    trusted: str
    holds: bool
    verdicts: tuple[Verdict, ...]
    mend: str | None
    next: str


def look(folder: Path, what: str | None) -> Seen:
    """Return the certificates in a file, at HOST:PORT, or in the folder if `what` is None."""
    there, path = Folder(folder), Path(what or "")
    if what is None:
        return Seen(certificates=_all_in(there), next=there.command("status"))
    if path.exists():
        return _seen_in(there, path)
    host, port = parse_place(what)
    chain = fetch_chain(host, port)
    return Seen(
        certificates=tuple(facts_of(each, what) for each in chain),
        warning=f"This is what {what} shows. Nothing was verified: anyone can show anything.",
        mend="Compare the first SHA256 with what its owner sees there: xchat-certs show",
        next="xchat-certs show",
    )


def stand(path: Path, now: datetime) -> Report:
    """Return how a folder stands; raise Differs if there is nothing in it."""
    folder = Folder(path)
    check_made(folder)
    standing = examine(folder, now)
    return Report(
        certificates=tuple(standing.facts),
        problems=standing.problems,
        next=folder.command("invite", "NAME"),
        revoked=list_facts(folder),
        devices=count_devices(folder, now),
        rotation=_rotation(folder, now),
    )


def _rotation(folder: Folder, now: datetime) -> Rotation | None:
    try:
        return read_rotation(folder, now)
    except XChatError:
        return None  # said among the problems


def try_chain(
    file: Path,
    trusted: Path,
    host: str | None,
    now: datetime,
    *,
    revoked_by: Folder | None = None,
) -> Verification:
    """Return what both judges say of a server's chain, for `host` or for each name it has.

    Of a device's, if no host is named, what they say of that. A folder that revokes is asked
    too whether it has revoked it.
    """
    chain = read_chain(read_file(file), file)
    roots = read_chain(read_file(trusted, mend="Say what is trusted: --ca FILE"), trusted)
    of_device = host is None and is_device(chain[0])
    names = [parse_name(host)] if host else names_to_try(chain[0])
    verdicts = judge_device(chain, roots, now) if of_device else judge(chain, roots, names, now)
    if revoked_by:
        name = verdicts[0].name if verdicts else ""
        verdicts += judge_revoked(chain[0], name, revoked_in(revoked_by), now)
    mending = mend_device if of_device else mend_refused
    refused = [(each.broken.kind, each.name) for each in verdicts if each.broken]
    mend = mending(file, trusted, refused) if refused else None
    return Verification(
        file=str(file),
        trusted=str(trusted),
        holds=not refused,
        verdicts=tuple(verdicts),
        mend=mend,
        next=mend or shlex.join(("xchat-certs", "show", str(file))),
    )


def _seen_in(folder: Folder, path: Path) -> Seen:
    data = read_file(path)
    if not is_crl(data):
        certificates = _facts(path)
        is_shown = certificates[0].role in ("server", "device")
        words = ("verify", str(path)) if is_shown else ("status",)
        return Seen(certificates=certificates, next=folder.command(*words))
    try:
        crls = read_crls(data)
    except ValueError as error:
        raise NotTrusted(f"{path}: {error}", mend=folder.command("doctor")) from error
    authorities, table = read_authorities(folder), _table(folder)
    return Seen(
        certificates=(),
        lists=tuple(_list(each, path, authorities, table) for each in crls),
        next=folder.command("device", "list"),
    )


def _table(folder: Folder) -> dict[int, Device]:
    """Return devices by their serials; none if the table is torn: the list is what is shown."""
    try:
        return {int(each.serial, 16): each for each in read_table(folder).devices}
    except XChatError:
        return {}


def _list(
    crl: Crl, path: Path, authorities: list[x509.Certificate], table: dict[int, Device]
) -> RevokedList:
    return RevokedList(
        file=str(path),
        issuer=visible(crl.issuer.rfc4514_string()),
        is_ours=signer_of(crl, authorities) is not None,
        number=number_of(crl),
        not_before=crl.last_update_utc,
        not_after=ends_at(crl),
        revoked=tuple(_listed(each, table.get(each.serial)) for each in entries_of(crl)),
    )


def _listed(entry: Entry, device: Device | None) -> Listed:
    return Listed(
        serial=f"{entry.serial:x}",
        at=entry.at,
        reason=entry.reason,
        account=device.account if device else "",
        device=device.device if device else "",
    )


def _all_in(folder: Folder) -> tuple[Facts, ...]:
    check_made(folder)
    issuers = (folder.issuer, folder.next.issuer, *folder.issuers()[1:])
    found = (e for path in (folder.ca, folder.bridge) if path.exists() for e in _facts(path))
    roots = (e for e in found if e.role != "root" or e.file == str(folder.ca))
    others = (_facts(path)[0] for path in (*issuers, folder.server) if path.exists())
    return (*roots, *others)


def _facts(path: Path) -> tuple[Facts, ...]:
    return tuple(facts_of(each, path) for each in read_chain(read_file(path), path))


def check_made(folder: Folder) -> None:
    """Raise Differs if nothing was ever made in a folder."""
    if is_empty(folder) and not is_interrupted(folder.path):
        raise Differs(f"{folder.path}: there are no certificates", mend=folder.first_command())
