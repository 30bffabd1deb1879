"""Requests for a certificate (PKCS#10, RFC 2986): who asks proves to have the key.

Nothing else of a request is taken: what a certificate says, its CA decides.
"""

from __future__ import annotations

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    SECP384R1,
    EllipticCurvePublicKey,
)
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from xchat.limits import REQUEST_BYTES_MAX
from xchat.pki.errors import NotTrusted
from xchat.pki.facts import UNREADABLE
from xchat.pki.mint.authority import PublicKey
from xchat.pki.mint.keys import PrivateKey

RSA_BITS = range(2048, 4097)
_MAKE_ONE = (
    "openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
    " -keyout key.pem -out request.pem -subj /CN=laptop"
)


def make_request(key: PrivateKey) -> bytes:
    """Return a request, in PEM, for a certificate of a key; it says nothing else."""
    draft = x509.CertificateSigningRequestBuilder(x509.Name([]))
    return draft.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)


def read_request(pem: bytes, file: object = "the request") -> x509.CertificateSigningRequest:
    """Return the request in `pem`; raise NotTrusted for anything else."""
    if len(pem) > REQUEST_BYTES_MAX:
        raise NotTrusted(
            f"{file} is longer than the {REQUEST_BYTES_MAX:,} bytes a request may have",
            mend=_MAKE_ONE,
        )
    try:
        return x509.load_pem_x509_csr(pem)
    except UNREADABLE as error:
        raise NotTrusted(
            f"{file} holds no certificate signing request that can be read (PEM is wanted)",
            mend=_MAKE_ONE,
        ) from error


def proven_key(request: x509.CertificateSigningRequest) -> PublicKey:
    """Return the public key of a request whose sender has shown to have the private one.

    Raises NotTrusted for a key that no judge of ours accepts: P-256, P-384 or RSA it is.
    """
    try:
        key = request.public_key()
        is_proven = request.is_signature_valid
    except UNREADABLE as error:
        raise NotTrusted("the request has no key that can be read", mend=_MAKE_ONE) from error
    if not is_proven:
        raise NotTrusted("the request is not signed by the key it is for", mend=_MAKE_ONE)
    if isinstance(key, EllipticCurvePublicKey) and isinstance(key.curve, SECP256R1 | SECP384R1):
        return key
    if isinstance(key, RSAPublicKey) and key.key_size in RSA_BITS:
        return key
    raise NotTrusted("the request's key is none of P-256, P-384, RSA 2048 to 4096", mend=_MAKE_ONE)


def key_sha256(key: PublicKey) -> str:
    """Return the SHA-256 of a public key (its SubjectPublicKeyInfo), 64 hexadecimal digits."""
    digest = hashes.Hash(hashes.SHA256())
    digest.update(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))
    return digest.finalize().hex()
