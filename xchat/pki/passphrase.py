"""Where a passphrase comes from: a file, or a person at a terminal; never an argument."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

from xchat.errors import UsageError
from xchat.pki.files import read_file


def obtain(file: Path | None, *, asks: bool) -> bytes | None:
    """Return the passphrase asked for, or None if none was; raise UsageError."""
    if file and asks:
        raise UsageError("--passphrase and --passphrase-file exclude each other")
    if file:
        return _from_file(file)
    return _from_person() if asks else None


def _from_file(file: Path) -> bytes:
    first, _, _ = read_file(file).partition(b"\n")
    passphrase = first.removesuffix(b"\r")
    if not passphrase:
        raise UsageError(f"{file} is empty: its first line is to be the passphrase")
    if os.name != "nt" and file.stat().st_mode & stat.S_IRWXO and file.is_file():
        raise UsageError(f"{file} is a passphrase that everyone can read", mend=f"chmod 600 {file}")
    return passphrase


def _from_person() -> bytes:
    import click

    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageError(
            "--passphrase asks for it, and there is no terminal",
            mend="Put it on the first line of a file: --passphrase-file FILE",
        )
    passphrase: str = click.prompt(
        "Passphrase for the root's key", hide_input=True, confirmation_prompt=True, err=True
    )
    return passphrase.encode()
