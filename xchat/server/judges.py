"""Look at a client's certificate just before OpenSSL judges it.

Python's `ssl` has no verify callback. But it tells each message of a handshake as it
comes, and a client's Certificate comes, decrypted, just before it is verified. What is
trusted for that one connection can be exchanged then (`SSLObject.context`): a judge may
answer with a context that trusts less than ours, or this one certificate.

Traps: the hook is undocumented, and where it is missing nobody is looked at; what must
hold is looked at again when the handshake is done. It would be called for every record
too, so that the context is exchanged once more then. What it raises comes out of
`do_handshake`: bytes that are no certificate are left for OpenSSL to refuse. In a session
that is resumed no Certificate comes (`TlsPipe` refuses those).
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from cryptography import x509

from xchat.pki.facts import UNREADABLE

CERTIFICATE = 11
"""The type of the handshake's message (RFC 8446, 4)."""
HEADER_BYTES = 4
HOOK = "_msg_callback"

Judge = Callable[[x509.Certificate, bytes], ssl.SSLContext | None]
"""Looks at a leaf, and its DER: what the connection is to trust instead, or None. May raise
what `cryptography` raises for what is not quite a certificate."""


def judge_first(context: ssl.SSLContext, judges: Sequence[Judge]) -> None:
    """Let judges look at each leaf before OpenSSL; the first one with an answer has it."""
    if hasattr(context, HOOK):
        setattr(context, HOOK, partial(_look, judges))


def listen_to_nothing(context: ssl.SSLContext) -> None:
    """Have OpenSSL tell messages, which are another context's to hear once it takes the place."""
    if hasattr(context, HOOK):
        setattr(context, HOOK, _hear_nothing)


def _hear_nothing(*_told: object) -> None:
    """Hear a message of a handshake, and do nothing."""


def _look(
    judges: Sequence[Judge], connection: ssl.SSLObject, direction: str, version: int, *rest: Any
) -> None:
    _content_type, message_type, data = rest
    if direction != "read" or message_type != CERTIFICATE:
        return
    trusting = verdict(judges, leaf_of(data, version))
    if trusting is not None:
        connection.context = trusting


def verdict(judges: Sequence[Judge], der: bytes) -> ssl.SSLContext | None:
    """Return the first answer of judges to a leaf; None for what none can read."""
    try:
        certificate = x509.load_der_x509_certificate(der)
        answers = (judge(certificate, der) for judge in judges)
        return next((answer for answer in answers if answer is not None), None)
    except UNREADABLE:
        return None


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
