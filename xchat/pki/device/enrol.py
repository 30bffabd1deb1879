"""Give a device its certificate: the first one, and the one that follows it.

Called by the command line and by the server's threads. Each call is one change
under the folder's lock: the certificate, the table of devices, the list of the
revoked and the journal, all of them or none.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from xchat.errors import XChatError
from xchat.limits import CERTIFICATES_PER_DEVICE_MAX, DEVICES_PER_ACCOUNT_MAX
from xchat.pki.device.revocations import revoked_in
from xchat.pki.device.revoke import add_table
from xchat.pki.disk import acts, stage
from xchat.pki.disk.files import locked, read_file
from xchat.pki.disk.folder import Folder
from xchat.pki.disk.registry import (
    Device,
    Table,
    check_account,
    check_device,
    file_name,
    free_name,
    read_table,
)
from xchat.pki.disk.signers import key_id, need_made, read_authorities, read_issuer
from xchat.pki.disk.stage import Stage
from xchat.pki.errors import Differs, Full, NotTrusted
from xchat.pki.facts import facts_of, read_chain
from xchat.pki.judge.verify_device import prove_device
from xchat.pki.mint.authority import Holder, PublicKey, mint_device
from xchat.pki.mint.owner import account_in, device_in, label_of
from xchat.pki.mint.request import key_sha256, proven_key
from xchat.pki.signing import pem


@dataclass(frozen=True)
class Enrolled:
    """A device has its certificate.

    `chain` is PEM, the issuer's certificate after the device's; `device` is called as it asked
    to be, or `laptop-2` where that was taken; `is_new` is false where it had this one already.
    """

    chain: str
    device: Device
    file: str
    is_new: bool


def enrol(
    folder: Folder,
    account: str,
    device: str,
    request: x509.CertificateSigningRequest,
    now: datetime,
    *,
    key_pem: bytes = b"",
    if_taken: str = "rename",
) -> Enrolled:
    """Sign a device's first certificate; for the same key of the same account, return that again.

    Of the request only its key is taken. `key_pem` is the private key, where it was made here:
    it is kept with the certificate. `if_taken` is "refuse" where another name will not do.
    Raises UsageError for names, NotTrusted for a request, Differs or Expired for a folder that
    cannot sign; Full where an account has too many devices.
    """
    public_key, name = proven_key(request), check_device(device)
    check_account(account)
    need_made(folder)
    with locked(folder.path):
        desk = _open(folder, now)
        if again := desk.same(account, public_key):
            return again
        if mine := desk.named(account, public_key):
            return desk.sign(account, mine, public_key, key_pem)
        taken = desk.table.in_force(now, account)
        _need_room(account, taken)
        free = free_name(taken, name)
        if free != name and if_taken == "refuse":
            raise _taken(folder, account, name, taken)
        return desk.sign(account, free, public_key, key_pem)


def renew_device(
    folder: Folder,
    shown: x509.Certificate,
    request: x509.CertificateSigningRequest,
    now: datetime,
) -> Enrolled:
    """Sign the certificate that follows on the one a device has `shown`, which is in force.

    That it has the key to that one, a handshake has proved. With the key of before, and a
    third of the time left or more, the certificate stays. Raises as `enrol`.
    """
    public_key = proven_key(request)
    with locked(folder.path):
        desk = _open(folder, now)
        account, device = desk.holder_of(shown)
        if again := desk.same(account, public_key):
            return again
        return desk.sign(account, device, public_key, b"")


def check_free(
    folder: Folder, account: str, device: str, key: PublicKey | None, now: datetime
) -> None:
    """Raise what `enrol` would for these names, and Differs for one that another key has."""
    need_made(folder)
    check_account(account)
    name = check_device(device)
    taken = read_table(folder).in_force(now, account)
    known = key_sha256(key) if key else None
    if not any(each.key == known for each in taken) and free_name(taken, name) != name:
        raise _taken(folder, account, name, taken)


@dataclass(frozen=True)
class _Desk:
    """What is needed to sign, read under the folder's lock."""

    folder: Folder
    issuer: Holder
    table: Table
    now: datetime

    def same(self, account: str, public_key: PublicKey) -> Enrolled | None:
        """Return the certificate this key has, if it is not due; refuse a key that was revoked."""
        key = key_sha256(public_key)
        rows = [each for each in self.table.of(account) if each.key == key]
        if any(each.revoked for each in rows):
            raise NotTrusted(
                f"this key of {account} was revoked, and is not signed again",
                mend="Make a new key, and ask with that",
            )
        fresh = [each for each in rows if not is_due(each, self.now)]
        return self._kept(fresh[-1]) if fresh else None

    def holder_of(self, shown: x509.Certificate) -> tuple[str, str]:
        """Return whose device a certificate is; raise NotTrusted if it is not in force here."""
        der = shown.public_bytes(Encoding.DER)
        if not shown.not_valid_before_utc <= self.now <= shown.not_valid_after_utc:
            raise NotTrusted("the device's certificate is not in force", mend=_INVITE)
        if revoked := revoked_in(self.folder).of(der):
            raise NotTrusted(
                f"the device's certificate was revoked on {revoked.at:%Y-%m-%d}", mend=_INVITE
            )
        sha256 = shown.fingerprint(hashes.SHA256()).hex()
        for each in self.table.devices:
            if each.sha256 == sha256:
                return each.account, each.device
        return self._by_signature(shown, account_in(der), device_in(der))

    def sign(self, account: str, device: str, key: PublicKey, key_pem: bytes) -> Enrolled:
        """Mint a certificate, and keep it, its row, a new list and a line of the journal."""
        self._need_room(account, device)
        issuer = self.issuer.certificate
        certificate = mint_device(
            self.issuer, key, account, label_of(issuer), self.now, device=device
        )
        roots = read_chain(read_file(self.folder.ca), self.folder.ca)
        prove_device([certificate, issuer], roots, self.now)
        chain = pem(certificate) + pem(issuer)
        row = row_of(account, device, certificate, issuer, self.now)
        change = Stage(self.folder.path)
        name = file_name(account, device)
        add = change.add_secret if key_pem else change.add_public
        add(name, key_pem + chain)
        add_table(self.folder, change, self.table.with_rows([row], self.now), self.now)
        facts = facts_of(certificate, name)
        whose = {"account": account, "device": device, "issuer": row.issuer, "key": row.key}
        change.add_acts([acts.minted(facts, self.now, **whose)])
        change.commit()
        return Enrolled(chain.decode(), row, str(self.folder.path / name), is_new=True)

    def named(self, account: str, public_key: PublicKey) -> str | None:
        """Return the name of the device that has this key, if one in force has."""
        key = key_sha256(public_key)
        rows = self.table.in_force(self.now, account)
        return next((each.device for each in rows if each.key == key), None)

    def _need_room(self, account: str, device: str) -> None:
        if len(self.table.in_force(self.now, account, device)) >= CERTIFICATES_PER_DEVICE_MAX:
            raise Full(
                f"{device} of {account} has {CERTIFICATES_PER_DEVICE_MAX} certificates in force",
                mend="It gets a new one when one of them has expired",
            )

    def _kept(self, row: Device) -> Enrolled | None:
        """Return a row's certificate from its file; None if that is gone."""
        path = self.folder.path / file_name(row.account, row.device)
        try:
            chain = read_chain(read_file(path), path)
        except XChatError:
            return None
        if chain[0].fingerprint(hashes.SHA256()).hex() != row.sha256:
            return None
        return Enrolled(b"".join(map(pem, chain)).decode(), row, str(path), is_new=False)

    def _by_signature(self, shown: x509.Certificate, account: str, device: str) -> tuple[str, str]:
        """Believe a certificate that the table does not know, if a CA of this folder signed it."""
        for authority in read_authorities(self.folder):
            try:
                shown.verify_directly_issued_by(authority)
            except (ValueError, TypeError, InvalidSignature):
                continue
            if account:
                return check_account(account), check_device(device or "device")
        raise NotTrusted("the device's certificate is not of this CA", mend=_INVITE)


