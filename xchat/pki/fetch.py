"""Fetch the certificates a server shows, believing none of them."""

from __future__ import annotations

import socket
import ssl
from ipaddress import ip_address

from cryptography import x509

from xchat.errors import UsageError, XChatError
from xchat.irc.display import visible
from xchat.limits import FETCH_SECONDS_MAX
from xchat.pki.errors import NotTrusted
from xchat.pki.facts import UNREADABLE
from xchat.pki.mint.names import parse_name

_DER = 2
"""`_ssl.ENCODING_DER`."""


def parse_place(text: str) -> tuple[str, int]:
    """Return host and port of `HOST:PORT` or `[ADDRESS]:PORT`; raise UsageError."""
    host, colon, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not (colon and host and port.isdecimal() and int(port) < 65_536):
        raise UsageError(f"{text}: there is no such file, and it is not HOST:PORT either")
    return str(parse_name(host)), int(port)


def fetch_chain(host: str, port: int) -> list[x509.Certificate]:
    """Return what the server at `host:port` shows, its own certificate first; send it nothing."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    place = f"{host}:{port}"
    try:
        with (
            socket.create_connection((host, port), FETCH_SECONDS_MAX) as plain,
            context.wrap_socket(plain, server_hostname=_sni(host)) as connection,
        ):
            return [x509.load_der_x509_certificate(each) for each in shown_by(connection)]
    except ssl.SSLError as error:
        raise XChatError(
            f"{place} does not speak TLS: {visible(str(error.reason))}",
            mend="Compare the port: an XChat server listens on 8080 unless told otherwise",
        ) from error
    except UNREADABLE as error:
        raise NotTrusted(f"{place} shows a certificate that cannot be read: {error}") from error
    except OSError as error:
        why = error.strerror or str(error)
        raise XChatError(
            f"{place} cannot be reached: {why}",
            mend="See that a server runs there, and compare host and port",
        ) from error


def _sni(host: str) -> str | None:
    """Return the name to ask for; an address is not one (RFC 6066, 3)."""
    try:
        ip_address(host)
    except ValueError:
        return host
    return None


def shown_by(connection: ssl.SSLSocket) -> list[bytes]:
    """Return the chain that a connection's peer has shown, DER each; nothing says that it holds."""
    if hasattr(connection, "get_unverified_chain"):  # Python 3.13
        return list(connection.get_unverified_chain())
    inner = connection._sslobj  # type: ignore[attr-defined]  # noqa: SLF001 - the only way before 3.13
    return [each.public_bytes(_DER) for each in inner.get_unverified_chain()]
