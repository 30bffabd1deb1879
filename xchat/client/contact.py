"""First contact: from the SHA-256 in a link to a server that is verified, and only then a word.

Goal: a newcomer has nothing but a link, with the SHA-256 of the root's DER and a token that
is worth a login. The token reaches the server that the link means, and nobody else.

Plan, in this order (RFC 5280 has no word for it; step-ca's clients do the same):

1. Connect believing nothing, with no certificate of ours, and send nothing. Of the
   certificates shown take the one whose SHA-256 is the link's; where there is none stop, and
   say who answered. Hang up.
2. Connect again, trusting that certificate alone, and the roots that it vouches for (it was
   replaced since the link was made: `pki.rotation.succession`), as strictly as ever: chain, dates,
   purpose and name. Whatever is wrong ends it. There is no way around.
3. Speak.

What the first connection gives is no more than bytes that fit a hash, or that the key to
these has signed: the whole proof is the second. So it does no harm that anybody can show a
root that is not theirs, nor that another may answer the second time.

Ways rejected: to send after the first step, as the root's hash is right (whoever has ever
seen the root can show it, and gets the token); to verify the first connection's chain by hand
(one more verifier to get wrong); the root in the link (a QR code of 56 lines).
"""

from __future__ import annotations

import hashlib
import hmac
import ssl
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from xchat.client import diagnose
from xchat.client.exits import Fault
from xchat.client.peer import Peer
from xchat.client.reach import reach
from xchat.client.shown import look_at
from xchat.client.tls import trusting
from xchat.irc.display import listed
from xchat.limits.client import CERTIFICATE_NAMES_SHOWN_MAX, HANDSHAKE_SECONDS_MAX
from xchat.pki.fetch import shown_by
from xchat.pki.invite.enrolment import ALPN


class Found(NamedTuple):
    """The certificate that a link means, and the roots that it vouches for (DER)."""

    root: bytes
    successors: tuple[bytes, ...] = ()


def find_root(peer: Peer, sha256: bytes) -> Found:
    """Return the certificate of this SHA-256 among those that `peer` shows. Raises Fault."""
    with _shake(peer, _believing_nothing(), None) as connection:
        chain = shown_by(connection)
        enrols = connection.selected_alpn_protocol() == ALPN
    for der in chain:
        if hmac.compare_digest(hashlib.sha256(der).digest(), sha256):
            return Found(der, _vouched_by(der, chain))
    raise diagnose.not_the_links(peer, _who_answered(chain, enrols=enrols))


def look_at_chain(peer: Peer) -> list[bytes]:
    """Return what `peer` shows to those who enrol, DER, of which nothing is to be believed.

    Nothing is sent. Raises Fault.
    """
    with _shake(peer, _believing_nothing(), None) as connection:
        return shown_by(connection) if connection.selected_alpn_protocol() == ALPN else []


def trusting_only(peer: Peer, found: Found) -> ssl.SSLContext:
    """Return the context of the second connection, which trusts what was found. Raises Fault."""
    try:
        return trusting(b"".join((found.root, *found.successors)), ALPN)
    except (ssl.SSLError, ValueError) as error:
        raise diagnose.not_the_links(peer, "what the link calls its CA is none") from error


def connect(peer: Peer, context: ssl.SSLContext, ca: Path | None) -> ssl.SSLSocket:
    """Return a connection to enrol over, to the server that `context` has verified. Raises Fault.

    `ca` is the file that is trusted, for the words of what goes wrong; None for a link's CA.
    """
    assert context.verify_mode == ssl.CERT_REQUIRED
    assert context.check_hostname
    connection = _shake(peer, context, ca)
    if connection.selected_alpn_protocol() != ALPN:
        connection.close()
        raise diagnose.no_enrolment(peer)
    return connection


def _vouched_by(root: bytes, shown: list[bytes]) -> tuple[bytes, ...]:
    from cryptography.hazmat.primitives.serialization import Encoding

    from xchat.pki.facts import read_ders
    from xchat.pki.rotation.succession import successors

    new = successors(read_ders([root]), read_ders(shown), datetime.now(UTC))
    return tuple(each.public_bytes(Encoding.DER) for each in new)


def _believing_nothing() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.set_alpn_protocols([ALPN])
    return context


def _shake(peer: Peer, context: ssl.SSLContext, ca: Path | None) -> ssl.SSLSocket:
    plain = reach(peer, HANDSHAKE_SECONDS_MAX)
    try:
        return context.wrap_socket(plain, server_hostname=peer.name)
    except (OSError, ValueError) as error:
        plain.close()
        raise _in_words(error, peer, ca) from error


def _in_words(error: OSError | ValueError, peer: Peer, ca: Path | None) -> Fault:
    """Return the fault of a handshake that failed; nothing was sent by then but the handshake."""
    if isinstance(error, TimeoutError):
        return diagnose.mute(peer, HANDSHAKE_SECONDS_MAX)
    if isinstance(error, ssl.SSLError) and error.errno != ssl.SSL_ERROR_EOF and error.reason:
        return diagnose.diagnose(error, peer, ca)
    return diagnose.not_tls(peer, "it hung up during the handshake")


def _who_answered(chain: list[bytes], *, enrols: bool) -> str:
    shown = look_at(chain[0]) if chain else None
    names = listed(shown.names, CERTIFICATE_NAMES_SHOWN_MAX) if shown else ""
    signer = f", signed by “{shown.issuer}”" if shown else ""
    kind = "" if enrols else "\n  and that it takes no links: another program, or an older XChat"
    return (
        "who answers there does not show the CA in the link\n"
        f"  it says it is:  {names or 'nobody whose name can be read'}{signer}{kind}"
    )
