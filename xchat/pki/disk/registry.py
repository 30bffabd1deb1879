"""The table of devices: which certificate is whose, until when, and which holds no longer.

One row a certificate: a device that was renewed has two for a while. What a
device and its files may be called is decided here too.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Annotated
from urllib.parse import quote

import msgspec
from msgspec import Meta

from xchat.errors import UsageError, XChatError
from xchat.irc import names
from xchat.limits import (
    DEVICE_NAME_CHARS_MAX,
    DEVICES_BYTES_MAX,
    DEVICES_MAX,
    NICK_BYTES_MAX,
)
from xchat.pki.disk.files import read_file
from xchat.pki.disk.folder import DEVICE_FILES, Folder
from xchat.pki.errors import Differs
from xchat.pki.mint.authority import DEVICE_LIFE
from xchat.pki.mint.crl import Reason

FILE_NAME_CHARS_MAX = 200
"""Of a device's file, without `.pem`: file systems take 255 bytes."""
_KEPT_CHARS = 160
_NAME_MARKS = "._-"
_NAME_CATEGORIES = ("L", "M", "Nd")


class Device(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One certificate of a device of an account.

    `serial` and the hashes are hexadecimal: `sha256` of the certificate, `key` of its public
    key (SubjectPublicKeyInfo); `issuer` is its issuer's key identifier;
    `roots` the SHA-256 of those of our roots that the device has said to trust.
    """

    account: str
    device: str
    serial: Annotated[str, Meta(pattern=r"^[0-9a-f]{1,40}\Z")]
    sha256: str
    key: str
    issuer: str
    not_before: datetime
    not_after: datetime
    made: datetime
    revoked: datetime | None = None
    reason: Reason | None = None
    roots: tuple[str, ...] = ()

    def is_in_force(self, now: datetime) -> bool:
        """Tell whether it is neither revoked nor expired."""
        return self.revoked is None and now <= self.not_after


class Table(msgspec.Struct, frozen=True):
    """All devices, in the order they were made."""

    devices: tuple[Device, ...] = ()

    def of(self, account: str, device: str | None = None) -> list[Device]:
        """Return an account's certificates, or those of one of its devices."""
        who, what = _folded(account), device and _folded(device)
        return [
            each
            for each in self.devices
            if _folded(each.account) == who and (not what or _folded(each.device) == what)
        ]

    def in_force(self, now: datetime, account: str, device: str | None = None) -> list[Device]:
        """Return those of them that are neither revoked nor expired."""
        return [each for each in self.of(account, device) if each.is_in_force(now)]

    def with_rows(self, rows: Iterable[Device], now: datetime) -> Table:
        """Return a table in which `rows` stand, in place of those of their certificates.

        What expired long ago is forgotten; raises XChatError if the table is full.
        """
        new = {each.sha256: each for each in self.devices if now - each.not_after < DEVICE_LIFE}
        new |= {each.sha256: each for each in rows}
        if len(new) > DEVICES_MAX:
            raise XChatError(
                f"this CA has {DEVICES_MAX:,} certificates of devices, which is all it may have",
                mend="Those that expired are forgotten after a while: xchat-certs device list",
            )
        return Table(tuple(new.values()))


def read_table(folder: Folder) -> Table:
    """Return a folder's table, an empty one if there is none; raise Differs if it is torn."""
    if not folder.devices.exists():
        return Table()
    try:
        return parse_table(_bytes_of(folder), folder.devices)
    except Differs as error:
        raise Differs(error.what, mend=folder.command("doctor")) from error


def parse_table(data: bytes, file: object) -> Table:
    """Return the table in `data`; raise Differs if there is none."""
    try:
        return msgspec.json.decode(data, type=Table)
    except msgspec.MsgspecError as error:
        raise Differs(
            f"{file} is no table of devices: {error}",
            mend="xchat-certs doctor",
        ) from error


def table_json(table: Table) -> bytes:
    """Return a table as it is kept: a device a line, for people and for `diff`."""
    rows = b",\n".join(msgspec.json.encode(each) for each in table.devices)
    return b'{"devices":[\n' + rows + b"\n]}\n"


def check_account(account: str) -> str:
    """Return an account's name if it may be one; raise UsageError."""
    try:
        names.check_nick(account, NICK_BYTES_MAX)
    except names.BadName as bad:
        raise UsageError(
            f"{names.visible(account)!r} is no account's name: {bad.why}",
            mend="An account is called as its nick: alice",
        ) from bad
    return account


def check_device(device: str) -> str:
    """Return a device's name, composed (NFC), if it may be one; raise UsageError."""
    name = unicodedata.normalize("NFC", device)
    if (why := _fault(name)) is not None:
        raise UsageError(
            f"{names.visible(device)[:80]!r} is no device's name: {why}",
            mend="Letters and digits of any script, and . _ - between them: laptop, phone-2",
        )
    return name


def free_name(taken: Iterable[Device], device: str) -> str:
    """Return `device`, or `device-2`, `device-3`, ... if it is taken."""
    known = {_folded(each.device) for each in taken}
    return next(name for name in _numbered(device) if _folded(name) not in known)


def file_name(account: str, device: str) -> str:
    """Return the name of a device's file, below the folder: no two devices share one.

    Percent-encoded, so that it is the same on every disk and never leaves the folder; the first
    hyphen ends the account. What is too long for a disk is cut, and its hash says what it was.
    """
    who = _encoded(_folded(account)).replace("-", "%2D").replace(".", "%2E")
    text = f"{who}-{_encoded(_folded(device))}"
    if len(text) > FILE_NAME_CHARS_MAX:
        text = f"{text[:_KEPT_CHARS]}~{hashlib.sha256(text.encode()).hexdigest()[:32]}"
    return f"{DEVICE_FILES}/{text}.pem"


def _bytes_of(folder: Folder) -> bytes:
    return read_file(folder.devices, bytes_max=DEVICES_BYTES_MAX)


def _fault(name: str) -> str | None:
    """Return why a text cannot be a device's name; None if it can."""
    if not 0 < len(name) <= DEVICE_NAME_CHARS_MAX:
        return f"it has 1 to {DEVICE_NAME_CHARS_MAX} characters"
    odd = [char for char in name if not (char in _NAME_MARKS or _is_written(char))]
    if odd:
        return f"it cannot hold {names.visible(odd[0])!r}"
    if name[0] in _NAME_MARKS or names.visible(name) != name:
        return "it begins with a letter or a digit, and nothing in it is hidden"
    try:
        names.fold(name)
    except names.BadName as bad:
        return bad.why
    return None


def _is_written(char: str) -> bool:
    return unicodedata.category(char).startswith(_NAME_CATEGORIES)


def _numbered(device: str) -> Iterator[str]:
    yield device
    for number in range(2, DEVICES_MAX + 3):
        mark = f"-{number}"
        yield f"{device[: DEVICE_NAME_CHARS_MAX - len(mark)]}{mark}"


def _folded(name: str) -> str:
    """Return the form by which a name is known; of one that is none, what a table may hold."""
    try:
        return names.fold(name)
    except names.BadName:
        return name


def _encoded(text: str) -> str:
    """Return a text's letters, digits and `_ - .`; anything else as %XX."""
    return quote(text, safe="").replace("~", "%7E")
