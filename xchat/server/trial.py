"""Try a certificate out before anybody is shown it: a handshake in memory, as clients will do it.

Whatever the files hold, what counts is that a client which trusts our ca.pem, strict as
Python 3.13 is whichever Python this is, connects by each name that the certificate has.
"""

from __future__ import annotations

import hashlib
import ssl
from collections.abc import Sequence

from xchat.pki.judge.openssl import strict_context


class TrialFailed(Exception):  # noqa: N818 - says what is so
    """A handshake came to nothing; the words say why, as OpenSSL does."""


def try_out(
    context: ssl.SSLContext, names: Sequence[str], roots: str, *, protocols: Sequence[str] = ()
) -> str:
    """Shake hands with a server's context by each of `names`, trusting `roots` (PEM) alone.

    Without roots the chain is nobody's to judge here, and one handshake shows that the key is
    the right one. Returns the SHA-256 of the certificate shown, in hex; raises TrialFailed.
    """
    client = _trusting(roots) if roots else _indifferent()
    if protocols:
        client.set_alpn_protocols(list(protocols))
    shown = {_shake_hands(context, client, name) for name in (names if roots else names[:1])}
    if len(shown) != 1:
        raise TrialFailed("it has no name that a client could ask for")
    return shown.pop()


def _trusting(roots: str) -> ssl.SSLContext:
    client = strict_context(roots)
    client.maximum_version = ssl.TLSVersion.MAXIMUM_SUPPORTED
    return client


def _indifferent() -> ssl.SSLContext:
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname = False
    client.verify_mode = ssl.CERT_NONE
    return client


def _shake_hands(context: ssl.SSLContext, client: ssl.SSLContext, name: str) -> str:
    """Go on until the client is content: what the server would say to it then is no matter here."""
    up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
    asked = f"a client that asks for {name}"
    try:
        ours = client.wrap_bio(down, up, server_hostname=name)
        theirs = context.wrap_bio(up, down, server_side=True)
        while not _is_done(ours):
            _is_done(theirs)
    except ssl.SSLCertVerificationError as error:
        raise TrialFailed(f"{asked} refuses it: {error.verify_message}") from error
    except ssl.SSLError as error:
        raise TrialFailed(f"{asked} cannot connect: {error.reason}") from error
    except ValueError as error:
        raise TrialFailed(f"no client can ask for {name!r}") from error
    return hashlib.sha256(ours.getpeercert(binary_form=True) or b"").hexdigest()


def _is_done(side: ssl.SSLObject) -> bool:
    try:
        side.do_handshake()
    except ssl.SSLWantReadError:
        return False
    return True
