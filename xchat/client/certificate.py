"""Our own certificate: the one that this device logs in by.

It is in the context before the connection is made, and the server is sent it
all the same only when it is known to be ours: the server shows its own first,
and where that does not hold the handshake ends there (RFC 8446, 4.4.2.4; RFC
5246, 7.3). TLS 1.3 sends it encrypted; `--tls-min 1.2` lets whoever listens
read the name in it.
"""

from __future__ import annotations

import os
import shlex
import ssl
import stat
from pathlib import Path
from typing import NamedTuple, NoReturn

from xchat.client.exits import ClientError, Exit


class Own(NamedTuple):
    """A certificate and its key, PEM both; they may be in one file."""

    cert: Path
    key: Path


def load_own(context: ssl.SSLContext, own: Own) -> None:
    """Let a context show our certificate. Raises ClientError, which says what is off and mends it.

    A passphrase is not asked for: a client reconnects by itself, and unlocks nothing by itself.
    """
    certs, keys = _read(own.cert), _read(own.key)
    if "-----BEGIN CERTIFICATE-----" not in certs:
        raise _unusable(own.cert, "it holds no PEM certificate", "--cert FILE names yours.")
    if "PRIVATE KEY-----" not in keys:
        raise _unusable(own.key, "it holds no private key", "--key FILE names the one to --cert.")
    _check_mode(own.key)

    def locked() -> NoReturn:
        mend = shlex.join(("openssl", "pkey", "-in", str(own.key), "-out", "unlocked-key.pem"))
        raise _unusable(own.key, "the key is locked with a passphrase", f"{mend}, then --key")

    try:
        context.load_cert_chain(own.cert, own.key, password=locked)
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            why = f"it is not the key to {own.cert}"
            raise _unusable(own.key, why, "--key FILE names the one to it.") from error
        raise _unusable(own.cert, "TLS cannot use it, or its key", "Make them anew.") from error


def _read(file: Path) -> str:
    try:
        return file.read_text("latin-1")
    except OSError as error:
        why = error.strerror or str(error)
        raise _unusable(file, why, "--cert FILE and --key FILE name what you log in by.") from error


def _check_mode(key: Path) -> None:
    mode = key.stat().st_mode if os.name != "nt" else 0
    if mode & stat.S_IRWXO:
        why = f"everyone on this machine can get at the key (mode {stat.S_IMODE(mode):04o})"
        raise _unusable(key, why, shlex.join(("chmod", "600", str(key))))


def _unusable(file: Path, why: str, mend: str) -> ClientError:
    return ClientError(Exit.OWN_UNUSABLE, f"{file}: {why}", mend=mend)
