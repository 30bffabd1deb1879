"""Give a device its certificate by hand, for people with other clients than ours.

The key is made here and handed over, or was made elsewhere and is not seen at all.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import msgspec
from cryptography import x509

from xchat.errors import XChatError
from xchat.pki.device.enrol import Enrolled, check_free, enrol
from xchat.pki.disk.files import read_file
from xchat.pki.disk.folder import Folder
from xchat.pki.errors import Differs
from xchat.pki.export import Place, devices, export_p12
from xchat.pki.mint.keys import key_pem, make_key
from xchat.pki.mint.p12 import check_passphrase
from xchat.pki.mint.request import make_request, proven_key, read_request
from xchat.pki.wish import Note


@dataclass(frozen=True)
class Wanted:
    """Whose device, what it is called, and how it is to be handed over."""

    account: str
    device: str
    request: Path | None = None
    p12: Path | None = None
    passphrase: str = field(default="", repr=False)


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """A device has a certificate, in `file`; `p12` is where it is besides.

    `is_new` is false if this key had it already; `passphrase` is one that was made here.
    """

    account: str
    device: str
    file: str
    has_key: bool
    is_new: bool
    serial: str
    sha256: str
    not_before: datetime
    not_after: datetime
    p12: str | None = None
    passphrase: str | None = None
    notes: tuple[Note, ...] = ()
    next: str

    def __repr__(self) -> str:
        """Leave the passphrase out: a traceback is no place for it."""
        return f"Given({self.account!r}, {self.device!r}, {self.file!r})"


def check_wanted(folder: Folder, wanted: Wanted, now: datetime) -> None:
    """Raise what would be raised half-way: names, a request, a file that is there already."""
    key = proven_key(_request(wanted.request)) if wanted.request else None
    check_free(folder, wanted.account, wanted.device, key, now)
    if wanted.p12 is None:
        return
    check_passphrase(wanted.passphrase)
    if wanted.p12.exists():
        raise Differs(
            f"{wanted.p12} is there already, and was left as it is",
            mend="Name another file: --p12 FILE",
        )
    if not wanted.p12.parent.is_dir():
        raise XChatError(
            f"{wanted.p12.parent}: there is no such folder",
            mend=shlex.join(("mkdir", "-p", str(wanted.p12.parent))),
        )


def give(folder: Folder, wanted: Wanted, now: datetime, notes: tuple[Note, ...] = ()) -> Given:
    """Give a device its certificate as it is wanted; raise as `enrol`."""
    if wanted.request:
        done = _enrol(folder, wanted, _request(wanted.request), now, b"")
        return _given(folder, done, wanted, notes)
    key = make_key()
    done = _enrol(folder, wanted, read_request(make_request(key)), now, key_pem(key))
    if wanted.p12:
        _hand_over(folder, wanted, wanted.p12, now)
    return _given(folder, done, wanted, notes)


def _hand_over(folder: Folder, wanted: Wanted, file: Path, now: datetime) -> None:
    """Write PKCS#12; raise XChatError with what is left to do: the device is there by now."""
    words = ("p12", wanted.account, wanted.device)
    try:
        holding = devices(folder, wanted.account, wanted.device, now)
        place = Place(file, replaces=False, words=words)
        export_p12(folder, holding, place, wanted.passphrase, now)
    except (OSError, XChatError) as error:
        why = error.what if isinstance(error, XChatError) else error.strerror
        raise XChatError(
            f"{wanted.device} of {wanted.account} has its certificate, but {file} could not be"
            f" written: {why}",
            mend=folder.command("export", *words, "--out", str(file)),
        ) from error


def _request(file: Path) -> x509.CertificateSigningRequest:
    return read_request(read_file(file), file)


def _enrol(
    folder: Folder,
    wanted: Wanted,
    request: x509.CertificateSigningRequest,
    now: datetime,
    key: bytes,
) -> Enrolled:
    who, what = wanted.account, wanted.device
    return enrol(folder, who, what, request, now, key_pem=key, if_taken="refuse")


def _given(folder: Folder, done: Enrolled, wanted: Wanted, notes: tuple[Note, ...]) -> Given:
    row = done.device
    return Given(
        account=row.account,
        device=row.device,
        file=done.file,
        has_key=wanted.request is None,
        is_new=done.is_new,
        serial=row.serial,
        sha256=row.sha256,
        not_before=row.not_before,
        not_after=row.not_after,
        p12=str(wanted.p12) if wanted.p12 else None,
        notes=notes,
        next=_next(folder, done, wanted),
    )


def _next(folder: Folder, done: Enrolled, wanted: Wanted) -> str:
    """Return what makes use of the certificate: its owner's client, where the key is here."""
    if wanted.request is None and wanted.p12 is None:
        return shlex.join(("xchat-admin", "client-config", "irssi", "--cert", done.file))
    return folder.command("device", "list", done.device.account)
