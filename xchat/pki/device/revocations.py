"""Which certificates hold no longer: what the lists and the table of devices say together.

Goal: no certificate that anything trustworthy calls revoked gets in, and nobody
else is ever locked out. So a list counts if a CA we know signed it, stale or not:
what was revoked stays so. A list, or a table, that is torn or missing is a
problem told in words, not an error; whoever asks again keeps what was good
before (`Revocations.but_keeping`).

OpenSSL's own check is not used: without a list, and with a stale one, it refuses
everybody (`X509_V_ERR_UNABLE_TO_GET_CRL`, `X509_V_ERR_CRL_HAS_EXPIRED`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
from cryptography import x509

from xchat.errors import XChatError
from xchat.limits import DEVICES_BYTES_MAX
from xchat.pki.disk.files import read_file
from xchat.pki.disk.folder import Folder
from xchat.pki.disk.registry import Device, Table, parse_table
from xchat.pki.disk.signers import key_id, read_authorities
from xchat.pki.facts import UNREADABLE
from xchat.pki.mint.crl import Crl, Reason, ends_at, entries_of, number_of, read_crls, signer_of


class Revoked(msgspec.Struct, frozen=True, kw_only=True):
    """A certificate holds no longer: since when, why, and which file says so."""

    at: datetime
    reason: Reason
    file: str


Issue = tuple[int, datetime]
"""Which list of an issuer's it is: its number (RFC 5280, 5.2.3), and when it was signed."""
NO_ISSUE: Issue = (0, datetime.min.replace(tzinfo=UTC))
OLDER = "a list has a lower number than the one before it, so it adds what it has, and frees nobody"


@dataclass(frozen=True)
class Revocations:
    """What is revoked: by issuer and serial, as lists have it, or by fingerprint, as the table.

    What the table has counts by issuer and serial too (`tabled`): of a certificate's signature
    there are two forms (ECDSA's s, and its opposite), and so two fingerprints.

    `issues` says of each issuer which list of its counts.
    `stale_at` is when the first of the lists is stale, None without any; `problems` say what
    could not be read, a line each.
    """

    by_serial: Mapping[tuple[bytes, int], Revoked] = field(default_factory=dict)
    by_sha256: Mapping[str, Revoked] = field(default_factory=dict)
    tabled: Mapping[tuple[bytes, int], Revoked] = field(default_factory=dict)
    issues: Mapping[bytes, Issue] = field(default_factory=dict)
    stale_at: datetime | None = None
    problems: tuple[str, ...] = ()

    @property
    def sets(self) -> tuple[Mapping[Any, Revoked], ...]:
        """All that is revoked, by whatever it is known; empty where nothing is."""
        return self.by_serial, self.tabled, self.by_sha256

    def of(self, der: bytes) -> Revoked | None:
        """Return why a certificate holds no longer; None if it is not revoked."""
        sha256 = hashlib.sha256(der).hexdigest()
        try:
            certificate = x509.load_der_x509_certificate(der)
            named = certificate.issuer.public_bytes(), certificate.serial_number
        except UNREADABLE:
            return self.by_sha256.get(sha256)
        return self.why(named, sha256)

    def why(self, named: tuple[bytes, int], sha256: str) -> Revoked | None:
        """Do as `of`, for a certificate's issuer (DER), serial and fingerprint."""
        by_table = self.by_sha256.get(sha256) or self.tabled.get(named)
        return by_table or self.by_serial.get(named)

    def but_keeping(self, before: Revocations) -> Revocations:
        """Return these, and what was known before where it was not rightly taken back.

        An issuer's list gives way only to one that is as new, and the table to one that can
        be read: what is torn, missing, older or somebody else's takes nothing back.
        """
        kept = {
            issuer: issue
            for issuer, issue in before.issues.items()
            if issue > self.issues.get(issuer, NO_ISSUE)
        }
        is_older = not kept.keys().isdisjoint(self.issues)
        by_serial = {key: why for key, why in before.by_serial.items() if key[0] in kept}
        table = before if self.problems else Revocations()
        return replace(
            self,
            by_serial={**self.by_serial, **by_serial},
            by_sha256={**table.by_sha256, **self.by_sha256},
            tabled={**table.tabled, **self.tabled},
            issues={**self.issues, **kept},
            stale_at=self.stale_at or before.stale_at,
            problems=(*self.problems, *([OLDER] if is_older else [])),
        )


def read_revoked(
    authorities: Sequence[x509.Certificate], crls: Sequence[Path], tables: Sequence[Path]
) -> Revocations:
    """Return what the lists and the tables say; what cannot be believed is among the problems."""
    by_serial: dict[tuple[bytes, int], Revoked] = {}
    issues: dict[bytes, Issue] = {}
    ends: list[datetime] = []
    problems: list[str] = []
    for path in crls:
        for crl in _believed(path, authorities, problems):
            try:
                found, issue = _by_serial(crl, path), (number_of(crl), crl.last_update_utc)
            except UNREADABLE as error:
                problems.append(f"{path}: a list in it breaks RFC 5280: {error}")
                continue
            by_serial |= found
            issuer = crl.issuer.public_bytes()
            issues[issuer] = max(issue, issues.get(issuer, NO_ISSUE))
            ends.append(ends_at(crl))
    rows = [row for path in tables for row in _revoked_rows(path, problems)]
    issuers = _by_key(authorities)
    return Revocations(
        by_serial=by_serial,
        by_sha256={row.sha256: why for row, why in rows},
        tabled={
            (issuers[row.issuer], int(row.serial, 16)): why
            for row, why in rows
            if row.issuer in issuers
        },
        issues=issues,
        stale_at=min(ends, default=None),
        problems=tuple(problems),
    )


def revoked_in(folder: Folder) -> Revocations:
    """Return what a folder's own list and table say."""
    return read_revoked(read_authorities(folder), [folder.crl], [folder.devices])


def _believed(
    path: Path, authorities: Sequence[x509.Certificate], problems: list[str]
) -> list[Crl]:
    """Return the lists in a file that a CA we know has signed."""
    try:
        crls = read_crls(read_file(path))
    except (XChatError, ValueError) as error:
        what = error.what if isinstance(error, XChatError) else f"{path}: {error}"
        problems.append(what)
        return []
    believed = [each for each in crls if signer_of(each, authorities)]
    if len(believed) < len(crls):
        problems.append(f"{path}: a list in it is not signed by a CA that is known here")
    return believed


def _by_serial(crl: Crl, path: Path) -> dict[tuple[bytes, int], Revoked]:
    issuer = crl.issuer.public_bytes()
    return {
        (issuer, each.serial): Revoked(at=each.at, reason=each.reason, file=str(path))
        for each in entries_of(crl)
    }


def _by_key(authorities: Sequence[x509.Certificate]) -> dict[str, bytes]:
    """Return the names (DER) of CAs by their keys' identifiers, as the table has them."""
    found = {}
    for each in authorities:
        with suppress(*UNREADABLE):  # one with a key of another kind is none of the table's
            found[key_id(each)] = each.subject.public_bytes()
    return found


def _revoked_rows(path: Path, problems: list[str]) -> list[tuple[Device, Revoked]]:
    """Return the rows of the table that are revoked, and why."""
    try:
        table: Table = parse_table(read_file(path, bytes_max=DEVICES_BYTES_MAX), path)
    except XChatError as error:
        problems.append(error.what)
        return []
    return [
        (row, Revoked(at=row.revoked, reason=row.reason or "unspecified", file=str(path)))
        for row in table.devices
        if row.revoked
    ]
