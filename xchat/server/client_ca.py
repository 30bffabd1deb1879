"""Which CA's certificates log clients in: the one that was named, or the one beside ours.

Most chat clients send their own certificate and not its issuer's, whatever
their file holds: what stands between it and the root has to be known here. An issuer that
was rotated out stays known as long as it lies in `issuers/`, for its devices go on logging in; the
root above it need not be trusted any more.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding

from xchat.config.settings import Tls
from xchat.errors import ConfigError, XChatError
from xchat.pki.facts import is_ca, read_chain
from xchat.pki.files import read_file
from xchat.pki.folder import CA, Folder


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
    return b"\n".join((pem, *_issuers(Folder(file.parent)))) if file.name == CA else pem


def _beside(cert: Path) -> bytes | None:
    """Return the ca.pem by `cert`, where it is the root of that chain, and all its issuers."""
    for folder in map(Folder, (cert.parent.parent, cert.parent)):
        if not folder.ca.is_file():
            continue
        try:
            pem = read_file(folder.ca)
            chain = read_chain(read_file(cert), cert)
            roots = read_chain(pem, folder.ca)
        except XChatError:
            return None
        if all(root.subject != chain[-1].issuer for root in roots):
            return None
        served = (each.public_bytes(Encoding.PEM) for each in chain[1:])
        return b"\n".join((pem, *served, *_issuers(folder)))
    return None


def _issuers(folder: Folder) -> Iterator[bytes]:
    """Yield the issuers in a folder of ours; one that cannot be read vouches for nobody."""
    for path in folder.issuers():
        with contextlib.suppress(XChatError):
            certificates = read_chain(read_file(path), path)
            yield from (one.public_bytes(Encoding.PEM) for one in certificates if is_ca(one))
