"""What a device logs in by: its key and its certificate, in one file; and the keys to come.

One rename changes both: killed anywhere there is the old pair or the new one. (Two files would
want a log to redo the second from, and every reader would have to look at it.) A key is on the
disk before a server hears of it: who is killed in the middle comes back with the same key, and
for that a server gives the same certificate again.

What stands before a PEM's first line is nobody's business but ours (RFC 7468, 2): there the file
says until when it is good, so that no start has to read certificates.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from xchat.client import keyring
from xchat.client.certificate import Own
from xchat.client.exits import ClientError, Exit
from xchat.client.keyring import Login
from xchat.client.peer import Peer

if TYPE_CHECKING:
    from xchat.pki.mint.keys import PrivateKey

MARK_CHARS = 16
"""Of a token's SHA-256: enough to know a link again by, and nothing to let anybody in."""
HEADER_CHARS_MAX = 1024
_NOTE = re.compile(r"^(invite|not-before|not-after): (.+)$", re.MULTILINE)


class Term(NamedTuple):
    """What a device's file says of its certificate; `invite` marks the link that it came by."""

    invite: str
    not_before: datetime
    not_after: datetime

    @property
    def renew_at(self) -> datetime:
        """When two thirds of its life are over."""
        return self.not_before + (self.not_after - self.not_before) * 2 / 3

    def __str__(self) -> str:
        """Return it as it stands before the key."""
        return (
            "What this device logs in by: its key, its certificate, the issuer's.\n"
            "xchat-client renews it; nobody else may have it.\n"
            f"invite: {self.invite}\n"
            f"not-before: {self.not_before.isoformat()}\nnot-after: {self.not_after.isoformat()}\n"
        )


def joining(mark: str) -> Path:
    """Return where the key is kept that a link's token is sent with."""
    return keyring.servers() / f"joining-{mark}.pem"


def joined(peer: Peer, mark: str) -> Login | None:
    """Return the login that a link has given this device, if it has."""
    mine = (
        each for each in keyring.logins(peer) if (term := read_term(each)) and term.invite == mark
    )
    return next(mine, None)


def read_term(login: Login) -> Term | None:
    """Return what the device's file says of its certificate; None where there is no such file."""
    try:
        with login.device.open(encoding="latin-1") as file:
            head = file.read(HEADER_CHARS_MAX).partition("-----BEGIN")[0]
        notes = dict(_NOTE.findall(head))
        start, end = (datetime.fromisoformat(notes[key]) for key in ("not-before", "not-after"))
        return Term(notes["invite"], start, end) if start.tzinfo and end.tzinfo else None
    except (OSError, KeyError, ValueError):
        return None


def ended(own: Own | None) -> datetime | None:
    """Return when the certificate that we log in by ended, if it is one of these, and has."""
    login = keyring.login_of(own.cert) if own is not None else None
    term = read_term(login) if login is not None else None
    return term.not_after if term is not None and term.not_after < datetime.now(UTC) else None


def key_at(path: Path) -> PrivateKey:
    """Return the key that is kept at `path`; make one where there is none. Raises ClientError."""
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

    from xchat.errors import XChatError
    from xchat.pki.disk import files
    from xchat.pki.mint import keys

    with keyring.storing(path):
        if not path.exists():
            files.replace(path, keys.key_pem(keys.make_key()), mode=files.SECRET)
        pem = path.read_bytes()
    try:
        key = keys.read_key(pem, path)
    except XChatError as error:
        raise _unfit(path, error.what) from error
    if not isinstance(key, EllipticCurvePrivateKey):
        raise _unfit(path, f"{path} holds a key of another kind")
    return key


def next_key(login: Login) -> PrivateKey:
    """Return the key to ask the next certificate for: another than the one in use."""
    with keyring.storing(login.next_key):
        if login.next_key.exists() and login.next_key.read_bytes() in login.device.read_bytes():
            forget(login.next_key)  # killed just before that was done
    return key_at(login.next_key)


def forget(pending: Path) -> None:
    """Remove a key that has come to its place. Raises ClientError."""
    with keyring.storing(pending):
        pending.unlink(missing_ok=True)


def write_device(login: Login, term: Term, key: PrivateKey, chain: bytes) -> None:
    """Put a key and its certificates in place of those that were there. Raises ClientError."""
    from xchat.pki.disk import files
    from xchat.pki.mint import keys

    data = str(term).encode() + keys.key_pem(key) + chain
    with keyring.storing(login.device):
        files.replace(login.device, data, mode=files.SECRET)


def write_ca(login: Login, roots: bytes) -> None:
    """Put the roots that are trusted in place of those that were. Raises ClientError."""
    from xchat.pki.disk import files

    with keyring.storing(login.ca):
        files.replace(login.ca, roots, mode=files.PUBLIC)


def _unfit(path: Path, what: str) -> ClientError:
    return ClientError(Exit.OWN_UNUSABLE, what, mend=f"Remove it, and type the same again: {path}")
