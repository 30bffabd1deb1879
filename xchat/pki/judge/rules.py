"""The rules that OpenSSL and `cryptography` find broken, in people's words."""

from __future__ import annotations

import re
from typing import Literal

import msgspec

from xchat.irc.display import visible

Kind = Literal[
    "ca", "early", "expired", "issuer", "name", "bounds", "purpose", "revoked", "list", "other"
]


class Broken(msgspec.Struct, frozen=True):
    """A rule that a certificate breaks: what kind of rule, and what is wrong, on one line."""

    kind: Kind
    rule: str


A_CA = Broken("ca", "it is a CA's certificate, and a server must not show one as its own")
NAMELESS = Broken("other", "it names no host: a certificate without a subjectAltName is for nobody")
NOBODYS = Broken("other", "it names no account: it is no device's certificate of a chat")
REVOKED = Broken("revoked", "it was revoked")
STALE = Broken("list", "the list of the revoked was to be signed anew before now")
UNASKABLE = Broken("name", "no client can ask for this name")
EXPIRED = Broken("expired", "it, or one that signed it, has expired")
EARLY = Broken("early", "it is not valid yet, by this machine's clock")
_UNSIGNED = Broken(
    "issuer",
    "none of the trusted certificates signed it; the issuer's belongs after it in its file",
)
_FORGED = Broken("issuer", "its issuer has the name of a trusted certificate, but another key")
_ITSELF = Broken("issuer", "it is signed by itself, and not among the trusted certificates")
_ROOT = Broken("issuer", "its root is not among the trusted certificates")
_NAME = Broken("name", "it is not for this name")
_BOUNDS = Broken("bounds", "the CA is not allowed to name this host (name constraints)")
_PURPOSE = Broken("purpose", "it is not for servers: its extended key usage lacks serverAuth")

_MEANT: dict[str, Broken] = {
    "Hostname mismatch": _NAME,
    "IP address mismatch": _NAME,
    "no matching subjectAltName": _NAME,
    "unable to get local issuer certificate": _UNSIGNED,
    "no interior errors": _UNSIGNED,
    "signature does not match": _FORGED,
    "self-signed certificate in certificate chain": _ROOT,
    "self-signed certificate": _ITSELF,
    "certificate has expired": EXPIRED,
    "certificate is not yet valid": EARLY,
    "permitted subtree violation": _BOUNDS,
    "no permitted name constraints": _BOUNDS,
    "unsuitable certificate purpose": _PURPOSE,
    "certificate revoked": REVOKED,
    "CRL has expired": STALE,
    "unable to get certificate CRL": Broken("list", "its issuer has signed no list of the revoked"),
    "required EKU not found": _PURPOSE,
}
"""What the judges say, by a part of it that stays from version to version; the first that fits."""

AT_ANOTHER_TIME = "not valid at validation time"
"""What `cryptography` says of the past and of the future alike."""

_WRAPPING = re.compile(
    r"^(?:validation failed: |candidates exhausted: )+| \(encountered .*$", re.DOTALL
)


def in_words(said: str) -> Broken:
    """Return what a judge means; what is not in the table stays as said, without its wrapping."""
    meant = (broken for part, broken in _MEANT.items() if part in said)
    return next(meant, Broken("other", visible(_WRAPPING.sub("", said))))
