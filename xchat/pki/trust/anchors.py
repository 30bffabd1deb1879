"""The system's store on Linux: a folder of anchors, and a program that makes it count."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from xchat.errors import XChatError
from xchat.pki.disk.files import PUBLIC, place, read_file
from xchat.pki.facts import facts_of, read_chain
from xchat.pki.trust import proof
from xchat.pki.trust.roots import Known, Root
from xchat.pki.trust.stores import Store, located, must, run


@dataclass(frozen=True)
class Anchors:
    """A distribution's folder, how its files end, and the program that reads it again.

    `links` is where Debian's program leads other programs to each file, and leaves the link
    behind when the file goes; `hooks` are those it would have told of that.
    """

    name: str
    folder: Path
    suffix: str
    refresh: tuple[str, ...]
    links: Path | None = None
    hooks: Path | None = None

    @property
    def needs_root(self) -> bool:
        """Whether this user may not write there."""
        return os.geteuid() != 0

    def holds(self, root: Known) -> bool:
        """Tell whether the file is there, and is of this very root."""
        file = self._file(root)
        try:
            found = read_chain(read_file(file), file)
        except XChatError:
            return False
        return [facts_of(each, file).sha256 for each in found] == [root.sha256]

    def add(self, root: Root) -> None:
        """Write the file, whole, and have the folder read."""
        with contextlib.suppress(FileExistsError):
            place(self._file(root), root.pem, mode=PUBLIC)
        must(*self.refresh)

    def remove(self, root: Known) -> None:
        """Delete the file and what leads to it, and have the folder read."""
        self._file(root).unlink(missing_ok=True)
        gone = list(self._drop_links(root))
        must(*self.refresh)
        for hook in sorted(self.hooks.iterdir()) if self.hooks and gone else ():
            run(str(hook), told="".join(f"-{link}\n" for link in gone))

    def _drop_links(self, root: Known) -> Iterator[Path]:
        """Delete the links to a root's file, and the links to those; yield the former."""
        led = {f"{root.label}{self.suffix}", f"{root.label}.pem"}
        for link in sorted(self.links.iterdir()) if self.links else ():
            if link.is_symlink() and link.readlink().name in led:
                link.unlink()
                if link.suffix == ".pem":
                    yield link

    def refusal(self, root: Root) -> str | None:
        """Return why the system does not trust a root."""
        return proof.refusal(root)

    def _file(self, root: Known) -> Path:
        return self.folder / f"{root.label}{self.suffix}"


DISTRIBUTIONS = (
    Anchors(
        "the store of Fedora and its kin",
        Path("/etc/pki/ca-trust/source/anchors"),
        ".pem",
        ("update-ca-trust", "extract"),
    ),
    Anchors(
        "the store of openSUSE",
        Path("/etc/pki/trust/anchors"),
        ".pem",
        ("update-ca-certificates",),
    ),
    Anchors(
        "the store of Arch",
        Path("/etc/ca-certificates/trust-source/anchors"),
        ".crt",
        ("trust", "extract-compat"),
    ),
    Anchors(
        "the store of Debian and its kin",
        Path("/usr/local/share/ca-certificates"),
        ".crt",
        ("update-ca-certificates",),
        links=Path("/etc/ssl/certs"),
        hooks=Path("/etc/ca-certificates/update.d"),
    ),
)
"""The most telling folder first: several have Debian's too."""


def find() -> list[Store]:
    """Return this machine's, if it is of a distribution that we know."""
    for each in DISTRIBUTIONS:
        if each.folder.is_dir() and located(each.refresh[0]):
            return [each]
    return []
