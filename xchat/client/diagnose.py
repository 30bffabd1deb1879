"""Why TLS failed, in the words of a person, with what mends it.

Only runs when something is wrong, so it may take its time and import what is slow. Where
a certificate is at fault it is fetched once more, without verifying and without sending
anything, to show what the server offers beside what was asked.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from xchat.client.exits import Exit, Fault
from xchat.client.peer import Peer
from xchat.client.session.events import EntryRefused
from xchat.client.session.login import LOGIN_REFUSED
from xchat.client.shown import Shown, look_at
from xchat.client.tls import certificates_in
from xchat.irc.display import listed, visible
from xchat.limits.client import CERTIFICATE_NAMES_SHOWN_MAX, PROBE_SECONDS_MAX

# X509_V_ERR_* of OpenSSL's x509_vfy.h
_NOT_YET_VALID, _EXPIRED, _HOSTNAME, _ADDRESS = 9, 10, 62, 64
_UNKNOWN_CA = (2, 7, 18, 19, 20, 21)
_NOT_TLS = ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "PACKET_LENGTH_TOO_LONG", "UNKNOWN_PROTOCOL",
            "RECORD_LAYER_FAILURE", "NOT_SSL_RECORD_LAYER", "BAD_PROTOCOL_VERSION_NUMBER",
            "RECORD_TOO_SMALL", "UNEXPECTED_MESSAGE", "DATA_LENGTH_TOO_LONG")  # fmt: skip
_TOO_OLD = ("UNSUPPORTED_PROTOCOL", "TLSV1_ALERT_PROTOCOL_VERSION", "VERSION_TOO_LOW",
            "NO_PROTOCOLS_AVAILABLE")  # fmt: skip


_OWN_WANTED = "TLSV13_ALERT_CERTIFICATE_REQUIRED"
_OWN_REFUSED = {
    "TLSV1_ALERT_UNKNOWN_CA": "it was revoked, or is not from a CA that the server believes",
    "SSLV3_ALERT_CERTIFICATE_EXPIRED": "it has expired",
    "SSLV3_ALERT_CERTIFICATE_REVOKED": "it was revoked",
    "SSLV3_ALERT_UNSUPPORTED_CERTIFICATE": "it is not for clients",
    "SSLV3_ALERT_BAD_CERTIFICATE": "it is not in order, or not valid yet",
    "SSLV3_ALERT_CERTIFICATE_UNKNOWN": "it is not acceptable there",
}
"""What a server says of a client's certificate (RFC 8446, 6.2); it is told by its alert alone.

