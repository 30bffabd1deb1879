"""Read what signs: the issuer and its key, and those it took over from."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from cryptography import x509

from xchat.errors import XChatError
from xchat.pki.disk.files import read_file
from xchat.pki.disk.folder import Folder
from xchat.pki.errors import Differs, Expired
from xchat.pki.facts import read_chain
from xchat.pki.mint.authority import Holder
from xchat.pki.signing import load_holder, load_issuer


def need_made(folder: Folder) -> None:
    """Raise Differs for a folder in which there is no CA."""
    if not folder.issuer.exists():
        raise Differs(f"{folder.path}: there are no certificates", mend=folder.first_command())


def read_issuer(folder: Folder, now: datetime) -> Holder:
    """Return the issuer that signs now; raise Differs, Expired or NotTrusted if it cannot."""
    issuer = load_issuer(folder)
    end = issuer.certificate.not_valid_after_utc
    if now > end:
        raise Expired(
            f"{folder.issuer} expired on {end:%Y-%m-%d}, so it can sign nothing",
            mend=folder.command("status"),
        )
    return issuer


def read_signers(folder: Folder) -> list[Holder]:
    """Return the issuer, and those before it whose keys are here: what signs lists of revoked."""
    return [load_issuer(folder), *_former(folder)]


def read_signing(folder: Folder) -> list[x509.Certificate]:
    """Return the certificates of what signs lists of revoked, without their keys."""
    return [_first(folder.issuer), *(_first(path) for path, _key in _former_pairs(folder))]


def read_authorities(folder: Folder) -> list[x509.Certificate]:
    """Return every CA of a folder, roots and issuers of old too; what cannot be read is no CA."""
    found = []
    for path in (*folder.issuers(), folder.ca):
        try:
            found += read_chain(read_file(path), path)
        except XChatError:
            continue
    return found


def key_id(certificate: x509.Certificate) -> str:
    """Return the identifier of a certificate's key, in hexadecimal."""
    return x509.SubjectKeyIdentifier.from_public_key(certificate.public_key()).digest.hex()


def _former(folder: Folder) -> Iterator[Holder]:
    for path, key in _former_pairs(folder):
        yield load_holder(folder, path, key)


def _former_pairs(folder: Folder) -> Iterator[tuple[Path, Path]]:
    for path in folder.issuers()[1:]:
        key = path.with_name(f"{path.stem}-key.pem")
        if key.exists():
            yield path, key


def _first(path: Path) -> x509.Certificate:
    return read_chain(read_file(path), path)[0]
