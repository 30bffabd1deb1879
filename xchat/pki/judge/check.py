"""Check, before a server starts, that it can serve with a certificate and its key.

Whatever is wrong is said once, at the start, with the file, the rule and the
command that mends it; not by every client's failed handshake. Nothing here
asks for a passphrase: a daemon has nobody to ask. `cryptography` is imported
by the call, not by the import.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import stat
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from xchat.errors import XChatError
from xchat.irc.display import visible
from xchat.pki.disk.files import read_file
from xchat.pki.errors import NotTrusted, PairRefused
from xchat.pki.judge.advice import Pair, issue, renew
from xchat.pki.judge.due import is_worn
from xchat.pki.judge.problems import COMPARE_CLOCK

if TYPE_CHECKING:
    from cryptography import x509


class PairReport(msgspec.Struct, frozen=True, kw_only=True):
    """A certificate and key that a server can start with.

    `names` is whom the certificate is for; `sha256` its fingerprint (64
    hexadecimal digits); `warnings` are for the journal, each one line.
    """

    cert: str
    key: str
    names: tuple[str, ...]
    sha256: str
    not_before: datetime
    not_after: datetime
    warnings: tuple[str, ...] = ()


def check_server_pair(
    cert: Path, key: Path, *, now: datetime, names: Sequence[str] = ()
) -> PairReport:
    """Return what a server needs to know of its certificate and key.

    `now` is aware of its zone; `names` are host names and addresses the
    certificate must be for. Raises PairRefused, which names the file, the rule
    and the command that mends it.
    """
    from xchat.pki.facts import facts_of

    pair = Pair(cert, key)
    try:
        chain = _chain(pair)
        warnings = [*_mode(pair)]
        _match(pair, chain[0])
        _dates(cert, chain[0], now)
        _fitness(cert, chain[0], names)
        facts = facts_of(chain[0], cert)
    except PairRefused:
        raise
    except XChatError as error:
        raise PairRefused(error.what, mend=error.mend or pair.another_cert()) from error
    return PairReport(
        cert=str(cert),
        key=str(key),
        names=facts.names,
        sha256=facts.sha256,
        not_before=facts.not_before,
        not_after=facts.not_after,
        warnings=(*warnings, *_doubts(cert, chain, now)),
    )


def _chain(pair: Pair) -> list[x509.Certificate]:
    from xchat.pki.facts import UNREADABLE, is_ca, read_chain

    cert, mend = pair.cert, pair.another_cert()
    chain = read_chain(read_file(cert, mend=mend), cert)
    with contextlib.suppress(*UNREADABLE):  # said later, with what is wrong
        if is_ca(chain[0]):
            raise PairRefused(f"{cert} is a CA's certificate, not a server's", mend=mend)
    return chain


def _mode(pair: Pair) -> Iterator[str]:
    """Refuse a key everyone can get at; yield a warning for one that its group can."""
    key = pair.key
    read_file(key, mend=pair.another_key())
    mode = key.stat().st_mode if os.name != "nt" else 0
    mend = shlex.join(("chmod", "600", str(key)))
    if mode & stat.S_IRWXO:
        raise PairRefused(
            f"{key} is a private key, and everyone on this machine can get at it "
            f"(mode {stat.S_IMODE(mode):04o})",
            mend=mend,
        )
    if mode & stat.S_IRWXG:
        yield f"{key} is a private key, and its group can get at it: {mend}"


def _match(pair: Pair, leaf: x509.Certificate) -> None:
    from xchat.pki.mint.keys import is_locked, read_key

    cert, key = pair.cert, pair.key
    pem = read_file(key)
    if is_locked(pem):
        raise PairRefused(
            f"{key} is locked with a passphrase, and a server has nobody to ask for it",
            mend=shlex.join(("openssl", "pkey", "-in", str(key), "-out", "unlocked-key.pem")),
        )
    try:
        fits = read_key(pem, key).public_key() == leaf.public_key()
    except NotTrusted as error:
        raise PairRefused(error.what, mend=pair.another_key()) from error
    if not fits:
        raise PairRefused(
            f"{key} is not the key to {cert}: they do not belong together",
            mend=pair.another_key(),
        )


def _dates(cert: Path, leaf: x509.Certificate, now: datetime) -> None:
    start, end = leaf.not_valid_before_utc, leaf.not_valid_after_utc
    if now > end:
        raise PairRefused(f"{cert} expired on {end:%Y-%m-%d %H:%M} UTC", mend=renew(cert))
    if now < start:
        raise PairRefused(
            f"{cert} is not valid before {start:%Y-%m-%d %H:%M} UTC",
            mend=COMPARE_CLOCK,
        )


def _fitness(cert: Path, leaf: x509.Certificate, names: Sequence[str]) -> None:
    from xchat.pki.facts import covers, names_of, serves

    if not serves(leaf):
        raise PairRefused(
            f"{cert} is not for servers: its extended key usage lacks serverAuth",
            mend=issue(cert, "one with serverAuth"),
        )
    if not (there := names_of(leaf)):
        raise PairRefused(
            f"{cert} names no host: without a subjectAltName no client accepts it",
            mend=issue(cert, "one with a subjectAltName"),
        )
    if missing := [name for name in names if not covers(there, name)]:
        these, those = ", ".join(missing), visible(", ".join(map(str, there)))
        raise PairRefused(
            f"{cert} is not for {these}, but for {those}",
            mend=issue(cert, f"one that names {these}", *missing),
        )


def _doubts(cert: Path, chain: Sequence[x509.Certificate], now: datetime) -> Iterator[str]:
    leaf, *others = chain
    left = leaf.not_valid_after_utc - now
    if is_worn(leaf, now):
        yield f"{cert} expires in {left.days} days: {renew(cert)}"
    if others and leaf.issuer != others[0].subject:
        yield f"{cert}: the certificate after the server's is not that of its issuer"
