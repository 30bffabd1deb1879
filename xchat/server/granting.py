"""What threads do for those who enrol: files and signatures, and nothing of the hub.

Each raises XChatError; `caught` makes a value of it, since what a thread raises is a fault of ours.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from xchat.errors import XChatError
from xchat.pki.disk.folder import Folder, folder_of
from xchat.pki.errors import Differs, NotTrusted
from xchat.pki.invite.enrolment import Redeem, Renew
from xchat.pki.invite.inviting import need_issuer
from xchat.server.client_ca import pem_of, roots_of

if TYPE_CHECKING:
    from xchat.pki.device.enrol import Enrolled

Result = TypeVar("Result")


@dataclass(frozen=True)
class Granted:
    """What was signed, and the roots of now (PEM)."""

    enrolled: Enrolled
    roots: str


def caught(run: Callable[[], Result]) -> Result | XChatError:
    """Return what `run` returns, or what is wrong."""
    try:
        return run()
    except XChatError as error:
        return error
    except OSError as error:
        return XChatError(f"{error.filename or 'the disk'}: {error.strerror or error}")


def read_roots(cert: Path) -> str:
    """Return the roots that are trusted from now on, in PEM, and what certifies new ones."""
    from xchat.pki.rotation.progress import read_bridges

    folder, roots = folder_of(cert), roots_of(cert)
    _, bridges = read_bridges(folder) if folder is not None and roots else ([], [])
    return pem_of((*roots, *bridges)).decode()


def note_roots(cert: Path, shown: bytes, have: Iterable[str]) -> bool:
    """Remember which roots a device has that has `shown` its certificate (DER)."""
    from xchat.pki.rotation import progress

    return progress.note_roots(need_issuer(cert), shown, have, datetime.now(UTC))


def read_request(cert: Path, question: Redeem) -> str:
    """Return the SHA-256 of the key of a request that can be granted."""
    from xchat.pki.disk.registry import check_device
    from xchat.pki.mint import request

    _folder(cert)
    check_device(question.device)
    asked = request.read_request(question.request.encode())
    return request.key_sha256(request.proven_key(asked))


def _folder(cert: Path) -> Folder:
    try:
        return need_issuer(cert)
    except Differs as error:
        text = "This server signs no certificates: its operator can make an account with a password"
        raise NotTrusted(text) from error


def grant(cert: Path, account: str, question: Redeem) -> Granted:
    """Sign the first certificate of a device for an account, or find the one its key has."""
    from xchat.pki.device.enrol import enrol
    from xchat.pki.mint import request

    asked = request.read_request(question.request.encode())
    folder, now = _folder(cert), datetime.now(UTC)
    return Granted(enrol(folder, account, question.device, asked, now), read_roots(cert))


def renew(cert: Path, shown: bytes, question: Renew) -> Granted:
    """Sign the certificate that follows on the one that was shown (DER)."""
    from cryptography import x509

    from xchat.pki.device.enrol import renew_device
    from xchat.pki.mint import request

    asked = request.read_request(question.request.encode())
    folder, now = _folder(cert), datetime.now(UTC)
    certificate = x509.load_der_x509_certificate(shown)
    return Granted(renew_device(folder, certificate, asked, now), read_roots(cert))
