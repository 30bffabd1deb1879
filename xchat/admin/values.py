"""What is typed, as the console takes it: times, certificates, passwords."""

from __future__ import annotations

import re
import secrets
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from xchat.errors import UsageError

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_DURATION = re.compile(r"([0-9]{1,9})([smhdw])")
_FINGERPRINT = re.compile(r"[0-9a-fA-F]{64}")
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""No letter that is taken for another one when a password is read to somebody."""
GROUPS, GROUP_LETTERS = 4, 5


class Duration(click.ParamType):  # type: ignore[type-arg]
    """`90s`, `30m`, `12h`, `7d`, `4w`: whole seconds."""

    name = "time"

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        """Return the seconds."""
        found = _DURATION.fullmatch(value) if isinstance(value, str) else None
        if found is None:
            self.fail(f"{value!r} is no time: write 90s, 30m, 12h, 7d or 4w", param, ctx)
        return int(found[1]) * _UNITS[found[2]]


class Instant(click.ParamType):  # type: ignore[type-arg]
    """A date, a date and time (UTC unless it says), or how long ago: milliseconds since 1970."""

    name = "time"

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        """Return the milliseconds."""
        if found := _DURATION.fullmatch(value):
            return max(int((time.time() - int(found[1]) * _UNITS[found[2]]) * 1000), 0)
        try:
            parsed = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is no time: write 2026-11-22, or 7d", param, ctx)
        zoned = parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
        return max(int(zoned.timestamp() * 1000), 0)


class Certificate(click.ParamType):  # type: ignore[type-arg]
    """A SHA-256 fingerprint, colons or none, or a PEM file whose first certificate it is of."""

    name = "certificate"

    def convert(self, value: Any, _param: Any, _ctx: Any) -> Any:
        """Return the fingerprint in lower-case hex."""
        bare = value.replace(":", "")
        if _FINGERPRINT.fullmatch(bare):
            return bare.lower()
        return fingerprint_of(Path(value))


def fingerprint_of(file: Path) -> str:
    """Return the SHA-256 fingerprint of the first certificate in a PEM file."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes

    try:
        found = x509.load_pem_x509_certificates(file.read_bytes())
    except OSError as error:
        raise UsageError(
            f"{file}: no fingerprint (64 hex digits), and no file: {error.strerror}",
            mend="xchat-certs show CERT.pem tells the fingerprint",
        ) from error
    except ValueError as error:
        raise UsageError(
            f"{file}: holds no certificate in PEM", mend="give the certificate, not its key"
        ) from error
    return found[0].fingerprint(hashes.SHA256()).hex()


def obtain_password(file: Path | None, *, generate: bool) -> tuple[str, bool]:
    """Return a password and whether it was made here: generated, from a file, asked for, or piped.

    Never from the command line, which everyone on this machine can read.
    """
    if generate and file is not None:
        raise UsageError("--generate and --password-file exclude each other")
    if generate:
        return generated(), True
    if file is not None:
        return _first_line(_read(file), str(file)), False
    if sys.stdin.isatty():
        return click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True), False
    return _first_line(sys.stdin.readline(), "standard input"), False


def generated() -> str:
    """Return a password of twenty letters and digits, 99 bits of chance."""
    groups = (
        "".join(secrets.choice(_LETTERS) for _ in range(GROUP_LETTERS)) for _ in range(GROUPS)
    )
    return "-".join(groups)


def _read(file: Path) -> str:
    try:
        with file.open(encoding="utf-8") as lines:
            return lines.readline()
    except OSError as error:
        raise UsageError(
            f"{file}: cannot be read: {error.strerror}", mend=f"ls -l {file}"
        ) from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{file}: is not UTF-8", mend="save it as UTF-8") from error


def _first_line(line: str, source: str) -> str:
    password = line.rstrip("\r\n")
    if not password:
        raise UsageError(
            f"{source}: no password there",
            mend="type one when asked, give --password-file FILE, or let one be made: --generate",
        )
    return password
