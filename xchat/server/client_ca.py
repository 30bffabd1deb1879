"""Which CA's certificates log clients in: the one that was named, or the one beside ours.

Most chat clients send their own certificate and not its issuer's, whatever
their file holds: what stands between it and the root has to be known here.
"""

from __future__ import annotations

from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding

from xchat.config.settings import Tls
from xchat.errors import ConfigError, XChatError
from xchat.pki.facts import is_ca, read_chain
from xchat.pki.files import read_file
from xchat.pki.folder import CA


def client_ca(settings: Tls) -> bytes | None:
    """Return the CA and its issuers in PEM; None where none was named and ours is not to be found.

    Raises ConfigError for a file that was named and is no CA's.
    """
    if settings.client_ca is not None:
        return _named(Path(settings.client_ca).expanduser())
    return _beside(Path(settings.cert).expanduser())


def _named(file: Path) -> bytes:
    mend = "tls.client_ca names the CA's certificate, as in --set 'tls.client_ca=\"certs/ca.pem\"'"
    try:
        pem = read_file(file)
        certificates = read_chain(pem, file)
    except XChatError as error:
        raise ConfigError(error.what, mend=mend) from error
    if not all(map(is_ca, certificates)):
        raise ConfigError(f"{file}: tls.client_ca holds a certificate that is no CA's", mend=mend)
    return pem


def _beside(cert: Path) -> bytes | None:
    """Return the ca.pem by `cert`, where it is the root of that chain, and the chain's issuers."""
    for folder in (cert.parent.parent, cert.parent):
        if not (folder / CA).is_file():
            continue
        try:
            pem = read_file(folder / CA)
            chain = read_chain(read_file(cert), cert)
            roots = read_chain(pem, folder / CA)
        except XChatError:
            return None
        if all(root.subject != chain[-1].issuer for root in roots):
            return None
        return b"\n".join((pem, *(each.public_bytes(Encoding.PEM) for each in chain[1:])))
    return None
