"""What this device logs in by, as which account, on which server: a folder for each.

In the platform's config folder, beside what the last server was (`profile`):

    servers/anna@chat.lan_8080/client.toml    where, who, which channel, as it was the last time
                               ca.pem         whom to trust
                               device.pem     the key, the certificate to it, and its issuer's
                               next-key.pem   a key whose certificate is on its way
    servers/joining-4f3a....pem               the same, for a link whose account is not known yet

What the last three are, `papers` says.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from xchat.client import profile
from xchat.client.exits import ClientError, Exit
from xchat.client.peer import Peer
from xchat.client.profile import Profile

SERVERS = "servers"


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
        return self.folder / "device.pem"

    @property
    def next_key(self) -> Path:
        """The key of a certificate that was asked for, and has not come yet."""
        return self.folder / "next-key.pem"

    @property
    def profile(self) -> Path:
        """How this server was reached the last time."""
        return self.folder / profile.FILE


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
    from xchat.pki.disk import files

    files.make_folder(login.folder)


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
    from xchat.pki.disk import files

    folder = servers()
    with storing(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        files.make_folder(folder)
    with files.locked(folder):
        yield


def _place(peer: Peer) -> str:
    return f"{_plain(peer.name.lower())}_{peer.port}"


def _plain(text: str) -> str:
    """Return a text as a part of a file's name that every system takes, and no other text has."""
    safe = (each if each.isalnum() or each in "-_." else _escaped(each) for each in text)
    return "".join(safe)


def _escaped(character: str) -> str:
    return "".join(f"%{byte:02X}" for byte in character.encode("utf-8", "surrogateescape"))
