"""The journal of a folder of certificates: what was done, when, by whom; one JSON object a line."""

from __future__ import annotations

import getpass
import socket
from datetime import datetime

import msgspec

from xchat.pki.facts import Facts


class Act(msgspec.Struct, frozen=True, kw_only=True):
    """A certificate was minted, and this is the one."""

    at: datetime
    act: str
    by: str
    subject: str
    serial: str
    sha256: str
    not_after: datetime
    names: tuple[str, ...]


def minted(facts: Facts, at: datetime) -> bytes:
    """Return the journal's line for a new certificate."""
    return msgspec.json.encode(
        Act(
            at=at,
            act=f"{facts.role} minted",
            by=_who(),
            subject=facts.subject,
            serial=facts.serial,
            sha256=facts.sha256,
            not_after=facts.not_after,
            names=facts.names,
        )
    )


def _who() -> str:
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a container's user often has no name
        user = "unknown"
    return f"{user}@{socket.gethostname()}"
