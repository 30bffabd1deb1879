"""What a stranger's certificate says of itself, whatever it is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from xchat.client.shown import look_at
from xchat.pki.mint.keys import make_key

NAME = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
OID = "06032a0304"
"""1.2.3.4, DER."""


def stranger() -> str:
    """Return a certificate (DER, hexadecimal) with an odd extension, and an odd name."""
    key, now = make_key(), datetime.now(UTC)
    one, two = (x509.ObjectIdentifier(f"1.2.3.{last}") for last in (4, 5))
    draft = (
        x509.CertificateBuilder(NAME, NAME, key.public_key(), x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.UnrecognizedExtension(one, b"\5\0"), critical=False)
        .add_extension(x509.UnrecognizedExtension(two, b"\5\0"), critical=False)
        .add_extension(x509.SubjectAlternativeName([x509.RegisteredID(one)]), critical=False)
    )
    return draft.sign(key, hashes.SHA256()).public_bytes(Encoding.DER).hex()


@pytest.mark.parametrize(
    ("there", "instead"),
    [
        ("06032a0305", OID),  # an extension twice
        ("a003020102", "a003020104"),  # a version that there is not
        ("88032a0304", "a3032a0304"),  # a name of a kind that nobody uses (x400Address)
        ("88032a0304", "87032a0304"),  # an address of three bytes
    ],
)
def test_nothing_that_a_stranger_shows_is_a_fault_of_ours(there: str, instead: str) -> None:
    """Anybody may answer where a link points to: they are named, or are nobody."""
    shown = stranger()
    assert shown.count(there) == 1
    assert look_at(bytes.fromhex(shown)) is not None
    assert look_at(bytes.fromhex(shown.replace(there, instead))) is None