Ours can say no more of one that was revoked than that nobody vouches for it.
"""


def diagnose(error: ssl.SSLError, peer: Peer, ca: Path | None) -> Fault:
    """Return the fault behind an error of the handshake, or of the first read after it.

    `ca` is the file that is trusted; None where it is the CA that a link names.
    """
    if isinstance(error, ssl.SSLCertVerificationError):
        return _certificate(error, peer, ca)
    reason = str(getattr(error, "reason", "") or "")
    if reason in _NOT_TLS:
        return not_tls(peer, "it answered with something else")
    if reason in _TOO_OLD:
        return Fault(
            Exit.TLS_TOO_OLD,
            f"{peer}: the server speaks no version of TLS that is allowed here (1.3 and later)",
            mend="Let the server speak TLS 1.3; or, if it cannot, allow 1.2 with --tls-min 1.2.",
        )
    if reason == _OWN_WANTED:
        return Fault(
            Exit.OWN_REFUSED,
            f"{peer} lets only devices in that show a certificate, and we have shown none",
            mend="Ask whoever runs the server for a link (xchat-certs invite NAME), and type:"
            " xchat-client join 'LINK'",
        )
    if reason in _OWN_REFUSED:
        return Fault(
            Exit.OWN_REFUSED,
            f"{peer} refused our own certificate: {_OWN_REFUSED[reason]}",
            mend="Ask whoever runs the server for a new link (xchat-certs invite NAME), and type:"
            " xchat-client join 'LINK'",
        )
    return Fault(Exit.BROKEN_OFF, f"{peer}: TLS failed ({_lower(reason)})", transient=True)


def is_unknown_ca(error: Exception) -> bool:
    """Tell whether a server is refused because nobody whom we trust signed its certificate."""
    return isinstance(error, ssl.SSLCertVerificationError) and error.verify_code in _UNKNOWN_CA


def not_tls(peer: Peer, how: str, *, transient: bool = False) -> Fault:
    """Return the fault of a peer that does not speak TLS."""
    return Fault(
        Exit.NOT_TLS,
        f"{peer}: what listens there does not speak TLS ({how})",
        mend=f"Is {peer.port} the port of an XChat server? Nothing was sent to it.",
        transient=transient,
    )


def mute(peer: Peer, seconds: float) -> Fault:
    """Return the fault of a peer that takes too long over the handshake."""
    return Fault(
        Exit.TIMED_OUT,
        f"{peer}: no TLS handshake within {seconds:.0f} s",
        mend="Does an XChat server listen there? Nothing was sent to it.",
        transient=True,
    )


LOGIN_MEND = (
    "Look at --account NAME and its password, or --cert FILE; ask whoever runs the server for"
    " another."
)


def not_let_in(peer: Peer, refusal: EntryRefused, *, gave_password: bool) -> Fault:
    """Return the fault of a server that refused us, in its words."""
    if refusal.code == LOGIN_REFUSED:
        what = f"{peer} does not log us in: {visible(refusal.words)}"
        return Fault(Exit.LOGIN_REFUSED, what, mend=LOGIN_MEND)
    mend = "Ask whoever runs the server."
    if refusal.code == "ACCOUNT_REQUIRED":
        mend = "Log in to an account: --account NAME."
    elif refusal.code == "464" and gave_password:
        mend = "The first line of --password-file is not its password: ask whoever runs it."
    elif refusal.code == "464":
        mend = "Write the server's password to a file: --password-file FILE."
    return Fault(
        Exit.NOT_LET_IN,
        f"{peer} does not let us in: {visible(refusal.words)}",
        mend=mend,
        transient=not refusal.permanent,
    )


def not_the_links(peer: Peer, what: str) -> Fault:
    """Return the fault of a peer that is not the server which a link means."""
    return Fault(
        Exit.UNKNOWN_CA,
        f"{peer}: {what}",
        mend="The link's token was not sent. Ask whoever gave you the link whether the address is"
        " right; if it is, somebody may be posing as the server.",
    )


def no_enrolment(peer: Peer) -> Fault:
    """Return the fault of the right server, which does not know how devices are enrolled."""
    return Fault(
        Exit.REFUSED,
        f"{peer}: this server takes no links and renews no certificates",
        mend="Ask whoever runs it for ca.pem and an account: xchat-client --ca ca.pem --account"
        f" NAME {peer}",
    )


def broken(peer: Peer) -> Fault:
    """Return the fault of a connection that ended too soon."""
    return Fault(Exit.BROKEN_OFF, f"{peer}: it hung up without a word", transient=True)


def _certificate(error: ssl.SSLCertVerificationError, peer: Peer, ca: Path | None) -> Fault:
    shown = look_at(_fetch(peer))
    code = error.verify_code
    if code in _UNKNOWN_CA:
        return _unknown_ca(peer, ca, shown)
    row = _ROWS.get(code)
    return row(peer, ca, shown) if row else _unacceptable(peer, error.verify_message)


def _unknown_ca(peer: Peer, ca: Path | None, shown: Shown | None) -> Fault:
    signer = f": it was signed by “{shown.issuer}”" if shown else ""
    if ca is None:
        return not_the_links(peer, f"its certificate is not from the CA in the link{signer}")
    return Fault(
        Exit.UNKNOWN_CA,
        f"{peer}: its certificate is not from the CA in {ca}{signer}",
        mend="Ask whoever runs the server for its ca.pem and pass it: --ca FILE."
        " If it worked before, somebody may be posing as the server.",
    )


def _wrong_name(peer: Peer, _ca: Path | None, shown: Shown | None) -> Fault:
    names = shown.names if shown else ()
    offered = listed(names, CERTIFICATE_NAMES_SHOWN_MAX) or "no name that could be read"
    return Fault(
        Exit.WRONG_NAME,
        f"{peer}: the certificate is for other names\n"
        f"  asked for:  {peer.name}\n"
        f"  offered:    {offered}",
        mend=f"Connect by one of these names, or on the server: xchat-certs add-name {peer.name}",
    )


def _expired(peer: Peer, ca: Path | None, shown: Shown | None) -> Fault:
    now = datetime.now(UTC)
    remake = "renew"
    if shown is None or shown.not_after > now:
        what = "a certificate in its chain has expired"
        roots = (look_at(each) for each in (certificates_in(ca) if ca else ()))
        expired = [each.not_after for each in roots if each and each.not_after <= now]
        if expired:
            what = f"the CA in {ca} expired{_since(now, max(expired))}"
            remake = "init --force"
    else:
        what = f"its certificate expired{_since(now, shown.not_after)}"
    return Fault(
        Exit.EXPIRED,
        f"{peer}: {what}",
        mend=f"This machine's clock says {_day(now)}. If that is right: on the server, make a new"
        f" certificate with xchat-certs {remake}",
    )


def _not_yet_valid(peer: Peer, _ca: Path | None, shown: Shown | None) -> Fault:
    since = f": only from {_day(shown.not_before)}" if shown else ""
    return Fault(
        Exit.NOT_YET_VALID,
        f"{peer}: its certificate is not valid yet{since}",
        mend=f"This machine's clock says {_day(datetime.now(UTC))}: set it, or the server's.",
    )


def _unacceptable(peer: Peer, message: str) -> Fault:
    return Fault(
        Exit.BAD_CERTIFICATE,
        f"{peer}: its certificate is not acceptable ({message})",
        mend="On the server: xchat-certs verify certs/live/server.pem says which rule it breaks.",
    )


_ROWS: dict[int, Callable[[Peer, Path | None, Shown | None], Fault]] = {
    _HOSTNAME: _wrong_name,
    _ADDRESS: _wrong_name,
    _EXPIRED: _expired,
    _NOT_YET_VALID: _not_yet_valid,
}


def _fetch(peer: Peer) -> bytes | None:
    """Return the certificate that the peer shows, DER; nothing is sent but the handshake."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    address = (peer.host, peer.port)
    try:
        with (
            socket.create_connection(address, PROBE_SECONDS_MAX) as plain,
            context.wrap_socket(plain, server_hostname=peer.name) as wrapped,
        ):
            return wrapped.getpeercert(binary_form=True)
    except (OSError, ValueError):
        return None


def _since(now: datetime, then: datetime) -> str:
    days = (now - then).days
    ago = "today" if days < 1 else "yesterday" if days < 2 else f"{days} days ago"
    return f" on {_day(then)}, {ago}"


def _day(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _lower(reason: str) -> str:
    return reason.replace("_", " ").lower() or "no reason was given"
