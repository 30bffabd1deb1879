"""Who is let in no more, though a CA of ours signed their certificate: what the handshake asks.

OpenSSL's own look at lists of the revoked is not used: it refuses everybody once a list
is missing or stale, and whoever shows a self-made certificate. `Barred` is asked in the
handshake (`judges`), once more when it is done (`Guests`), and by everybody who is here
when it changes (`Papers`).

In the handshake the connection is given a context that trusts nothing: OpenSSL then
refuses the certificate with an alert, before a byte of IRC is heard. (It is unknown_ca:
for certificate_revoked OpenSSL would have to look at a list itself, and Python lets it do
so only for everybody.) The journal says that it was revoked, and whose it was.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from xchat.pki.device.revocations import Revocations, Revoked
from xchat.pki.disk.registry import Device


class Named(NamedTuple):
    """A certificate as a list of the revoked has it (RFC 5280, 5.1.2.6)."""

    issuer: bytes
    """The issuer's name, DER."""
    serial: int


class Shown(Protocol):
    """A certificate that was shown."""

    @property
    def named(self) -> Named:
        """Its issuer and serial."""

    @property
    def fingerprint(self) -> str:
        """Its SHA-256, in lower-case hex."""


class WhyNot(NamedTuple):
    """Why a certificate lets nobody in any more, and whose device it was, where that is known."""

    revoked: Revoked
    device: Device | None = None

    def __str__(self) -> str:
        """Return it in words for whoever shows it, and for the journal."""
        at, reason = self.revoked.at, self.revoked.reason
        why = f" ({reason})" if reason != "unspecified" else ""
        whose = f", as {self.device.account}'s device {self.device.device}" if self.device else ""
        return f"revoked on {at:%Y-%m-%d at %H:%M} UTC{why}{whose}"


@dataclass
class Barred:
    """What is revoked by now, and what devices there are, by the SHA-256 of each certificate.

    All contexts and connections ask the same one, so that a change counts at once.
    """

    known: Revocations = field(default_factory=Revocations)
    devices: Mapping[str, Device] = field(default_factory=dict)

    def why_not(self, shown: Shown | None) -> WhyNot | None:
        """Return why a certificate lets nobody in; None where it does, or none was shown."""
        return self._why_not(shown.named, shown.fingerprint) if shown is not None else None

    def judge(self, certificate: x509.Certificate, _der: bytes) -> NoneTrusted | None:
        """Return a context that trusts nothing for a certificate that is revoked."""
        if not any(self.known.sets):
            return None
        sha256 = certificate.fingerprint(hashes.SHA256()).hex()
        why = self._why_not(named(certificate), sha256)
        return NoneTrusted.because(why) if why is not None else None

    def _why_not(self, named: Named, sha256: str) -> WhyNot | None:
        revoked = self.known.why(named, sha256)
        return WhyNot(revoked, self.devices.get(sha256)) if revoked is not None else None


class NoneTrusted(ssl.SSLContext):
    """The context of a connection that showed a certificate which is revoked."""

    why: WhyNot

    @classmethod
    def because(cls, why: WhyNot) -> NoneTrusted:
        """Return one that says why."""
        context = cls(ssl.PROTOCOL_TLS_SERVER)
        context.why = why
        return context


def named(certificate: x509.Certificate) -> Named:
    """Return how a list of the revoked names a certificate."""
    return Named(certificate.issuer.public_bytes(), certificate.serial_number)
