"""The journal of a folder of certificates: what was done, when, by whom; one JSON object a line."""

from __future__ import annotations

import getpass
import socket
from datetime import datetime
from typing import Any

import msgspec

from xchat.pki.facts import Facts


class Act(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something was done: to this certificate, this device, this file, or to all of them."""

    at: datetime
    act: str
    by: str
    subject: str = ""
    serial: str = ""
    sha256: str = ""
    not_after: datetime | None = None
    names: tuple[str, ...] = ()
    account: str = ""
    device: str = ""
    reason: str = ""
    file: str = ""
    issuer: str = ""
    key: str = ""


def minted(facts: Facts, at: datetime, **more: str) -> bytes:
    """Return the journal's line for a new certificate."""
    return of_certificate(f"{facts.role} minted", facts, at, **more)


def of_certificate(act: str, facts: Facts, at: datetime, **more: str) -> bytes:
    """Return the journal's line for something done to a certificate: minted, renewed, trusted."""
    named: dict[str, Any] = {
        "subject": facts.subject,
        "serial": facts.serial,
        "sha256": facts.sha256,
        "not_after": facts.not_after,
        "names": facts.names,
    }
    return done(act, at, **named, **more)


def done(act: str, at: datetime, **what: Any) -> bytes:
    """Return the journal's line for anything done; `what` are fields of Act."""
    return msgspec.json.encode(Act(at=at, act=act, by=_who(), **what))


def _who() -> str:
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a container's user often has no name
        user = "unknown"
    return f"{user}@{socket.gethostname()}"
