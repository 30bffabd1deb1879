"""The client's half of the enrolment protocol (`pki.invite.enrolment`): one question, one answer.

What comes back is looked at before any of it is kept: the certificate is for our key and names
the account that it should; and of the roots those alone are believed which the link names, or
which one that is believed vouches for (`pki.rotation.succession`). A server that is verified may
still be a thief with its key.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from xchat.client import diagnose
from xchat.client.exits import Exit, Fault
from xchat.client.peer import Peer
from xchat.client.refusals import check_nick
from xchat.errors import XChatError
from xchat.irc.display import visible
from xchat.limits import ENROLMENT_LINE_BYTES_MAX
from xchat.limits.client import ENROLMENT_SECONDS_MAX
from xchat.pki.invite.enrolment import (
    ALPN,
    Answer,
    Ask,
    Enrolled,
    NotTheProtocol,
    Refused,
    decode_answer,
    encode,
)

if TYPE_CHECKING:
    from cryptography import x509

    from xchat.pki.mint.keys import PrivateKey

READ_BYTES = 4096


class Certified(NamedTuple):
    """What a device has been given: whose it is, and PEM."""

    account: str
    device: str
    chain: bytes
    not_before: datetime
    not_after: datetime


class EnrolmentRefused(Fault):
    """The server's no; `code` says which."""

    def __init__(self, peer: Peer, refusal: Refused) -> None:
        super().__init__(Exit.REFUSED, f"{peer}: {visible(refusal.what)}")
        self.code = refusal.code


def ask(
    connection: ssl.SSLSocket, peer: Peer, ca: Path | None, question: Ask, wanted: type[Answer]
) -> Answer:
    """Return the answer to a question; `ca` is as for `connect`. Raises Fault."""
    try:
        line = _exchange(connection, encode(question))
        answer = decode_answer(line, wanted)
    except NotTheProtocol as error:
        raise not_for_us(peer, error.what) from error
    except TimeoutError as error:
        what = f"{peer}: no answer within {ENROLMENT_SECONDS_MAX:.0f} s"
        raise Fault(Exit.TIMED_OUT, what, transient=True) from error
    except ssl.SSLError as error:
        raise diagnose.diagnose(error, peer, ca) from error
    except OSError as error:
        raise diagnose.broken(peer) from error
    if isinstance(answer, Refused):
        raise EnrolmentRefused(peer, answer)
    return answer


def certified(answer: Enrolled, key: PrivateKey, peer: Peer) -> Certified:
    """Return what an answer holds, if it is for this key and this account. Raises Fault."""
    from xchat.pki.facts import read_chain
    from xchat.pki.mint.owner import account_in

    try:
        chain = read_chain(answer.certificate.encode(), "the answer")
        check_nick(answer.account)
    except XChatError as error:
        raise not_for_us(peer, error.what) from error
    leaf = chain[0]
    if not _is_for(leaf, key):
        raise not_for_us(peer, "its certificate is for another key than this device's")
    if account_in(_der(leaf)) != answer.account:
        raise not_for_us(peer, "its certificate is for another account than it says")
    start, end = leaf.not_valid_before_utc, leaf.not_valid_after_utc
    return Certified(answer.account, visible(answer.device), _pem(chain), start, end)


def _is_for(certificate: x509.Certificate, key: PrivateKey) -> bool:
    from xchat.pki.unreadable import UNREADABLE

    try:
        return certificate.public_key() == key.public_key()
    except UNREADABLE:  # of a kind that nobody here knows
        return False


def roots_to_keep(trusted: bytes, answer: Enrolled, peer: Peer) -> bytes:
    """Return the root that is trusted (DER), and those of an answer that it vouches for, in PEM.

    Raises Fault.
    """
    from cryptography import x509

    from xchat.pki.facts import read_chain
    from xchat.pki.rotation.succession import successors

    root = x509.load_der_x509_certificate(trusted)
    try:
        told = read_chain(answer.roots.encode(), "the answer")
    except XChatError as error:
        raise not_for_us(peer, error.what) from error
    return _pem((root, *successors([root], told, datetime.now(UTC))))


def _exchange(connection: ssl.SSLSocket, question: bytes) -> bytes:
    """Return the line that answers another. Raises OSError, NotTheProtocol."""
    deadline = time.monotonic() + ENROLMENT_SECONDS_MAX
    connection.settimeout(ENROLMENT_SECONDS_MAX)
    connection.sendall(question)
    line = b""
    while not line.endswith(b"\n"):
        connection.settimeout(max(0.001, deadline - time.monotonic()))
        data = connection.recv(READ_BYTES)
        line += data
        if len(line) > ENROLMENT_LINE_BYTES_MAX:
            raise NotTheProtocol(f"the answer is longer than {ENROLMENT_LINE_BYTES_MAX:,} bytes")
        if not data:
            raise ConnectionResetError
    return line


def not_for_us(peer: Peer, why: str) -> Fault:
    """Return the fault of an answer of which nothing may be kept."""
    return Fault(
        Exit.REFUSED,
        f"{peer}: what it answered cannot be used: {why}",
        mend=f"Nothing of it was kept. Tell whoever runs the server ({ALPN}).",
    )


def _der(certificate: x509.Certificate) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding

    return certificate.public_bytes(Encoding.DER)


def _pem(certificates: Iterable[x509.Certificate]) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding

    return b"".join(each.public_bytes(Encoding.PEM) for each in certificates)
