"""Certificates made by the real command, and the judges that look at them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from tests.days import on_day
from xchat.pki.disk.folder import Folder
from xchat.pki.init import init
from xchat.pki.mint.keys import PrivateKey
from xchat.pki.wish import Wish

SECONDS_MAX = 60
OUR_OWN = {"LC_ALL": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"}
NOW = datetime.now(UTC)
"""The moment of all that is made and judged in this process: a long run is one moment too."""
NAMES = ("chat.lan", "localhost", "127.0.0.1", "::1", "10.1.2.3")


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str


def run_certs(*words: str, cwd: Path, umask: int = -1) -> Ended:
    """Run `xchat-certs` as a person would, without a terminal."""
    return run(sys.executable, "-m", "xchat.certs.cli", *words, cwd=cwd, umask=umask)


def run_certs_at(day: float, *words: str, cwd: Path) -> Ended:
    """Run `xchat-certs` so many days from now."""
    return run(*on_day(day), sys.executable, "-m", "xchat.certs.cli", *words, cwd=cwd)


def run(*words: str, cwd: Path, umask: int = -1) -> Ended:
    """Run any program, in English, with an end to its time."""
    done = subprocess.run(
        words,
        cwd=cwd,
        umask=umask,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS_MAX,
        check=False,
        env=os.environ | OUR_OWN | {"XDG_DATA_HOME": str(cwd / "data")},
    )
    return Ended(done.returncode, done.stdout, done.stderr)


def make(path: Path, *names: str, **wishes: object) -> Folder:
    """Make certificates for `names` only, in this process."""
    from xchat.pki.mint.names import parse_name

    wish = Wish(names=tuple(map(parse_name, names or NAMES)), detects=False, **wishes)  # type: ignore[arg-type]
    init(path, wish, NOW)
    return Folder(path)


def self_signed(key: PrivateKey, *extensions: x509.ExtensionType, name: str = "odd") -> bytes:
    """Return the PEM of a certificate that has just these extensions, valid for two days."""
    subject, day = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]), timedelta(days=1)
    builder = x509.CertificateBuilder(subject, subject, key.public_key(), 7, NOW - day, NOW + day)
    for each in extensions:
        builder = builder.add_extension(each, critical=False)
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)


def tree(path: Path) -> dict[str, tuple[int, bytes | str]]:
    """Return every file and link beneath a folder: its mode, and its bytes or target."""
    found: dict[str, tuple[int, bytes | str]] = {}
    for each in sorted(path.rglob("*")):
        mode = each.lstat().st_mode
        if each.is_symlink():
            found[str(each.relative_to(path))] = (mode, str(each.readlink()))
        elif each.is_file():
            found[str(each.relative_to(path))] = (mode, each.read_bytes())
        else:
            found[str(each.relative_to(path))] = (mode, b"")
    return found


@pytest.fixture(scope="session")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    """Certificates that tests only read."""
    return make(tmp_path_factory.mktemp("made") / "certs")


@pytest.fixture
def made(made_once: Folder, tmp_path: Path) -> Folder:
    """Certificates of a test's own, to spoil; its working folder is `made.path.parent`."""
    shutil.copytree(made_once.path, tmp_path / "certs", symlinks=True)
    return Folder(tmp_path / "certs")
