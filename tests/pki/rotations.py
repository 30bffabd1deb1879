"""Rotations for tests: begun and finished in this process, at whatever time is said."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import NoReturn

import pytest
from cryptography import x509

from tests.pki.conftest import NOW
from xchat.pki.disk.folder import Folder
from xchat.pki.disk.root import Root, open_root
from xchat.pki.facts import read_chain
from xchat.pki.rotation.finish import finish
from xchat.pki.rotation.rotate import rotate_issuer, rotate_root
from xchat.pki.rotation.switch import Rotated

DAY = timedelta(days=1)


def never(path: Path) -> NoReturn:
    """Stand for somebody who must not be asked."""
    pytest.fail(f"asked for the passphrase of {path}")


def root_of(folder: Folder) -> Root:
    return open_root(folder, None, never)


def new_issuer(folder: Folder, now: datetime | None = None) -> Rotated:
    return rotate_issuer(folder, root_of(folder), now or NOW)


def new_root(folder: Folder, overlap: timedelta = 30 * DAY) -> Rotated:
    return rotate_root(folder, root_of(folder), overlap, NOW)


def finish_now(folder: Folder, after: timedelta = timedelta()) -> Rotated:
    """Finish, whoever is left behind."""
    return finish(folder, NOW + after, unready="leave")


def certificates(path: Path) -> list[x509.Certificate]:
    return read_chain(path.read_bytes(), path)
