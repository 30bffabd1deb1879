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
from xchat.pki import openssl
from xchat.pki.facts import UNREADABLE, is_ca, names_of
from xchat.pki.names import Name

Judge = Literal["OpenSSL", "cryptography", "xchat-certs"]

_IN_WORDS = {
    "permitted subtree violation": "the CA is not allowed to name this host (name constraints)",
    "unable to get local issuer certificate": (
        "none of the trusted certificates signed it; the issuer's belongs after it in its file"
    ),
    "certificate has expired": "it has expired",
    "certificate is not yet valid": "it is not valid yet: compare the clocks",
}


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What one judge says of a chain for one name; `rule` is what it breaks, None if nothing."""

    judge: Judge
    name: str
    rule: str | None


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
    if rule := _disqualified(chain[0]):
        return [_verdict("xchat-certs", str(name), rule) for name in names or ("",)]
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


def _verdict(who: Judge, name: str, rule: str | None) -> Verdict:
    return Verdict(judge=who, name=visible(name), rule=rule and visible(rule))


def _disqualified(leaf: x509.Certificate) -> str | None:
    try:
        if is_ca(leaf):
            return "it is a CA's certificate, and a server must not show one as its own"
        if not names_of(leaf):
            return "it names no host: a certificate without a subjectAltName is for nobody"
    except UNREADABLE as error:
        return f"it breaks RFC 5280: {error}"
    return None


def _openssl(
    chain: Sequence[x509.Certificate],
    roots: Sequence[x509.Certificate],
    name: Name,
    now: datetime,  # noqa: ARG001 - the stdlib has no way to tell OpenSSL the time
) -> str | None:
    pem = "".join(each.public_bytes(Encoding.PEM).decode() for each in roots)
    try:
        rule = openssl.refusal(chain, pem, name)
    except ValueError:  # an empty name, a leading dot, a NUL
        return "no client can ask for this name"
    return f"{rule}: {_IN_WORDS[rule]}" if rule in _IN_WORDS else rule


def _cryptography(
    chain: Sequence[x509.Certificate],
    roots: Sequence[x509.Certificate],
    name: Name,
    now: datetime,
) -> str | None:
    subject = x509.DNSName(name) if isinstance(name, str) else x509.IPAddress(name)
    builder = verification.PolicyBuilder().store(verification.Store(list(roots))).time(now)
    try:
        builder.build_server_verifier(subject).verify(chain[0], list(chain[1:]))
    except (verification.VerificationError, *UNREADABLE) as error:
        return str(error)
    return None


_Ask = Callable[
    [Sequence[x509.Certificate], Sequence[x509.Certificate], Name, datetime], str | None
]
_JUDGES: dict[Judge, _Ask] = {"OpenSSL": _openssl, "cryptography": _cryptography}
