"""Let certificates that people made for themselves through the handshake: CERTFP.

Goal: whoever shows a self-signed certificate is connected, and known by its
fingerprint alone, as on other servers; an account may pin that. Whoever shows
one that a CA signed has to show one of ours: OpenSSL judges it, and refuses it.

Python's `ssl` refuses every certificate it has no trust in, and has no verify
callback. But it tells each message of a handshake as it comes, and a client's
Certificate comes, decrypted, just before it is verified. If it is self-signed,
that one connection is given a store in which it is all there is: OpenSSL finds
the leaf trusted as it stands (X509_V_FLAG_PARTIAL_CHAIN) and goes on to what
matters, the proof that the client has its key.

Why that is safe: a store of its own is made for each such connection and goes
with it, so that no certificate, CA or not, ever vouches for another; and what a
connection whose store was exchanged has shown counts as a fingerprint, never as
a name (`is_vouched`). Dates and key usage are still checked.

Ways rejected: putting pinned certificates into the one store (openssl's
`req -x509` makes CAs by default: whoever pins one could sign anybody's device;
and nobody could connect to pin the first); a second context without
verification (a context is chosen before the client has shown anything);
pyOpenSSL for every connection (a call into it costs more than a delivery).

Traps: the hook is undocumented, and where it is missing self-made certificates are
refused like strangers'. It would be called for every record too, so that the
context is exchanged once more when the handshake is done. What it raises comes
out of `do_handshake`: bytes that are no certificate are left for OpenSSL to refuse.
"""

from __future__ import annotations

import ssl

from cryptography import x509

from xchat.pki.facts import UNREADABLE

CERTIFICATE = 11
"""The type of the handshake's message (RFC 8446, 4)."""
HEADER_BYTES = 4
HOOK = "_msg_callback"


class OneTrusted(ssl.SSLContext):
    """The context of a connection that showed a self-made certificate."""


def admit_self_made(context: ssl.SSLContext) -> None:
    """Let self-signed certificates through the handshakes of a context that asks for any."""
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    if hasattr(context, HOOK):
        setattr(context, HOOK, _look)


def _look(
    connection: ssl.SSLObject,
    direction: str,
    version: int,
    _content_type: int,
    message_type: int,
    data: bytes,
) -> None:
    if direction == "read" and message_type == CERTIFICATE:
        der = leaf_of(data, version)
        if is_self_signed(der):
            trusting = OneTrusted(ssl.PROTOCOL_TLS_SERVER)
            trusting.load_verify_locations(cadata=der)
            connection.context = trusting


def leaf_of(message: bytes, version: int) -> bytes:
    """Return the first certificate of a Certificate message, its header included; b"" for none.

    (RFC 8446, 4.4.2; RFC 5246, 7.4.2.) What is cut short is no certificate either.
    """
    start = HEADER_BYTES
    if version >= ssl.TLSVersion.TLSv1_3:
        start += 1 + int.from_bytes(message[start : start + 1], "big")
    entry = message[start + 3 :]
    length = int.from_bytes(entry[:3], "big")
    return entry[3 : 3 + length]


def is_self_signed(der: bytes) -> bool:
    """Say whether a certificate names itself as its issuer."""
    try:
        certificate = x509.load_der_x509_certificate(der)
        issuer, subject = certificate.issuer, certificate.subject
    except UNREADABLE:
        return False
    return issuer == subject
