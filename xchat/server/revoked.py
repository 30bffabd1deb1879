"""Who is let in no more, though a CA of ours signed their certificate: what the handshake asks.

OpenSSL's own look at lists of the revoked is not used: it refuses everybody once a list
is missing or stale, and whoever shows a self-made certificate. What is revoked is known
by the issuer's name and the serial, or by the certificate's hash; `Revocations` is asked
in the handshake (`judges`), once more when it is done, and by `Guests` when it changes.

In the handshake the connection is given a context that trusts nothing: OpenSSL then
refuses the certificate with an alert (unknown_ca; that it was revoked, Python cannot
have it say, and the journal does). The client is not told more by then, nor is a byte
of IRC heard from it.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes


class Revoked(NamedTuple):
    """A certificate that holds no longer: since when, why, and, where it is known, whose."""

    at: datetime
    reason: str = ""
    account: str = ""
    device: str = ""

    def __str__(self) -> str:
        """Return it in words: since when, and which device's it is."""
        device = f", of {self.account}'s device {self.device}" if self.device else ""
        why = f" ({self.reason})" if self.reason else ""
        return f"revoked on {self.at:%Y-%m-%d at %H:%M} UTC{why}{device}"


class Named(NamedTuple):
    """A certificate as a list of the revoked has it (RFC 5280, 5.1.2.6)."""

    issuer: bytes
    """The issuer's name, DER."""
    serial: int


@dataclass
class Revocations:
    """What is revoked by now; all contexts ask the same one, so that a change counts at once."""

    listed: Mapping[Named, Revoked] = field(default_factory=dict)
    """What lists have, of whatever issuer."""
    hashed: Mapping[str, Revoked] = field(default_factory=dict)
    """What the table of devices has, by the certificate's SHA-256."""

    def of(self, named: Named, sha256: str) -> Revoked | None:
        """Return since when a certificate is revoked; None where it holds."""
        return self.hashed.get(sha256) or self.listed.get(named)

    def judge(self, certificate: x509.Certificate, _der: bytes) -> NoneTrusted | None:
        """Return a context that trusts nothing for a certificate that is revoked."""
        if not (self.listed or self.hashed):
            return None
        revoked = self.of(named(certificate), certificate.fingerprint(hashes.SHA256()).hex())
        return NoneTrusted.because(revoked) if revoked is not None else None


class NoneTrusted(ssl.SSLContext):
    """The context of a connection that showed a certificate which is revoked."""

    revoked: Revoked

    @classmethod
    def because(cls, revoked: Revoked) -> NoneTrusted:
        """Return one that says why."""
        context = cls(ssl.PROTOCOL_TLS_SERVER)
        context.revoked = revoked
        return context


def named(certificate: x509.Certificate) -> Named:
    """Return how a list of the revoked names a certificate."""
    return Named(certificate.issuer.public_bytes(), certificate.serial_number)
