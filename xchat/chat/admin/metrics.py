"""Figures of a running server for what watches over it, named as Prometheus has them.

To add one is a row here. What would cost something for each message is not counted: how many
events were kept, the log knows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Literal, NamedTuple

from xchat import __version__
from xchat.chat.admin.arguments import Nothing
from xchat.chat.admin.operation import Operation
from xchat.chat.admin.shapes import Metric, Outside
from xchat.chat.refused import Failed

if TYPE_CHECKING:
    from xchat.chat.hub import Hub


class Figure(NamedTuple):
    """A figure: its name and kind, what it says, how it is read; by label where it has one."""

    name: str
    kind: Literal["gauge", "counter"]
    about: str
    read: Callable[[Hub, Outside], float | Mapping[str, float]]
    label: str | None = None


FIGURES = (
    Figure("xchat_info", "gauge", "Which version runs", lambda *_: {__version__: 1}, "version"),
    Figure(
        "xchat_start_time_seconds",
        "gauge",
        "When the server started, in seconds since 1970",
        lambda hub, _: hub.started_ms / 1000,
    ),
    Figure(
        "xchat_connections",
        "gauge",
        "TCP connections, those still shaking hands too",
        lambda _, outside: outside.connections,
    ),
    Figure("xchat_sessions", "gauge", "Encrypted connections", lambda hub, _: len(hub.sessions)),
    Figure("xchat_users", "gauge", "Nicks on the network", lambda hub, _: len(hub.state.users)),
    Figure("xchat_channels", "gauge", "Channels", lambda hub, _: len(hub.state.channels)),
    Figure("xchat_accounts", "gauge", "Accounts", lambda hub, _: len(hub.state.accounts)),
    Figure(
        "xchat_log_entries",
        "counter",
        "Events kept since the log was begun: messages, joins, and all else",
        lambda hub, _: hub.ledger.store.seq,
    ),
    Figure(
        "xchat_store_bytes",
        "gauge",
        "Size of the store and its write-ahead log",
        lambda _, outside: outside.store_bytes,
    ),
    Figure(
        "xchat_certificate_expiry_timestamp_seconds",
        "gauge",
        "When a certificate ends, or the list of the revoked, in seconds since 1970",
        lambda _, outside: {role: ms / 1000 for role, ms in outside.ends.items()},
        "role",
    ),
    Figure(
        "xchat_reloads",
        "counter",
        "Changes of the certificate's files that were served, or could not be",
        lambda _, outside: outside.reloads,
        "outcome",
    ),
    Figure(
        "xchat_certificate_renewals",
        "counter",
        "Times this server has renewed its own certificate since it started",
        lambda _, outside: outside.renewals,
    ),
)


def metrics(hub: Hub, operation: Operation, _asked: Nothing) -> None:
    """Tell all figures as they are now."""
    if hub.outside is None:
        raise Failed("NO_FIGURES", text="This server does not count")
    operation.rows = _rows(hub, hub.outside())


def _rows(hub: Hub, outside: Outside) -> Iterator[Metric]:
    for figure in FIGURES:
        value = figure.read(hub, outside)
        values = value.items() if isinstance(value, Mapping) else [(None, value)]
        for labelled, each in values:
            yield Metric(
                name=figure.name,
                kind=figure.kind,
                about=figure.about,
                label=figure.label,
                labelled=labelled,
                value=each,
            )
