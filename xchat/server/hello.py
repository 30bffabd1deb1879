"""Tell, before TLS begins, whether a client has come to enrol: its first record says so.

Goal: who enrols is shown the root too, and need not have a certificate yet, even where
everybody else must (`tls.client_certificates = "required"`). Both are a context's, and
OpenSSL takes a context before it has heard which protocol is wanted: `SSLObject.context`
exchanges certificates, but neither whether one is asked for nor how it is judged.

So the name of the protocol is looked for in the ClientHello, which is never encrypted, and
nothing hangs on it being found by chance: on a connection that came to enrol nothing is
spoken but enrolment. One that spans several records, as none of ours does, is not seen.
"""

from __future__ import annotations

from xchat.pki.enrolment import ALPN

HANDSHAKE = 22
"""The type of a record (RFC 8446, 5.1)."""
HEADER_BYTES = 5
RECORD_BYTES_MAX = 16_384 + 256
_NAME = ALPN.encode()
_PROTOCOL = bytes([len(_NAME)]) + _NAME
"""A protocol's name in the ClientHello (RFC 7301, 3.1)."""


def wants_to_enrol(first: bytes) -> bool | None:
    """Say what the first record of a connection asks for; None where more of it is to come."""
    if first and first[0] != HANDSHAKE:
        return False
    if len(first) < HEADER_BYTES:
        return None
    length = int.from_bytes(first[3:HEADER_BYTES], "big")
    if length > RECORD_BYTES_MAX:
        return False
    record = first[HEADER_BYTES : HEADER_BYTES + length]
    return _PROTOCOL in record if len(record) == length else None
