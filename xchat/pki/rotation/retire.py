"""Keep the issuers that sign no more for as long as devices of theirs are in force.

The server knows such devices by the issuer's certificate, and revokes them with its key.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from cryptography import x509

from xchat.errors import XChatError
from xchat.pki.disk.backup import back_up
from xchat.pki.disk.files import read_file
from xchat.pki.disk.folder import FORMER, Folder
from xchat.pki.disk.registry import Table
from xchat.pki.disk.signers import key_id
from xchat.pki.disk.stage import Stage
from xchat.pki.facts import read_chain
from xchat.pki.mint.authority import Holder
from xchat.pki.signing import load_holder

NAME_DIGITS = 8


@dataclass
class Retired:
    """Those whose lists of the revoked are to be signed on, and the names of those let go."""

    signers: list[Holder] = field(default_factory=list)
    gone: set[x509.Name] = field(default_factory=set)


def retire(folder: Folder, change: Stage, table: Table, now: datetime) -> Retired:
    """Let the issuer here step back with a change, and let go of those that nobody needs."""
    return _parted(folder, change, table, now, folder.issuers())


def let_idle_go(folder: Folder, change: Stage, table: Table, now: datetime) -> Retired:
    """Let go of those whose last device has expired; their files go to a dated backup."""
    idle = list(idle_issuers(folder, table, now))
    if idle:
        keys = (each for path in idle for each in (path, _key_of(path)))
        back_up(folder, change, now, paths=tuple(each for each in keys if each.exists()))
    return _parted(folder, change, table, now, folder.issuers()[1:])


def idle_issuers(folder: Folder, table: Table, now: datetime) -> Iterator[Path]:
    """Yield the files of issuers that sign no more, and whose last device has expired."""
    for path, certificate in _readable(folder.issuers()[1:]):
        if not _is_needed(folder, path, certificate, table, now):
            yield path


def _readable(paths: Iterable[Path]) -> Iterator[tuple[Path, x509.Certificate]]:
    for path in paths:
        with contextlib.suppress(XChatError):
            yield path, read_chain(read_file(path), path)[0]


def _parted(
    folder: Folder, change: Stage, table: Table, now: datetime, paths: Iterable[Path]
) -> Retired:
    retired = Retired()
    for path, certificate in _readable(paths):
        if _is_needed(folder, path, certificate, table, now):
            retired.signers += _signer(folder, path)
            if path == folder.issuer:
                _move(folder, change, certificate)
        else:
            retired.gone.add(certificate.subject)
            _let_go(folder, change, path)
    return retired


def _move(folder: Folder, change: Stage, certificate: x509.Certificate) -> None:
    """Put the issuer that signs until now, and its key if that is here, to those before it."""
    name = key_id(certificate)[:NAME_DIGITS]
    change.add_public(f"{FORMER}/{name}.pem", read_file(folder.issuer))
    if folder.issuer_key.exists():
        change.add_secret(f"{FORMER}/{name}-key.pem", read_file(folder.issuer_key))


def _let_go(folder: Folder, change: Stage, path: Path) -> None:
    if path != folder.issuer:
        change.remove(f"{FORMER}/{path.name}")
        change.remove(f"{FORMER}/{_key_of(path).name}")


def _is_needed(
    folder: Folder, path: Path, issuer: x509.Certificate, table: Table, now: datetime
) -> bool:
    """Tell whether a device of an issuer's has not expired; one that was revoked is to stay so.

    Where the table is lost nobody can tell, and none of those that stepped back is let go.
    """
    if path != folder.issuer and not folder.devices.exists():
        return True
    its = key_id(issuer)
    return any(each.issuer == its and now <= each.not_after for each in table.devices)


def _signer(folder: Folder, path: Path) -> list[Holder]:
    """Return who can sign; nobody, where the key is gone: the table of devices has to do then."""
    try:
        return [load_holder(folder, path, _key_of(path))]
    except XChatError:
        return []


def _key_of(issuer: Path) -> Path:
    return issuer.with_name(f"{issuer.stem}-key.pem")
