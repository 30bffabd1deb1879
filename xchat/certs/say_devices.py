"""Devices in people's words."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from xchat.certs.say import field, left
from xchat.pki.device.give import Given
from xchat.pki.device.overview import Devices, Revoked, Row
from xchat.pki.facts import fingerprint
from xchat.pki.show import RevokedList


def given(done: Given, now: datetime) -> Iterator[str]:
    """Yield what a device was given, and the next command."""
    whose = f"{done.account}'s {done.device}"
    if not done.is_new:
        yield f"This key has a certificate already, as {whose}; nothing was changed"
    elif done.has_key:
        yield f"Made a key and a certificate for {whose}"
    else:
        yield f"Signed a certificate for {whose}; its key was not seen here"
    what = "key and certificate, unlocked; only you can read it" if done.has_key else "certificate"
    yield from field("file", f"{done.file}: {what}")
    if done.p12:
        yield from field("PKCS#12", f"{done.p12}: the same under a passphrase")
    if done.passphrase:
        yield from field("opened by", f"{done.passphrase} (told once, kept nowhere)")
    yield from field("valid", f"until {done.not_after:%Y-%m-%d} ({left(done.not_after, now)})")
    first, second = fingerprint(done.sha256)
    yield from field("SHA256", f"{first} {second}")
    for note in done.notes:
        yield from field("note", note.text, note.mend)
    yield ""
    yield f"Next:  {done.next}"


def listed(found: Devices) -> Iterator[str]:
    """Yield a line a device, then how the list of the revoked stands."""
    who = max((len(each.account) for each in found.devices), default=0)
    what = max((len(each.device) for each in found.devices), default=0)
    for each in found.devices:
        yield f"{each.account:{who}}  {each.device:{what}}  {_standing(each)}"
    if not found.devices:
        yield "There are no devices"
    yield ""
    if found.list_until:
        day = f"{found.list_until:%Y-%m-%d}"
        yield f"The list of the revoked, {found.list_file}, is good until {day}"
    for problem in found.problems:
        yield f"problem: {problem}"
    yield f"Next:  {found.next}"


def revoked(done: Revoked) -> Iterator[str]:
    """Yield what holds no longer, and who hears of it."""
    for each in done.revoked:
        yield f"Revoked {each.account}'s {each.device} ({each.reason})"
    for each in done.before:
        yield f"{each.account}'s {each.device} was {_standing(each)}"
    if done.revoked:
        yield "A server that uses this folder lets it in no more, and ends its sessions"
        yield f"For other servers: {done.list_file}{' is as it was' if done.unlisted else ''}"
    else:
        yield "Nothing was changed"
    if done.unlisted:
        yield f"problem: {done.unlisted}"
    yield ""
    yield f"Next:  {done.next}"


def crl(seen: RevokedList, now: datetime) -> Iterator[str]:
    """Yield what a list of the revoked says, and who signed it."""
    yield f"{seen.file}: a list of the revoked, number {seen.number}"
    whose = "" if seen.is_ours else ", WHICH IS NO CA OF THIS FOLDER"
    yield from field("signed by", f"{seen.issuer}{whose}")
    end = f"{seen.not_before:%Y-%m-%d} to {seen.not_after:%Y-%m-%d}"
    yield from field("valid", f"{end} ({left(seen.not_after, now)})")
    for each in seen.revoked:
        whose = f"{each.account}'s {each.device}, " if each.account else ""
        yield from field("revoked", f"{whose}on {each.at:%Y-%m-%d} ({each.reason}): {each.serial}")
    if not seen.revoked:
        yield from field("revoked", "nothing")


def _standing(row: Row) -> str:
    if row.revoked:
        return f"revoked on {row.revoked:%Y-%m-%d} ({row.reason})"
    day = f"{row.not_after:%Y-%m-%d}"
    if row.state == "expired":
        return f"expired on {day}"
    rest = f"{row.days_left} day{'' if row.days_left == 1 else 's'} left"
    return f"until {day}, {rest}{': a new one is due' if row.state == 'due' else ''}"
