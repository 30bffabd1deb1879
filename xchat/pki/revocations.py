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
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

import msgspec
from cryptography import x509

from xchat.errors import XChatError
from xchat.limits import DEVICES_BYTES_MAX
from xchat.pki.crl import Crl, Reason, ends_at, entries_of, read_crls, signer_of
from xchat.pki.facts import UNREADABLE
from xchat.pki.files import read_file
from xchat.pki.folder import Folder
from xchat.pki.registry import Table, parse_table
from xchat.pki.signers import read_authorities


class Revoked(msgspec.Struct, frozen=True, kw_only=True):
    """A certificate holds no longer: since when, why, and which file says so."""

    at: datetime
    reason: Reason
    file: str


@dataclass(frozen=True)
class Revocations:
    """What is revoked: by issuer and serial, as lists have it, or by fingerprint, as the table.

    `stale_at` is when the first of the lists is stale, None without any; `problems` say what
    could not be read, a line each.
    """

    by_serial: Mapping[tuple[bytes, int], Revoked] = field(default_factory=dict)
    by_sha256: Mapping[str, Revoked] = field(default_factory=dict)
    stale_at: datetime | None = None
    problems: tuple[str, ...] = ()

    def of(self, der: bytes) -> Revoked | None:
        """Return why a certificate holds no longer; None if it is not revoked."""
        found = self.by_sha256.get(hashlib.sha256(der).hexdigest())
        if found or not self.by_serial:
            return found
        try:
            certificate = x509.load_der_x509_certificate(der)
            key = certificate.issuer.public_bytes(), certificate.serial_number
        except UNREADABLE:
            return None
        return self.by_serial.get(key)

    def but_keeping(self, before: Revocations) -> Revocations:
        """Return these, and what was known before where not all could be read now."""
        if not self.problems:
            return self
        return replace(
            self,
            by_serial={**before.by_serial, **self.by_serial},
            by_sha256={**before.by_sha256, **self.by_sha256},
            stale_at=self.stale_at or before.stale_at,
        )


def read_revoked(
    authorities: Sequence[x509.Certificate], crls: Sequence[Path], devices: Path | None
) -> Revocations:
    """Return what the lists and the table say; what cannot be believed is among the problems."""
    by_serial: dict[tuple[bytes, int], Revoked] = {}
    ends: list[datetime] = []
    problems: list[str] = []
    for path in crls:
        for crl in _believed(path, authorities, problems):
            by_serial |= _by_serial(crl, path)
            ends.append(ends_at(crl))
    return Revocations(
        by_serial=by_serial,
        by_sha256=_by_sha256(devices, problems) if devices else {},
        stale_at=min(ends, default=None),
        problems=tuple(problems),
    )


def revoked_in(folder: Folder) -> Revocations:
    """Return what a folder's own list and table say."""
    return read_revoked(read_authorities(folder), [folder.crl], folder.devices)


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


def _by_sha256(path: Path, problems: list[str]) -> dict[str, Revoked]:
    try:
        table: Table = parse_table(read_file(path, bytes_max=DEVICES_BYTES_MAX), path)
    except XChatError as error:
        problems.append(error.what)
        return {}
    return {
        each.sha256: Revoked(at=each.revoked, reason=each.reason or "unspecified", file=str(path))
        for each in table.devices
        if each.revoked
    }
