"""The server's side of TLS: which versions and ciphers, and with which certificate.

No early data (OpenSSL offers none unless asked), no renegotiation, no
compression, and no resumption: a session kept or a ticket written for each
client costs memory (CVE-2024-2511) and would outlive the revocation of a
device; a P-256 handshake costs less than either. No ticket is given, and sessions of
TLS 1.2 are forgotten (`forgetful`).

Clients are asked for a certificate, without a list of CAs: a client with such a
list would keep a self-made one to itself. With our CA loaded to judge them, OpenSSL adds
its root to a chain of one that we send, and to no other; a client needs it as little
as it is harmed by it.

There are two: one to chat, and one to enrol, whose chain goes on to the root. Who has
only the SHA-256 of a root, from a link, finds it there, be it the root of before; and who
trusts an old root finds the new one, certified by it (NewWithOld, RFC 4210, 4.4).
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import NoReturn

from xchat.config.settings import Tls
from xchat.errors import ConfigError
from xchat.pki.disk.files import read_file
from xchat.pki.disk.folder import folder_of
from xchat.pki.invite.enrolment import ALPN as ENROLMENT
from xchat.pki.rotation.progress import read_bridges
from xchat.server.client_ca import client_ca, pem_of, roots_of
from xchat.server.judges import judge_first
from xchat.server.revoked import Barred
from xchat.server.self_made import trust_self_made

ALPN = ["irc"]
"""Offered to clients that ask; those that do not ask, or ask for more, are served all the same."""

CIPHERS_TLS12 = "ECDHE+AESGCM:ECDHE+CHACHA20"
_VERSIONS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}

_ASKS = {"none": ssl.CERT_NONE, "optional": ssl.CERT_OPTIONAL, "required": ssl.CERT_REQUIRED}


def make_context(settings: Tls, barred: Barred | None = None) -> ssl.SSLContext:
    """Return the context for clients, the certificate loaded; raise ConfigError if it will not.

    What is in `barred` later is refused later.
    """
    context = _bare(_VERSIONS[settings.min_version], ALPN)
    _load(context, Path(settings.cert).expanduser(), Path(settings.key).expanduser())
    _ask(context, settings, _ASKS[settings.client_certificates], barred or Barred())
    return context


def make_enrolment_context(settings: Tls, barred: Barred | None = None) -> ssl.SSLContext:
    """Return the context for those who come to enrol; raise ConfigError as `make_context` does.

    Our own clients only come here, so nothing older than TLS 1.3 is spoken.
    """
    cert, key = Path(settings.cert).expanduser(), Path(settings.key).expanduser()
    context = _bare(ssl.TLSVersion.TLSv1_3, [ENROLMENT])
    with _as_file(_to_the_roots(cert), cert) as chain:
        _load(context, chain, key)
    _ask(context, settings, ssl.CERT_OPTIONAL, barred or Barred())
    return context


def _to_the_roots(cert: Path) -> bytes:
    """Return the chain, the roots of before and of now, and what certifies new ones.

    The one of before is first: so our clients put it before the others, and let it go again.
    """
    folder, parts = folder_of(cert), [read_file(cert)]
    if folder is not None and (roots := roots_of(cert)):
        dropped, bridges = read_bridges(folder)
        parts.append(pem_of((*dropped, *roots, *bridges)))
    return b"\n".join(parts)


@contextmanager
def _as_file(pem: bytes, cert: Path) -> Iterator[Path]:
    """Lend what is read from files only, as `ssl` does, one that holds `pem`: nothing secret."""
    try:
        with NamedTemporaryFile(prefix="xchat-chain-", suffix=".pem") as file:
            file.write(pem)
            file.flush()
            yield Path(file.name)
    except OSError as error:
        raise ConfigError(
            f"{cert}: its chain up to the root cannot be put together: {error.strerror}",
            mend="let the server write temporary files: TMPDIR=FOLDER xchat-server ...",
        ) from error


def _bare(oldest: ssl.TLSVersion, protocols: list[str]) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = oldest
    context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_COMPRESSION | ssl.OP_NO_TICKET
    context.num_tickets = 0
    context.set_ciphers(CIPHERS_TLS12)
    context.set_alpn_protocols(protocols)
    return context


def _ask(context: ssl.SSLContext, settings: Tls, mode: ssl.VerifyMode, barred: Barred) -> None:
    """Ask clients for a certificate, and judge it by the CA that is believed.

    An issuer is believed without its root (PARTIAL_CHAIN), and so is a self-made one alone.
    """
    context.verify_mode = mode
    if mode == ssl.CERT_NONE:
        return
    pem = client_ca(settings)
    if pem is not None:
        context.load_verify_locations(cadata=pem.decode("ascii", "replace"))
    elif mode == ssl.CERT_REQUIRED:
        raise _nobody_could_come()
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    required = mode == ssl.CERT_REQUIRED
    judges = (barred.judge,) if required else (barred.judge, trust_self_made)
    judge_first(context, judges)


def _nobody_could_come() -> ConfigError:
    return ConfigError(
        'tls.client_certificates = "required" lets only devices of a CA in, and none is beside '
        "tls.cert",
        mend="name the CA: --set 'tls.client_ca=\"certs/ca.pem\"'",
    )


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