_INVITE = "Ask for a new link: xchat-certs invite NAME"


def is_due(row: Device, now: datetime) -> bool:
    """Tell whether two thirds of a certificate's life are over."""
    return (row.not_after - now) * 3 < row.not_after - row.not_before


def _open(folder: Folder, now: datetime) -> _Desk:
    stage.recover(folder.path)
    return _Desk(folder, read_issuer(folder, now), read_table(folder), now)


def _need_room(account: str, rows: list[Device]) -> None:
    if len({each.device for each in rows}) >= DEVICES_PER_ACCOUNT_MAX:
        raise Full(
            f"{account} has {DEVICES_PER_ACCOUNT_MAX} devices in force, which is all it may have",
            mend=f"xchat-certs device revoke {account} NAME",
        )


def _taken(folder: Folder, account: str, name: str, rows: list[Device]) -> Differs:
    end = max(each.not_after for each in rows)
    again = folder.command("device", "add", account, free_name(rows, name))
    return Differs(f"{account} has a device {name}, until {end:%Y-%m-%d}", mend=again)


def row_of(
    account: str,
    device: str,
    certificate: x509.Certificate,
    issuer: x509.Certificate,
    now: datetime,
) -> Device:
    """Return the table's row of a device's certificate."""
    return Device(
        account=account,
        device=device,
        serial=f"{certificate.serial_number:x}",
        sha256=certificate.fingerprint(hashes.SHA256()).hex(),
        key=key_sha256(certificate.public_key()),  # type: ignore[arg-type]
        issuer=key_id(issuer),
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
        made=now,
    )
