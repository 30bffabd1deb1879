"""Firefox's and Chromium's own stores on Linux: databases of NSS, one a profile, by `certutil`.

They are a person's: under `sudo` those of who typed it, changed as that user.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from xchat.errors import XChatError
from xchat.pki.disk.files import PUBLIC
from xchat.pki.facts import facts_of, read_chain
from xchat.pki.trust.roots import Known, Root
from xchat.pki.trust.stores import Store, located, must, run

PROGRAM = "certutil"
DATABASES = (
    (".pki/nssdb", "Chromium"),
    (".local/share/pki/nssdb", "Chromium"),
    ("snap/chromium/current/.pki/nssdb", "Chromium (snap)"),
    (".mozilla/firefox/*", "Firefox"),
    (".config/mozilla/firefox/*", "Firefox"),
    ("snap/firefox/common/.mozilla/firefox/*", "Firefox (snap)"),
    (".var/app/org.mozilla.firefox/.mozilla/firefox/*", "Firefox (flatpak)"),
)
"""Where each browser keeps its databases, from the home folder."""

_FOR_SERVERS_ONLY = "C,,"
"""Trusted to vouch for servers; not for mail, not for code."""


@dataclass(frozen=True)
class Database:
    """One database, and whose it is."""

    browser: str
    folder: Path
    user: tuple[int, int] | None

    needs_root = False

    @property
    def name(self) -> str:
        """Browser and profile."""
        return f"{self.browser} ({self.folder})"

    def holds(self, root: Known) -> bool:
        """Tell whether it has a certificate under our label, of this very root."""
        done = run(*self._words("-L", root), "-a", user=self.user)
        if done.returncode:
            return False
        found = read_chain(done.stdout.encode(), self.folder)
        return root.sha256 in {facts_of(each, self.folder).sha256 for each in found}

    def add(self, root: Root) -> None:
        """Add a root that may vouch for servers."""
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "root.pem")
            file.write_bytes(root.pem)
            Path(folder).chmod(0o755)  # certutil may run as another user
            file.chmod(PUBLIC)
            words = ("-t", _FOR_SERVERS_ONLY, "-i", str(file))
            must(*self._words("-A", root), *words, user=self.user)

    def remove(self, root: Known) -> None:
        """Delete what has our label."""
        must(*self._words("-D", root), user=self.user)

    def refusal(self, root: Root) -> str | None:
        """Return why NSS does not take it for a root that vouches for servers (usage L)."""
        done = run(*self._words("-V", root), "-u", "L", user=self.user)
        return None if done.returncode == 0 else (done.stderr or done.stdout).strip()

    def _words(self, verb: str, root: Known) -> tuple[str, ...]:
        return PROGRAM, verb, "-d", f"sql:{self.folder}", "-n", root.label


def find() -> list[Store]:
    """Return the databases of whoever sits here."""
    return list(_databases())


def obstacle() -> XChatError | None:
    """Return what keeps us from changing databases: no program for it; None if nothing does."""
    if located(PROGRAM) is not None:
        return None
    return XChatError(
        f"the stores of browsers are changed by {PROGRAM}, which is not here",
        mend="sudo apt install libnss3-tools (Fedora: nss-tools)",
    )


def _databases() -> Iterator[Database]:
    if os.name == "nt":
        return
    home, user = _person()
    for pattern, browser in DATABASES:
        for file in sorted(home.glob(f"{pattern}/cert9.db")):
            yield Database(browser, file.parent, user)


def _person() -> tuple[Path, tuple[int, int] | None]:
    """Return a home folder, and the user whose it is if that is not ourselves."""
    import pwd

    uid = os.environ.get("SUDO_UID", "")
    if os.geteuid() != 0 or not uid.isdecimal() or uid == "0":
        return Path.home(), None
    entry = pwd.getpwuid(int(uid))
    return Path(entry.pw_dir), (entry.pw_uid, entry.pw_gid)
