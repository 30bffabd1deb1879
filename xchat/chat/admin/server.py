"""The server itself: status, reload, and what was done to it: audit."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from xchat import __version__
from xchat.chat.admin.acting import act
from xchat.chat.admin.arguments import AuditSince, Nothing
from xchat.chat.admin.operation import Operation
from xchat.chat.admin.shapes import AuditLine, Reloaded, Status, when
from xchat.chat.ledger import CannotRead, Store
from xchat.chat.refused import Failed
from xchat.config import Config
from xchat.errors import ConfigError

if TYPE_CHECKING:
    from xchat.chat.hub import Hub

AUDIT_ROWS = 100
"""Rows of the audit log that are read at once."""
DAY_MS = 86_400_000


def status(hub: Hub, operation: Operation, _asked: Nothing) -> None:
    """Say how the server does."""
    operation.answer = partial(_status, hub)


def _status(hub: Hub) -> Status:
    outside, state = hub.outside() if hub.outside else None, hub.state
    ends = outside.ends if outside else {}
    until = ends.get("server")
    days = {role: (end - hub.now_ms) // DAY_MS for role, end in ends.items()}
    return Status(
        version=__version__,
        name=hub.name,
        network=hub.config.server.network,
        started=when(hub.started_ms),
        uptime_seconds=(hub.now_ms - hub.started_ms) // 1000,
        users=len(state.users),
        sessions=len(hub.sessions),
        channels=len(state.channels),
        accounts=len(state.accounts),
        bans=len(state.bans),
        entries=hub.ledger.store.seq,
        store_bytes=outside.store_bytes if outside else None,
        certificate_until=when(until) if until else None,
        certificate_days_left=days.get("server"),
        issuer_days_left=days.get("issuer"),
        root_days_left=days.get("root"),
        crl_days_left=days.get("crl"),
        certificate_failure=(outside and outside.certificate_failure) or None,
        last_failure=hub.ledger.failure or None,
    )


def reload(hub: Hub, operation: Operation, _asked: Nothing) -> None:
    """Have the configuration read again, as REHASH does."""
    if hub.reload is None:
        raise Failed("NO_CONFIGURATION", text="This server reads no configuration")
    hub.work(operation, hub.reload, partial(_reloaded, hub, operation))


def _reloaded(hub: Hub, operation: Operation, read: Config | ConfigError) -> None:
    """Go on once it was read: all of it counts, or nothing of it."""
    if isinstance(read, ConfigError):
        raise Failed("INVALID_CONFIGURATION", text=f"Nothing has changed: {read.what}")
    later = hub.configure(read)
    act(hub, operation, hub.config_name, None, partial(Reloaded, later=later))


def audit(hub: Hub, operation: Operation, asked: AuditSince) -> None:
    """Tell what was done, the oldest first."""
    try:
        before = hub.ledger.store.seq_at(asked.since) - 1 if asked.since else 0
        operation.rows = _audit(hub.ledger.store, before)
    except CannotRead as unread:
        raise Failed("CANNOT_READ", text=f"The audit log cannot be read: {unread}") from unread


def _audit(store: Store, before: int) -> Iterator[AuditLine]:
    after = before
    while rows := store.audit(after=after, limit=AUDIT_ROWS):
        for row in rows:
            line = AuditLine(
                time=when(row.ts), via=row.via, who=row.who, act=row.act, what=row.what
            )
            yield line
        after = rows[-1].seq
