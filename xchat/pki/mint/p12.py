"""Write PKCS#12 (RFC 7292), what browsers, phones and mail programs take: key and certificates.

`cryptography` locks the contents with PBES2 (RFC 8018, 6.2: PBKDF2, AES-256-CBC) and as many rounds
as one likes, but leaves the MAC at 2,048: whoever guesses passphrases would ask the MAC. So the MAC
(RFC 7292, 4 and appendix B) is made anew here, with the rounds of the contents.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Sequence

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import PrivateFormat, pkcs12

from xchat.errors import UsageError
from xchat.pki.mint import der

ROUNDS = 600_000
"""OWASP's figure for PBKDF2 with HMAC-SHA-256; a quarter of a second each for contents and MAC."""

_SHA256 = "2.16.840.1.101.3.4.2.1"
_SALT_BYTES = 16
_BLOCK_BYTES = 64
_FOR_MACS = b"\x03" * _BLOCK_BYTES
"""What the diversifier is for a key of a MAC (RFC 7292, B.3)."""


def make_p12(
    name: str,
    key: EllipticCurvePrivateKey,
    chain: Sequence[x509.Certificate],
    passphrase: str,
) -> bytes:
    """Return `key` and `chain`, its own certificate first, as PKCS#12 that shows as `name`.

    Raises UsageError for a passphrase that programs would spell in different ways.
    """
    check_passphrase(passphrase)
    lock = (
        PrivateFormat.PKCS12.encryption_builder()
        .kdf_rounds(ROUNDS)
        .key_cert_algorithm(pkcs12.PBES.PBESv2SHA256AndAES256CBC)
        .hmac_hash(SHA256())
        .build(passphrase.encode())
    )
    sealed = pkcs12.serialize_key_and_certificates(name.encode(), key, chain[0], chain[1:], lock)
    return _with_slow_mac(sealed, passphrase)


def check_passphrase(passphrase: str) -> None:
    """Raise UsageError for an empty one, or one of other characters than printable ASCII."""
    if not (passphrase and passphrase.isascii() and passphrase.isprintable()):
        raise UsageError(
            "a passphrase of PKCS#12 is of letters, digits and signs of ASCII: programs spell "
            "any other in different ways",
            mend="Let one be made, which is shown once: leave --passphrase-file out",
        )


def _with_slow_mac(pfx: bytes, passphrase: str) -> bytes:
    """Return a PFX with a MAC of ROUNDS rounds in place of its own (RFC 7292, 4)."""
    version, safe, _mac = der.parts(der.content(pfx))
    _type, wrapped = der.parts(der.content(safe))
    signed = der.content(der.content(wrapped))
    salt = os.urandom(_SALT_BYTES)
    digest = hmac.digest(_mac_key(passphrase, salt), signed, "sha256")
    algorithm = der.sequence(der.oid(_SHA256), der.null())
    checksum = der.sequence(algorithm, der.octets(digest))
    mac = der.sequence(checksum, der.octets(salt), der.integer(ROUNDS))
    return der.sequence(version, safe, mac)


def _mac_key(passphrase: str, salt: bytes) -> bytes:
    """Return the key of 32 bytes that RFC 7292, B.2 derives: one block of SHA-256 is enough."""
    block = _FOR_MACS + _filled(salt) + _filled(f"{passphrase}\0".encode("utf-16-be"))
    for _ in range(ROUNDS):
        block = hashlib.sha256(block).digest()
    return block


def _filled(data: bytes) -> bytes:
    """Return `data` repeated until whole blocks are full, the last time cut."""
    size = -(-len(data) // _BLOCK_BYTES) * _BLOCK_BYTES
    return (data * (size // len(data) + 1))[:size]
