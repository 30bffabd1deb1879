"""Let certificates that people made for themselves through the handshake: CERTFP.

Goal: whoever shows a self-signed certificate is connected, and known by its
fingerprint alone, as on other servers; an account may pin that. Whoever shows
one that a CA signed has to show one of ours: OpenSSL judges it, and refuses it.

Python's `ssl` refuses every certificate it has no trust in. So, before it is verified
(`judges`), the connection of a self-signed one is given a store in which it is all
there is: OpenSSL finds the leaf trusted as it stands (X509_V_FLAG_PARTIAL_CHAIN) and
goes on to what matters, the proof that the client has its key.

Why that is safe: a store of its own is made for each such connection and goes
with it, so that no certificate, CA or not, ever vouches for another; and what a
connection whose store was exchanged has shown counts as a fingerprint, never as
a name (`is_vouched`). Dates and key usage are still checked.

Ways rejected: putting pinned certificates into the one store (openssl's
`req -x509` makes CAs by default: whoever pins one could sign anybody's device;
and nobody could connect to pin the first); a second context without
verification (a context is chosen before the client has shown anything);
pyOpenSSL for every connection (a call into it costs more than a delivery).

Where Python has no hook, self-made certificates are refused like strangers'.
"""

from __future__ import annotations

import ssl

from cryptography import x509


class OneTrusted(ssl.SSLContext):
    """The context of a connection that showed a self-made certificate."""


def trust_self_made(certificate: x509.Certificate, der: bytes) -> OneTrusted | None:
    """Return a context that trusts a certificate which names itself as its issuer, only that."""
    if certificate.issuer != certificate.subject:
        return None
    trusting = OneTrusted(ssl.PROTOCOL_TLS_SERVER)
    trusting.load_verify_locations(cadata=der)
    return trusting
