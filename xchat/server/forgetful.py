"""Let no session of TLS 1.2 be resumed: what a connection agrees on is forgotten with it.

In a session that is resumed no certificate is shown, and so none is judged: who was revoked
meanwhile would come back, and who showed a self-made one would be taken for a device of our
CA's. TLS 1.3 resumes by tickets, which are not given. TLS 1.2 resumes by an id too, and
OpenSSL remembers the sessions of a context unless told not to, which Python cannot.

But it remembers them with the context that a connection was begun with, whatever takes that
one's place. So each connection of TLS 1.2 begins with a context that nobody else has, and
takes the common one's place before the first byte (a tenth of a millisecond, measured):
an id is unknown whoever brings it, a full handshake follows, and nothing is kept.
"""

from __future__ import annotations

import ssl

from xchat.server.judges import listen_to_nothing


def forgetful(context: ssl.SSLContext) -> ssl.SSLContext:
    """Return a context to begin with, before `context` takes its place in the connection.

    It has what a connection takes from its first context and keeps: versions, options, whether
    a certificate is asked for, how it is verified, and that its messages are told.
    """
    first = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    first.minimum_version = context.minimum_version
    first.options = context.options
    first.verify_mode = context.verify_mode
    first.verify_flags = context.verify_flags
    first.num_tickets = context.num_tickets
    listen_to_nothing(first)
    return first
