"""The system's store on macOS: the System keychain, by `security`(1)."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from xchat.pki.trust.roots import Known, Root
from xchat.pki.trust.stores import Store, must, run

KEYCHAIN = "/Library/Keychains/System.keychain"


class Keychain:
    """The keychain that every user's programs look into."""

    name = "the System keychain"

    @property
    def needs_root(self) -> bool:
        """Whether this user may not change it."""
        return os.geteuid() != 0

    def holds(self, root: Known) -> bool:
        """Tell whether a certificate of this fingerprint is in it."""
        listed = run("security", "find-certificate", "-a", "-Z", KEYCHAIN).stdout
        return f"SHA-256 hash: {root.sha256.upper()}" in listed

    def add(self, root: Root) -> None:
        """Add it, trusted as a root for TLS alone."""
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "root.pem")
            file.write_bytes(root.pem)
            words = ("-d", "-r", "trustRoot", "-p", "ssl", "-k", KEYCHAIN, str(file))
            must("security", "add-trusted-cert", *words)

    def remove(self, root: Known) -> None:
        """Delete the certificate of this fingerprint, and what is said of its trust (-t)."""
        must("security", "delete-certificate", "-t", "-Z", root.sha256.upper(), KEYCHAIN)

    def refusal(self, root: Root) -> str | None:
        """Return why macOS does not trust a root for TLS."""
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "root.pem")
            file.write_bytes(root.pem)
            done = run("security", "verify-cert", "-c", str(file), "-p", "ssl", "-l", "-L")
        return None if done.returncode == 0 else done.stderr.strip()


def find() -> list[Store]:
    """Return it."""
    return [Keychain()]
