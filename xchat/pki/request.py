"""Requests for a certificate (PKCS#10, RFC 2986): who asks proves to have the key.

Nothing else of a request is taken: what a certificate says, its CA decides.
"""

from __future__ import annotations

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from xchat.pki.keys import PrivateKey


def make_request(key: PrivateKey) -> bytes:
    """Return a request, in PEM, for a certificate of a key; it says nothing else."""
    draft = x509.CertificateSigningRequestBuilder(x509.Name([]))
    return draft.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)
