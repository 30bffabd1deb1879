"""The journal: what the server records about itself, one line an event.

For people on a terminal a line to read, otherwise a line of JSON. Goal: it can
never harm whom it serves. Values may come from anyone, so nothing that acts on
a terminal is written raw; what people say and what must stay secret is never
written at all; and a line that cannot be written now (a full pipe, a full
disk, nobody reading) is dropped and counted, since the loop must not wait.

Way rejected: O_NONBLOCK on standard error, which would change the terminal of
whoever started us. A pipe that polls as writable takes PIPE_BUF bytes (4,096)
without blocking (POSIX, write), so no line is longer than that.
"""

from __future__ import annotations

import json
import os
import select
import sys
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import IO, TYPE_CHECKING, Any, Literal, NamedTuple

from xchat.limits import (
    ABUSE_KEYS_MAX,
    ABUSE_SECONDS,
    JOURNAL_LINE_BYTES_MAX,
    JOURNAL_VALUE_CHARS_MAX,
)

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

Format = Literal["auto", "text", "json"]
Level = Literal["debug", "info", "warning", "error"]
_Record = Callable[..., object]

_WITHHELD_KEYS = frozenset({"text", "message", "password", "passphrase", "secret", "token"})
_WITHHELD = "(withheld)"
_COLOURS = {"debug": "2", "info": "32", "warning": "33", "error": "31"}


class Journal:
    """Records events: `journal.info("joined", nick="alice")`; made by `open_journal`."""

    def __init__(self, logger: FilteringBoundLogger, sink: _Sink) -> None:
        self._sink = sink
        self._repeated: dict[_Key, _Repeated] = {}
        self.debug = logger.debug
        self.info = logger.info
        self.warning = logger.warning
        self.error = logger.error

    @property
    def dropped(self) -> int:
        """Lines that could not be written."""
        return self._sink.dropped

    def abuse(self, kind: str, address: str, now: float, **fields: object) -> None:
        """Record abuse of one kind from one address, at most once in ABUSE_SECONDS.

        `now` is seconds on any steady clock. Those left out are counted in the next record.
        """
        self._seldom(self.warning, _Key("abuse", kind, address), now, fields)

    def refusal(self, kind: str, address: str, now: float, **fields: object) -> None:
        """Record that someone was refused, most often for a mistake; as seldom as `abuse`."""
        self._seldom(self.info, _Key("refused", kind, address), now, fields)

    def fault(self, fault: str, now: float) -> None:
        """Record a fault of ours: which, and where; each as seldom as `abuse`."""
        self._seldom(self.error, _Key("a fault of ours", fault), now, {})

    def _seldom(self, record: _Record, key: _Key, now: float, fields: dict[str, object]) -> None:
        repeated = self._repeated.get(key)
        if repeated and now - repeated.since < ABUSE_SECONDS:
            repeated.left_out += 1
            return
        self._repeated.pop(key, None)
        if len(self._repeated) >= ABUSE_KEYS_MAX:
            self._forget_oldest()
        self._repeated[key] = _Repeated(record, now)
        if repeated and repeated.left_out:
            fields["left_out"] = repeated.left_out
        _tell(record, key, fields)

    def _forget_oldest(self) -> None:
        key = next(iter(self._repeated))
        repeated = self._repeated.pop(key)
        if repeated.left_out:
            _tell(repeated.record, key, {"left_out": repeated.left_out})


