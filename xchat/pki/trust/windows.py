"""The system's store on Windows: the current user's roots, by `certutil.exe`; no rights needed.

Windows asks the person, in a window of its own, before it adds or deletes a root.
"""

from __future__ import annotations

import hashlib
import ssl
import tempfile
from pathlib import Path
from typing import Any

from xchat.pki.trust import proof
from xchat.pki.trust.roots import Known, Root
from xchat.pki.trust.stores import Store, must


class UsersRoots:
    """The roots of who is logged in."""

    name = "your Windows store"
    needs_root = False

    def holds(self, root: Known) -> bool:
        """Tell whether a certificate of this fingerprint is in it."""
        there: list[tuple[bytes, Any, Any]] = ssl.enum_certificates("ROOT")  # type: ignore[attr-defined,unused-ignore]
        return any(hashlib.sha256(der).hexdigest() == root.sha256 for der, _, _ in there)

    def add(self, root: Root) -> None:
        """Add it."""
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "root.crt")
            file.write_bytes(root.pem)
            must("certutil.exe", "-user", "-addstore", "Root", str(file))

    def remove(self, root: Known) -> None:
        """Delete it, by its serial number: 159 random bits."""
        must("certutil.exe", "-user", "-delstore", "Root", root.serial)

    def refusal(self, root: Root) -> str | None:
        """Return why Windows' roots do not vouch for it."""
        return proof.refusal(root)


def find() -> list[Store]:
    """Return it."""
    return [UsersRoots()]
