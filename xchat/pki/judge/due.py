"""When a certificate is due to be made anew: with time left, so that nobody is cut off.

A CA is due while what it signs would still outlive it; anything else when two thirds
of its life are gone, however long that is. A life cut short by its issuer's end
cannot be made longer by this issuer, so then it is the issuer that is due.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography import x509

CA_DUE_BEFORE = {"root": timedelta(days=730), "issuer": timedelta(days=90)}


def is_ca_due(role: str, certificate: x509.Certificate, now: datetime) -> bool:
    """Tell whether a root or an issuer would be outlived by what it signs from now on."""
    return certificate.not_valid_after_utc - now < CA_DUE_BEFORE[role]


def is_server_due(certificate: x509.Certificate, issuer: x509.Certificate, now: datetime) -> bool:
    """Tell whether a server's certificate is worn, and its issuer can give a longer one."""
    gains = issuer.not_valid_after_utc > certificate.not_valid_after_utc
    return gains and is_worn(certificate, now)


def is_worn(certificate: x509.Certificate, now: datetime) -> bool:
    """Tell whether two thirds of a certificate's life are gone."""
    start, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    return now >= start + (end - start) * 2 / 3
