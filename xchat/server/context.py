"""The server's side of TLS: which versions and ciphers, and with which certificate.

No early data (OpenSSL offers none unless asked), no renegotiation, no
compression, and no resumption: a session kept or a ticket written for each
client costs memory (CVE-2024-2511) and would outlive the revocation of a
device; a P-256 handshake costs less than either.
"""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import NoReturn

from xchat.config.settings import Tls
from xchat.errors import ConfigError

ALPN = ["irc"]
"""Offered to clients that ask; those that do not ask, or ask for more, are served all the same."""

CIPHERS_TLS12 = "ECDHE+AESGCM:ECDHE+CHACHA20"
_VERSIONS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}


def make_context(settings: Tls) -> ssl.SSLContext:
    """Return the context for clients, the certificate loaded; raise ConfigError if it will not."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = _VERSIONS[settings.min_version]
    context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_COMPRESSION | ssl.OP_NO_TICKET
    context.num_tickets = 0
    context.set_ciphers(CIPHERS_TLS12)
    context.set_alpn_protocols(ALPN)
    _load(context, Path(settings.cert).expanduser(), Path(settings.key).expanduser())
    return context


def _load(context: ssl.SSLContext, cert: Path, key: Path) -> None:
    def ask() -> NoReturn:
        raise ConfigError(
            f"{key}: the key is locked, and nobody is there to unlock it when a server starts",
            mend=f"openssl pkey -in {key} -out unlocked-key.pem, and pass that with --key",
        )

    try:
        context.load_cert_chain(cert, key, password=ask)
    except ssl.SSLError as error:
        raise ConfigError(
            f"{cert}: TLS cannot use it with {key}: {error.reason or 'not PEM'}",
            mend="xchat-certs init makes a pair that fits",
        ) from error
    except OSError as error:
        named = next((path for path in (cert, key) if not path.exists()), cert)
        raise ConfigError(
            f"{named}: cannot be read: {error.strerror}", mend="xchat-certs init"
        ) from error
