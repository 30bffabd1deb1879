"""What this device logs in by, as which account, on which server: a folder for each.

In the platform's config folder, beside what the last server was (`profile`):

    servers/anna@chat.lan_8080/client.toml    where, who, which channel, as it was there the last time
                               ca.pem         whom to trust
                               device.pem     the key, the certificate to it, and its issuer's
                               next-key.pem   a key whose certificate is on its way
    servers/joining-4f3a….pem                 the same, for a link whose account is not known yet

Key and certificate are one file, so that one rename changes both: killed anywhere there is the
old pair or the new one. (Two files would want a log to redo the second from, and every reader
would have to look at it.) A key is on the disk before a server hears of it: who is killed in the
middle comes back with the same key, and for that a server gives the same certificate again.

Traps: what stands before a PEM's first line is nobody's business but ours (RFC 7468, 2); there
`device.pem` says until when it is good, so that no start has to read certificates.
"""  # noqa: E501 - a path is one line

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from xchat.client import profile
from xchat.client.certificate import Own
from xchat.client.exits import ClientError, Exit
from xchat.client.peer import Peer
from xchat.client.profile import Profile

if TYPE_CHECKING:
    from xchat.pki.keys import PrivateKey

SERVERS, DEVICE = "servers", "device.pem"
MARK_CHARS = 16
_NOTE = re.compile(r"^(invite|not-before|not-after): (.+)$", re.MULTILINE)
_HEADER_CHARS_MAX = 1024


class Login(NamedTuple):
    """The folder of one login."""

    folder: Path

    @property
    def ca(self) -> Path:
        """Whom to trust."""
        return self.folder / "ca.pem"

    @property
    def device(self) -> Path:
        """The key and the certificate of this device."""
        return self.folder / DEVICE

    @property
    def next_key(self) -> Path:
        """The key of a certificate that was asked for, and has not come yet."""
        return self.folder / "next-key.pem"

    @property
    def profile(self) -> Path:
        """How this server was reached the last time."""
        return self.folder / profile.FILE


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


def servers() -> Path:
    """Return where the folders are."""
    return profile.config_folder() / SERVERS


def login_at(peer: Peer, account: str = "") -> Login:
    """Return the login of an account on a server, whether it is there or not."""
    who = f"{_plain(account.casefold())}@" if account else ""
    return Login(servers() / f"{who}{_place(peer)}")


def login_of(device: Path) -> Login | None:
    """Return the login whose device's file this is; None for any other file."""
    login = Login(device.parent)
    return login if device == login.device and device.parent.parent == servers() else None


def logins(peer: Peer) -> list[Login]:
    """Return what there is for a server, what was used last at the end."""
    place = _place(peer)
    try:
        folders = [each for each in servers().iterdir() if each.name.rpartition("@")[2] == place]
    except OSError:
        return []
    there = (Login(each) for each in folders if (each / profile.FILE).exists())
    return sorted(there, key=lambda each: each.profile.stat().st_mtime)


def known(nick: str | None, peer: Peer, last: Profile) -> Profile:
    """Return how a server was reached, as this nick where there are several; else `last`."""
    if last.peer == peer and nick in (None, last.nick, last.account):
        return last
    if nick and (mine := profile.load(login_at(peer, nick).profile)).peer:
        return mine
    there = logins(peer)
    return profile.load(there[-1].profile) if there and last.peer != peer else last


def keep(kept: Profile) -> None:
    """Keep how a server was reached, in its own folder. Raises OSError, UnicodeEncodeError."""
    assert kept.peer is not None
    login = login_at(kept.peer, kept.account)
    if profile.load(login.profile) != kept:
        profile.save(login.profile, kept)


def make(login: Login) -> None:
    """Make a login's folder, for its owner's eyes only. Raises OSError."""
    from xchat.pki import files

    files.make_folder(login.folder)


# -- keys and certificates --------------------------------------------------------------------
def joining(mark: str) -> Path:
    """Return where the key is kept that a link's token is sent with."""
    return servers() / f"joining-{mark}.pem"


def joined(peer: Peer, mark: str) -> Login | None:
    """Return the login that a link has given this device, if it has."""
    mine = (each for each in logins(peer) if (term := read_term(each)) and term.invite == mark)
    return next(mine, None)


def read_term(login: Login) -> Term | None:
    """Return what the device's file says of its certificate; None where there is no such file."""
    try:
        with login.device.open(encoding="latin-1") as file:
            head = file.read(_HEADER_CHARS_MAX).partition("-----BEGIN")[0]
        notes = dict(_NOTE.findall(head))
        start, end = (datetime.fromisoformat(notes[key]) for key in ("not-before", "not-after"))
        return Term(notes["invite"], start, end) if start.tzinfo and end.tzinfo else None
    except (OSError, KeyError, ValueError):
        return None


def ended(own: Own | None) -> datetime | None:
    """Return when the certificate that we log in by ended, if it is one of these, and has."""
    login = login_of(own.cert) if own is not None else None
    term = read_term(login) if login is not None else None
    return term.not_after if term is not None and term.not_after < datetime.now(UTC) else None


def key_at(path: Path) -> PrivateKey:
    """Return the key that is kept at `path`; make one where there is none. Raises ClientError."""
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

    from xchat.errors import XChatError
    from xchat.pki import files, keys

    with storing(path):
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
    with storing(login.next_key):
        if login.next_key.exists() and login.next_key.read_bytes() in login.device.read_bytes():
            forget(login.next_key)  # killed just before that was done
    return key_at(login.next_key)


def forget(pending: Path) -> None:
    """Remove a key that has come to its place. Raises ClientError."""
    with storing(pending):
        pending.unlink(missing_ok=True)


def write_device(login: Login, term: Term, key: PrivateKey, chain: bytes) -> None:
    """Put a key and its certificates in place of those that were there. Raises ClientError."""
    from xchat.pki import files, keys

    data = str(term).encode() + keys.key_pem(key) + chain
    with storing(login.device):
        files.replace(login.device, data, mode=files.SECRET)


def write_ca(login: Login, roots: bytes) -> None:
    """Put the roots that are trusted in place of those that were. Raises ClientError."""
    from xchat.pki import files

    with storing(login.ca):
        files.replace(login.ca, roots, mode=files.PUBLIC)


@contextmanager
def storing(path: Path) -> Iterator[None]:
    """Say in words that something cannot be kept. Raises ClientError."""
    try:
        yield
    except OSError as error:
        place = error.filename or path
        raise ClientError(
            Exit.NOT_STORED,
            f"{place}: cannot be written: {error.strerror}",
            mend="Make room there, or let xchat-client write there; then type the same again.",
        ) from error


@contextmanager
def locked() -> Iterator[None]:
    """Keep every other of our commands out of these folders, made if need be."""
    from xchat.pki import files

    folder = servers()
    with storing(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        files.make_folder(folder)
    with files.locked(folder):
        yield


def _unfit(path: Path, what: str) -> ClientError:
    return ClientError(Exit.OWN_UNUSABLE, what, mend=f"Remove it, and type the same again: {path}")


def _place(peer: Peer) -> str:
    return f"{_plain(peer.name.lower())}_{peer.port}"


def _plain(text: str) -> str:
    """Return a text as a part of a file's name that every system takes, and no other text has."""
    safe = (each if each.isalnum() or each in "-_." else _escaped(each) for each in text)
    return "".join(safe)


def _escaped(character: str) -> str:
    return "".join(f"%{byte:02X}" for byte in character.encode("utf-8", "surrogateescape"))
