"""Where each certificate and key of a chat lies, and the commands that name the folder.

While the root is rotated, what it will be switched to waits in `next/`, under the same names as
here. An issuer that signs no more, but some of whose devices are in force, stays in `issuers/`: its
certificate, so that the server goes on knowing them, and its key, so that they can be revoked
until the last of them has expired.
"""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass
from pathlib import Path

DEFAULT = Path("certs")

CA, ROOT_KEY = "ca.pem", "root-key.pem"
ISSUER, ISSUER_KEY = "issuer.pem", "issuer-key.pem"
SERVER, SERVER_KEY = "server.pem", "server-key.pem"
BRIDGE = "new-with-old.pem"
CRL = "crl.pem"
DEVICES, DEVICE_FILES = "devices.json", "devices"
GENERATIONS, LIVE = "gen", "live"
NEXT, FORMER = "next", "issuers"
JOURNAL = "journal.jsonl"
BACKUPS = "backup-*"
_FILES = (CA, ROOT_KEY, ISSUER, ISSUER_KEY, BRIDGE, CRL, DEVICES, JOURNAL)


@dataclass(frozen=True)
class Folder:
    """A folder of certificates: `certs/` unless told otherwise."""

    path: Path

    @property
    def ca(self) -> Path:
        """What clients trust: the root, or two of them during a rotation."""
        return self.path / CA

    @property
    def root_key(self) -> Path:
        """The root's key; it may have been moved away."""
        return self.path / ROOT_KEY

    @property
    def issuer(self) -> Path:
        """The CA that signs from day to day."""
        return self.path / ISSUER

    @property
    def issuer_key(self) -> Path:
        """The issuer's key."""
        return self.path / ISSUER_KEY

    @property
    def server(self) -> Path:
        """The server's certificate, the issuer's after it."""
        return self.path / LIVE / SERVER

    @property
    def server_key(self) -> Path:
        """The server's key."""
        return self.path / LIVE / SERVER_KEY

    @property
    def bridge(self) -> Path:
        """Each root that followed another, certified by that one (RFC 4210, 4.4)."""
        return self.path / BRIDGE

    @property
    def next(self) -> Folder:
        """What a rotation of the root is going to switch to."""
        return Folder(self.path / NEXT)

    @property
    def crl(self) -> Path:
        """What is revoked, signed: a list for each issuer."""
        return self.path / CRL

    @property
    def devices(self) -> Path:
        """The table of devices: which certificate is whose, and which holds no longer."""
        return self.path / DEVICES

    @property
    def device_files(self) -> Path:
        """Where the certificate of each device lies, with its key if that was made here."""
        return self.path / DEVICE_FILES

    @property
    def former(self) -> Path:
        """Where issuers lie that sign nothing new, `NAME.pem` and `NAME-key.pem`.

        Their keys sign lists of the revoked until the last of their devices has expired.
        """
        return self.path / FORMER

    def issuers(self) -> list[Path]:
        """Return each issuer whose devices may log in, the one that signs now first."""
        found = sorted(self.former.glob("*.pem"))
        return [self.issuer, *(each for each in found if not each.stem.endswith("-key"))]

    def files(self) -> tuple[Path, ...]:
        """Return every file that a change replaces."""
        return (
            self.ca,
            self.root_key,
            self.issuer,
            self.issuer_key,
            self.server,
            self.server_key,
            self.crl,
            self.devices,
        )

    def ours(self) -> list[Path]:
        """Return every file and folder of ours that is there; of a link, not what it points to."""
        names = (*_FILES, GENERATIONS, LIVE, FORMER, NEXT, DEVICE_FILES)
        tops = [self.path / name for name in names] + sorted(self.path.glob(BACKUPS))
        there = [top for top in tops if top.exists() or top.is_symlink()]
        return [
            each for top in there for each in (top, *(() if top.is_symlink() else top.rglob("*")))
        ]

    def next_generation(self) -> str:
        """Return the name of the next pair's folder: `gen/0001`, then `gen/0002`, ..."""
        taken = self.generations()
        return f"{GENERATIONS}/{int(taken[-1].name) + 1 if taken else 1:04}"

    def generations(self) -> list[Path]:
        """Return the folder of each pair that is kept, the oldest first."""
        found = (each for each in self.path.glob(f"{GENERATIONS}/*") if each.name.isdecimal())
        return sorted(found, key=lambda each: int(each.name))

    def command(self, *words: str) -> str:
        """Return an `xchat-certs` command for this folder, ready to type."""
        where = () if self.path == DEFAULT else ("--dir", str(self.path))
        return shlex.join(("xchat-certs", *words, *where))

    def around(self) -> Folder | None:
        """Return the CA's folder in which this one would lie: who stands in `certs` means that."""
        outer = Folder(self.path.parent)
        if outer.path == self.path or not (outer.path / JOURNAL).exists():
            return None
        return outer if outer.issuer.exists() else None

    def first_command(self) -> str:
        """Return what to type where there is nothing yet."""
        outer = self.around()
        return outer.command("status") if outer else self.command("init")

    def server_command(self) -> str:
        """Return the command that starts a server with what lies here."""
        if self.path == DEFAULT:
            return "xchat-server"
        return shlex.join(
            ("xchat-server", "--cert", str(self.server), "--key", str(self.server_key))
        )


def folder_of(cert: Path) -> Folder | None:
    """Return the folder of certificates that `cert` lies in, by its place or by a ca.pem there.

    What lies where we put it has its folder even while that is gone, or may not be entered.
    """
    folders = (Folder(cert.parent.parent), Folder(cert.parent))
    if folders[0].server == cert:
        return folders[0]
    return next((each for each in folders if os.path.isfile(each.ca)), None)  # noqa: PTH113
