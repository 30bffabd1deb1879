"""Look at the signed list of the revoked: is it there, is it ours, is it whole, is it fresh."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import msgspec

from xchat.errors import XChatError
from xchat.pki.device.revoke import resign_crl
from xchat.pki.disk.files import read_file
from xchat.pki.disk.folder import Folder
from xchat.pki.disk.registry import read_table
from xchat.pki.disk.signers import key_id
from xchat.pki.facts import read_chain
from xchat.pki.judge.problems import Kind, Problem
from xchat.pki.mint.crl import Crl, ends_at, entries_of, newest_by, read_crls

WARNED_BEFORE = timedelta(days=10)
"""It is signed anew with 20 days left, so with 10 whoever should do that has not, for 10 days."""


class ListFacts(msgspec.Struct, frozen=True, kw_only=True):
    """The issuer's list of certificates that hold no longer: how many, and until when it is."""

    file: str
    revoked: int
    not_after: datetime


def list_facts(folder: Folder) -> ListFacts | None:
    """Return what the issuer's own list says; None if there is none that can be read."""
    try:
        newest = _newest(folder)
    except (XChatError, ValueError):
        return None
    if newest is None:
        return None
    return ListFacts(
        file=str(folder.crl), revoked=len(entries_of(newest)), not_after=ends_at(newest)
    )


def look_at_list(folder: Folder, now: datetime) -> Iterator[Problem]:
    """Yield what is wrong with the list: signing it anew mends it all."""
    try:
        newest = _newest(folder)
    except XChatError as error:
        rule = error.what.removeprefix(f"{folder.crl} ") if folder.crl.exists() else "is missing"
        yield _problem(folder, "stale", rule)
    except ValueError as error:
        yield _problem(folder, "stale", f"is no list of the revoked: {error}")
    else:
        yield from _of(folder, newest, now)


def mend_list(folder: Folder, now: datetime) -> Iterator[str]:
    """Sign the list anew if anything is wrong with it; yield what was done."""
    if list(look_at_list(folder, now)):
        end = resign_crl(folder, now, if_due=False)
        yield f"{folder.crl} was signed anew, and holds until {end:%Y-%m-%d}"


def _of(folder: Folder, newest: Crl | None, now: datetime) -> Iterator[Problem]:
    if newest is None:
        yield _problem(folder, "stale", f"holds no list that {folder.issuer} signed")
        return
    end = ends_at(newest)
    if now > end:
        yield _problem(folder, "stale", f"was to be signed anew by {end:%Y-%m-%d %H:%M} UTC")
    elif end - now < WARNED_BEFORE:
        yield _problem(folder, "due", f"is to be signed anew by {end:%Y-%m-%d}")
    if missing := _unlisted(folder, newest, now):
        yield _problem(folder, "stale", f"does not list {missing} that {folder.devices} revokes")


def _unlisted(folder: Folder, newest: Crl, now: datetime) -> int:
    """Count the issuer's certificates that the table revokes and the list does not name."""
    listed = {entry.serial for entry in entries_of(newest)}
    issuer = key_id(read_chain(read_file(folder.issuer), folder.issuer)[0])
    try:
        rows = read_table(folder).devices
    except XChatError:  # said with the devices
        return 0
    revoked = (each for each in rows if each.revoked and each.issuer == issuer)
    return sum(int(each.serial, 16) not in listed and each.not_after > now for each in revoked)


def _newest(folder: Folder) -> Crl | None:
    lists = read_crls(read_file(folder.crl))
    return newest_by(lists, read_chain(read_file(folder.issuer), folder.issuer)[0])


def _problem(folder: Folder, kind: Kind, rule: str) -> Problem:
    mend = folder.command("doctor")
    return Problem(kind=kind, file=str(folder.crl), rule=rule, mend=mend)