def open_journal(
    style: Format = "auto",
    level: Level = "info",
    stream: IO[str] | None = None,
    *,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Journal:
    """Return a journal that writes to `stream`, standard error unless given."""
    import structlog  # costs 60 ms: not for `--help`

    sink = _Sink(stream or sys.stderr)
    on_terminal = sink.is_terminal()
    text = style == "text" or (style == "auto" and on_terminal)
    coloured = on_terminal and not os.environ.get("NO_COLOR")
    render = (_render_coloured if coloured else _render_text) if text else _render_json

    def stamp(_logger: object, method: str, event: MutableMapping[str, Any]) -> dict[str, Any]:
        time = clock().isoformat(timespec="milliseconds").replace("+00:00", "Z")
        head = {"time": time, "level": method, "event": event.pop("event")}
        return head | {key: _guard(key, value) for key, value in event.items()}

    logger: FilteringBoundLogger = structlog.wrap_logger(
        sink,
        processors=[stamp, lambda _logger, _method, event: _bounded(event, render)],
        wrapper_class=structlog.make_filtering_bound_logger(level),
    )
    return Journal(logger, sink)


class _Key(NamedTuple):
    """What is recorded seldom: an event, its kind, and whose it is, if it is somebody's."""

    event: str
    kind: str
    address: str = ""


def _tell(record: _Record, key: _Key, fields: Mapping[str, object]) -> None:
    if key.address:
        record(key.event, kind=key.kind, address=key.address, **fields)
    else:
        record(key.event, fault=key.kind, **fields)


@dataclass(slots=True)
class _Repeated:
    record: _Record
    since: float
    left_out: int = 0


class _Sink:
    """Takes finished lines; writes each whole or not at all as far as that can be known."""

    def __init__(self, stream: IO[str] | None) -> None:
        self.dropped = 0
        self._stream = stream
        self._descriptor = _descriptor(stream)
        self.debug = self.info = self.warning = self.error = self.write

    def is_terminal(self) -> bool:
        """Say whether a person reads this."""
        return self._descriptor is not None and os.isatty(self._descriptor)

    def write(self, line: str) -> None:
        """Write a line without waiting; drop and count it where that cannot be done."""
        try:
            if self._descriptor is not None:
                self._write_now(f"{line}\n".encode("utf-8", "backslashreplace"))
            elif self._stream is not None:
                self._stream.write(f"{line}\n")
        except (OSError, ValueError):  # nobody reads, the disk is full, the stream is closed
            self.dropped += 1

    def _write_now(self, data: bytes) -> None:
        assert self._descriptor is not None
        poll = select.poll()
        poll.register(self._descriptor, select.POLLOUT)
        while data:
            if not poll.poll(0):
                raise BlockingIOError
            data = data[os.write(self._descriptor, data) :]


def _descriptor(stream: IO[str] | None) -> int | None:
    try:
        return stream.fileno() if stream else None
    except (OSError, ValueError):  # a stream in memory has none
        return None


def _guard(key: str, value: object) -> object:
    if key in _WITHHELD_KEYS:
        return _WITHHELD
    if value is None or isinstance(value, bool | int | float):
        return value
    text = str(value)
    return text if len(text) <= JOURNAL_VALUE_CHARS_MAX else f"{text[:JOURNAL_VALUE_CHARS_MAX]}…"


def _bounded(event: Mapping[str, Any], render: Callable[[Mapping[str, Any]], str]) -> str:
    line = render(event)
    if len(line.encode("utf-8", "backslashreplace")) < JOURNAL_LINE_BYTES_MAX:
        return line
    return render({key: event[key] for key in ("time", "level", "event")} | {"cut": len(line)})


def _render_json(event: Mapping[str, Any]) -> str:
    """Return an event as JSON in UTF-8: what is drawn as it is, what acts or hides escaped."""
    line = json.dumps(dict(event), ensure_ascii=False)
    if line.isprintable():
        return line
    return "".join(char if char.isprintable() else json.dumps(char)[1:-1] for char in line)


def _render_text(event: Mapping[str, Any]) -> str:
    time, level, name, *fields = event.items()
    words = "".join(f" {key}={_plain(value)}" for key, value in fields)
    return f"{time[1]} {level[1]:7} {_plain(name[1], also=' ')}{words}"


def _render_coloured(event: Mapping[str, Any]) -> str:
    time, level, line = _render_text(event).split(" ", 2)
    return f"\x1b[2m{time}\x1b[m \x1b[{_COLOURS[level]}m{level}\x1b[m {line}"


def _plain(value: object, also: str = "") -> str:
    """Return a value as it is when that is one harmless word, else quoted and escaped."""
    text = str(value)
    harmless = text.isprintable() and not any(sign in text for sign in " \"'=" if sign not in also)
    return text if text and harmless else repr(text)
