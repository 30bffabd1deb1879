"""Verify a server's chain by two judges that share no code: OpenSSL (strict) and `cryptography`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Literal

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import verification

from xchat.irc.display import visible
from xchat.pki.facts import UNREADABLE, is_ca, names_of
from xchat.pki.judge import openssl, rules
from xchat.pki.judge.rules import Broken, in_words
from xchat.pki.mint.names import Name

Judge = Literal["OpenSSL", "cryptography", "xchat-certs"]


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What one judge says of a chain for one name; `broken` is a rule it breaks, if any."""

    judge: Judge
    name: str
    broken: Broken | None


def judge(
    chain: Sequence[x509.Certificate],
    roots: Sequence[x509.Certificate],
    names: Sequence[Name],
    now: datetime,
) -> list[Verdict]:
    """Return both judges' verdicts on a server's `chain` for each of `names`.

    OpenSSL goes by the machine's clock, `cryptography` by `now`. A certificate
    that is no server's at all, or has no name, gets one verdict of our own.
    """
    if broken := _disqualified(chain[0]):
        return [_verdict("xchat-certs", str(name), broken) for name in names or ("",)]
    return [
        _verdict(who, str(name), ask(chain, roots, name, now))
        for name in names
        for who, ask in _JUDGES.items()
    ]


def names_to_try(certificate: x509.Certificate) -> list[Name]:
    """Return each name a certificate is for, a host for each wildcard; none if it has no names."""
    try:
        names = names_of(certificate)
    except UNREADABLE:
        return []
    return [name.replace("*", "any", 1) if isinstance(name, str) else name for name in names]


def _verdict(who: Judge, name: str, broken: Broken | None) -> Verdict:
    return Verdict(judge=who, name=visible(name), broken=broken)


def _disqualified(leaf: x509.Certificate) -> Broken | None:
    try:
        if is_ca(leaf):
            return rules.A_CA
        if not names_of(leaf):
            return rules.NAMELESS
    except UNREADABLE as error:
        return in_words(f"it breaks RFC 5280: {error}")
    return None


def _openssl(
    chain: Sequence[x509.Certificate],
    roots: Sequence[x509.Certificate],
    name: Name,
    now: datetime,  # noqa: ARG001 - the stdlib has no way to tell OpenSSL the time
) -> Broken | None:
    pem = "".join(each.public_bytes(Encoding.PEM).decode() for each in roots)
    try:
        said = openssl.refusal(chain, pem, name)
    except ValueError:  # an empty name, a leading dot, a NUL
        return rules.UNASKABLE
    return in_words(said) if said else None


def _cryptography(
    chain: Sequence[x509.Certificate],
    roots: Sequence[x509.Certificate],
    name: Name,
    now: datetime,
) -> Broken | None:
    subject = x509.DNSName(name) if isinstance(name, str) else x509.IPAddress(name)
    builder = verification.PolicyBuilder().store(verification.Store(list(roots))).time(now)
    try:
        builder.build_server_verifier(subject).verify(chain[0], list(chain[1:]))
    except (verification.VerificationError, *UNREADABLE) as error:
        return of_time(chain, now) if rules.AT_ANOTHER_TIME in str(error) else in_words(str(error))
    return None


def of_time(chain: Sequence[x509.Certificate], now: datetime) -> Broken:
    """Return whether a chain that does not hold at `now` is of the past or of the future."""
    is_early = any(now < each.not_valid_before_utc for each in chain)
    return rules.EARLY if is_early else rules.EXPIRED


_Ask = Callable[
    [Sequence[x509.Certificate], Sequence[x509.Certificate], Name, datetime], Broken | None
]
_JUDGES: dict[Judge, _Ask] = {"OpenSSL": _openssl, "cryptography": _cryptography}
