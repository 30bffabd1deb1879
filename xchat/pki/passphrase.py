"""Where a passphrase comes from: a file, or a person at a terminal; never an argument."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

from xchat.errors import UsageError
from xchat.pki.disk.files import read_file
from xchat.pki.errors import Locked


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


def new(file: Path | None) -> bytes:
    """Return a new passphrase, from `file` or asked for twice; raise UsageError."""
    return _from_file(file) if file else _from_person()


def known(file: Path | None, key: Path) -> bytes:
    """Return the passphrase of a key, from `file` or asked for once.

    Raises Locked where there is neither a file nor a terminal: nobody waits for an answer then.
    """
    if file:
        return _from_file(file)
    if not _has_terminal():
        raise Locked(
            f"{key} is locked, and there is no terminal to ask for its passphrase",
            mend="Put it on the first line of a file: --passphrase-file FILE",
        )
    return _ask(f"Passphrase for {key}", twice=False)


def _from_person() -> bytes:
    if not _has_terminal():
        raise UsageError(
            "there is no terminal to ask for a passphrase",
            mend="Put it on the first line of a file: --passphrase-file FILE",
        )
    return _ask("Passphrase for the root's key", twice=True)


def _has_terminal() -> bool:
    return sys.stdin.isatty() and sys.stderr.isatty()


def _ask(question: str, *, twice: bool) -> bytes:
    import click

    answer: str = click.prompt(question, hide_input=True, confirmation_prompt=twice, err=True)
    return answer.encode()
