"""Private keys: make them, lock them with a passphrase, read them back.

`cryptography` locks a key with 2,048 rounds of PBKDF2 and cannot be told more,
so the root's key is wrapped here, in scrypt (RFC 7914, 7; RFC 8018, 6.2). It
reads such a key itself, as OpenSSL does: N above 2^14 would go over OpenSSL's
32 MiB, and nobody could open the key again.
"""

from __future__ import annotations

import base64
import hashlib
import os
import textwrap
from typing import TypeAlias

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

from xchat.pki.errors import Locked, NotTrusted
from xchat.pki.mint import der

PrivateKey: TypeAlias = ec.EllipticCurvePrivateKey

SCRYPT_N, SCRYPT_R, SCRYPT_P = 2**14, 8, 5
"""16 MiB and a twentieth of a second a guess; OWASP's figure for N = 2^14."""
SCRYPT_BYTES_MAX = 64 << 20

_PBES2 = "1.2.840.113549.1.5.13"
_SCRYPT = "1.3.6.1.4.1.11591.4.11"
_AES_256_CBC = "2.16.840.1.101.3.4.1.42"
_LOCKED_MARKS = (b"BEGIN ENCRYPTED PRIVATE KEY", b"Proc-Type: 4,ENCRYPTED")


def make_key() -> PrivateKey:
    """Make a P-256 key."""
    return ec.generate_private_key(ec.SECP256R1())


def key_pem(key: PrivateKey, passphrase: bytes | None = None) -> bytes:
    """Return `key` as PKCS#8 PEM, locked if there is a passphrase."""
    if passphrase is not None:
        return _armour("ENCRYPTED PRIVATE KEY", _lock(_pkcs8(key), passphrase))
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def is_locked(pem: bytes) -> bool:
    """Tell whether a key needs a passphrase."""
    return any(mark in pem for mark in _LOCKED_MARKS)


def read_key(pem: bytes, file: object, passphrase: bytes | None = None) -> PrivateKeyTypes:
    """Return the key in `pem`, which came from `file`; raise Locked or NotTrusted."""
    if is_locked(pem) and passphrase is None:
        raise Locked(f"{file} is locked with a passphrase")
    try:
        return serialization.load_pem_private_key(pem, passphrase if is_locked(pem) else None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        if is_locked(pem):
            raise Locked(f"{file} does not open with this passphrase") from error
        raise NotTrusted(f"{file} holds no private key that can be read") from error


def _pkcs8(key: PrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.DER,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _lock(plain: bytes, passphrase: bytes) -> bytes:
    """Return an EncryptedPrivateKeyInfo (RFC 5958, 3): PBES2 of scrypt and AES-256-CBC."""
    salt, iv = os.urandom(16), os.urandom(16)
    secret = hashlib.scrypt(
        passphrase, salt=salt, n=SCRYPT_N, r=SCRYPT_R, p=SCRYPT_P, maxmem=SCRYPT_BYTES_MAX, dklen=32
    )
    pad, seal = PKCS7(128).padder(), Cipher(algorithms.AES(secret), modes.CBC(iv)).encryptor()
    sealed = seal.update(pad.update(plain) + pad.finalize()) + seal.finalize()
    cost = (der.integer(each) for each in (SCRYPT_N, SCRYPT_R, SCRYPT_P))
    scrypt = der.sequence(der.oid(_SCRYPT), der.sequence(der.octets(salt), *cost))
    cipher = der.sequence(der.oid(_AES_256_CBC), der.octets(iv))
    scheme = der.sequence(der.oid(_PBES2), der.sequence(scrypt, cipher))
    return der.sequence(scheme, der.octets(sealed))


def _armour(label: str, body: bytes) -> bytes:
    lines = textwrap.wrap(base64.b64encode(body).decode(), 64)
    return "\n".join((f"-----BEGIN {label}-----", *lines, f"-----END {label}-----", "")).encode()
