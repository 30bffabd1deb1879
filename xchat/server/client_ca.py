"""Which CA's certificates log clients in: the one that was named, or the one beside ours.

Most chat clients send their own certificate and not its issuer's, whatever
their file holds: what stands between it and the root has to be known here. An issuer that
was rotated out stays known as long as it lies in `issuers/`, for its devices go on logging in; the
root above it need not be trusted any more.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from xchat.config.settings import Tls
from xchat.errors import ConfigError, XChatError
from xchat.pki.disk.files import read_file
from xchat.pki.disk.folder import CA, Folder, folder_of
from xchat.pki.facts import is_ca, read_chain


def client_ca(settings: Tls) -> bytes | None:
    """Return the CA and its issuers in PEM; None where none was named and ours is not to be found.

    Raises ConfigError for a file that was named and is no CA's.
    """
    if settings.client_ca is not None:
        return pem_of(_named(Path(settings.client_ca).expanduser()))
    cert = Path(settings.cert).expanduser()
    folder, roots = folder_of(cert), roots_of(cert)
    if folder is None or not roots:
        return None
    return pem_of([*roots, *read_chain(read_file(cert), cert)[1:], *_issuers(folder)])


def roots_of(cert: Path) -> list[x509.Certificate]:
    """Return what is in the ca.pem by `cert`, where it holds the root of that chain; else nothing.

    Clients trust all of it: during a rotation there are two.
    """
    folder = folder_of(cert)
    try:
        roots = read_chain(read_file(folder.ca), folder.ca) if folder else []
        chain = read_chain(read_file(cert), cert)
    except XChatError:
        return []
    return roots if any(root.subject == chain[-1].issuer for root in roots) else []


def pem_of(certificates: Iterable[x509.Certificate]) -> bytes:
    """Return certificates in PEM, one after the other."""
    return b"".join(each.public_bytes(Encoding.PEM) for each in certificates)


def _named(file: Path) -> list[x509.Certificate]:
    mend = "tls.client_ca names the CA's certificate, as in --set 'tls.client_ca=\"certs/ca.pem\"'"
    try:
        certificates = read_chain(read_file(file), file)
    except XChatError as error:
        raise ConfigError(error.what, mend=mend) from error
    if not all(map(is_ca, certificates)):
        raise ConfigError(f"{file}: tls.client_ca holds a certificate that is no CA's", mend=mend)
    return [*certificates, *(_issuers(Folder(file.parent)) if file.name == CA else ())]


def _issuers(folder: Folder) -> Iterator[x509.Certificate]:
    """Yield the issuers in a folder of ours; one that cannot be read vouches for nobody."""
    for path in folder.issuers():
        with contextlib.suppress(XChatError):
            yield from filter(is_ca, read_chain(read_file(path), path))
