"""Open the root: its certificate, and its key, wherever that lies."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from cryptography import x509

from xchat.errors import XChatError
from xchat.pki.disk.files import read_file
from xchat.pki.disk.folder import Folder
from xchat.pki.errors import Differs, Expired, NotTrusted
from xchat.pki.facts import read_chain, root_above
from xchat.pki.lock import read_root_key
from xchat.pki.mint.authority import Holder
from xchat.pki.mint.keys import is_locked

Ask = Callable[[Path], bytes]
"""Asks for the passphrase of a key."""


@dataclass(frozen=True)
class Root:
    """The root's certificate and key, and what its key was locked with."""

    holder: Holder
    passphrase: bytes | None = field(default=None, repr=False)


def open_root(folder: Folder, key: Path | None, ask: Ask) -> Root:
    """Return the root, its key read from `key` or from its place; `ask` if it is locked.

    To be done before the folder is locked: a person takes time to type. Raises Differs where the
    key is not to be found, Locked for a wrong passphrase, NotTrusted for another key.
    """
    certificate, path = current_root(folder), key or folder.root_key
    if not path.exists():
        raise Differs(
            f"{path} is not here, and only the root's key can sign that",
            mend="If it was moved away, say where it is: --root-key FILE",
        )
    passphrase = ask(path) if is_locked(read_file(path)) else None
    private = read_root_key(path, passphrase)
    if private.public_key() != certificate.public_key():
        raise NotTrusted(
            f"{path} is not the key to the root in {folder.ca}", mend=folder.command("status")
        )
    return Root(Holder(certificate, private), passphrase)


def current_root(folder: Folder) -> x509.Certificate:
    """Return the root whose CA this is; raise Differs or NotTrusted."""
    roots = read_chain(read_file(folder.ca, mend=folder.command("init")), folder.ca)
    try:
        issuer = read_chain(read_file(folder.issuer), folder.issuer)
    except XChatError:
        issuer = []
    return root_above(issuer, roots)


def check_in_force(folder: Folder, root: x509.Certificate, now: datetime) -> None:
    """Raise Expired if a root can sign nothing any more."""
    if now > (end := root.not_valid_after_utc):
        raise Expired(
            f"the root in {folder.ca} expired on {end:%Y-%m-%d}, so it can sign nothing",
            mend=folder.command("init", "--force"),
        )
