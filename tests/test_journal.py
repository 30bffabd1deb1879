"""The journal: one line an event, harmless, without secrets, and never in the loop's way."""

from __future__ import annotations

import contextlib
import io
import json
import os
import pty
import select
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xchat.journal import Format, Journal, open_journal
from xchat.limits import (
    ABUSE_KEYS_MAX,
    ABUSE_SECONDS,
    JOURNAL_LINE_BYTES_MAX,
    JOURNAL_VALUE_CHARS_MAX,
)

NOON = datetime(2026, 11, 22, 12, 0, 0, 123_456, UTC)
ADDRESS = "192.0.2.1"


def journal_of(style: Format) -> tuple[Journal, io.StringIO]:
    stream = io.StringIO()
    return open_journal(style, "info", stream, clock=lambda: NOON), stream


@pytest.fixture
def pipe() -> Iterator[tuple[int, IO[str]]]:
    reader, writer = os.pipe()
    with os.fdopen(writer, "w", encoding="utf-8") as stream:
        yield reader, stream
    with contextlib.suppress(OSError):  # the test closed it
        os.close(reader)


def test_an_event_is_one_line_of_json_where_nobody_looks() -> None:
    journal, stream = journal_of("auto")
    journal.info("joined", nick="გიორგი", channel="#lobby", users=3)
    assert stream.getvalue().count("\n") == 1
    assert json.loads(stream.getvalue()) == {
        "time": "2026-11-22T12:00:00.123Z",
        "level": "info",
        "event": "joined",
        "nick": "გიორგი",
        "channel": "#lobby",
        "users": 3,
    }


def test_json_is_written_as_it_is_read() -> None:
    """Names are in files as people write them, not as a row of escapes."""
    journal, stream = journal_of("json")
    journal.info("joined", nick="ანა", host="მთა.local")
    assert '"nick": "ანა", "host": "მთა.local"' in stream.getvalue()


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("\x1b[2J", r"\u001b[2J"),
        ("\x7f\x9b", r"\u007f\u009b"),
        ("a\u202eb\u2066", r"a\u202eb\u2066"),
        ("a\u200bb\ufeff", r"a\u200bb\ufeff"),
        ("a\u2028b", r"a\u2028b"),
        ("\U000e0041", r"\udb40\udc41"),
        ("\udcff", r"\udcff"),
    ],
    ids=["escape", "DEL and C1", "bidi", "zero width", "line separator", "tag", "no text at all"],
)
def test_what_acts_or_hides_is_escaped_in_json(value: str, written: str) -> None:
    """CWE-150, CVE-2021-42574: the line may be looked at, and is still the same value."""
    journal, stream = journal_of("json")
    journal.info("joined", nick=value, host="მთა")
    assert f'"nick": "{written}", "host": "მთა"' in stream.getvalue()
    assert records(stream)[0]["nick"] == value


def test_an_event_is_one_line_to_read_in_text() -> None:
    journal, stream = journal_of("text")
    journal.warning("key is readable by its group", file="a b.pem", mode=0o640, nick="გიორგი")
    assert stream.getvalue() == (
        "2026-11-22T12:00:00.123Z warning key is readable by its group "
        "file='a b.pem' mode=416 nick=გიორგი\n"
    )


@pytest.mark.parametrize("coloured", [True, False])
def test_a_terminal_gets_text_with_colours_unless_no_color_is_set(
    coloured: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    if not coloured:
        monkeypatch.setenv("NO_COLOR", "1")
    master, slave = pty.openpty()
    with os.fdopen(slave, "w", encoding="utf-8") as stream:
        open_journal("auto", "info", stream, clock=lambda: NOON).info("started", port=8080)
        shown = os.read(master, 4096).decode()
    os.close(master)
    assert "started port=8080\r\n" in shown
    assert ("\x1b[32minfo" in shown) is coloured


def test_what_is_below_the_level_is_not_written() -> None:
    stream = io.StringIO()
    journal = open_journal("json", "warning", stream)
    journal.debug("a")
    journal.info("b")
    journal.warning("c")
    journal.error("d")
    assert [json.loads(line)["event"] for line in stream.getvalue().splitlines()] == ["c", "d"]


@pytest.mark.parametrize("style", ["text", "json"])
@given(value=st.text())
def test_nothing_that_acts_on_a_terminal_is_written_raw(style: Format, value: str) -> None:
    journal, stream = journal_of(style)
    journal.info(f"refused {value}", nick=value)
    line = stream.getvalue()
    assert line.endswith("\n")
    assert line[:-1].isprintable()


def test_a_value_cannot_pass_for_another_field() -> None:
    journal, stream = journal_of("text")
    journal.info("refused", nick="a level=error", host="b=c", empty="")
    assert "refused nick='a level=error' host='b=c' empty=''\n" in stream.getvalue()


@pytest.mark.parametrize("key", ["text", "message", "password", "passphrase", "secret", "token"])
def test_what_people_say_and_secrets_are_withheld(key: str) -> None:
    journal, stream = journal_of("json")
    journal.info("refused", **{key: "hunter2"})
    assert "hunter2" not in stream.getvalue()
    assert json.loads(stream.getvalue())[key] == "(withheld)"


@pytest.mark.parametrize("style", ["text", "json"])
def test_a_value_and_a_line_have_a_bound(style: Format) -> None:
    journal, stream = journal_of(style)
    journal.info("long", nick="x" * 10_000)
    assert "x" * JOURNAL_VALUE_CHARS_MAX in stream.getvalue()
    assert "x" * (JOURNAL_VALUE_CHARS_MAX + 1) not in stream.getvalue()
    journal.info("wide", **{f"field{number}": "გ" * 1000 for number in range(10)})
    last = stream.getvalue().splitlines()[-1]
    assert len(last.encode()) < JOURNAL_LINE_BYTES_MAX
    assert "wide" in last
    assert "cut" in last


# -- abuse ------------------------------------------------------------------------------------


def records(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_the_same_abuse_is_recorded_once_in_a_while_with_a_count() -> None:
    journal, stream = journal_of("json")
    for moment in range(int(ABUSE_SECONDS) + 1):
        journal.abuse("flood", ADDRESS, float(moment), nick="eve")
    first, second = records(stream)
    assert (first["kind"], first["address"], first["nick"]) == ("flood", ADDRESS, "eve")
    assert "left_out" not in first
    assert second["left_out"] == ABUSE_SECONDS - 1


def test_a_refusal_is_no_warning_and_as_seldom() -> None:
    journal, stream = journal_of("json")
    for moment in range(int(ABUSE_SECONDS) + 1):
        journal.refusal("no login", ADDRESS, float(moment))
    journal.abuse("no login", ADDRESS, 0.0)
    first, second, abuse = records(stream)
    assert (first["level"], first["event"], first["kind"]) == ("info", "refused", "no login")
    assert second["left_out"] == ABUSE_SECONDS - 1
    assert (abuse["level"], abuse["event"]) == ("warning", "abuse")


def test_another_kind_or_address_is_recorded_at_once() -> None:
    journal, stream = journal_of("json")
    journal.abuse("flood", ADDRESS, 0.0)
    journal.abuse("handshake", ADDRESS, 0.0)
    journal.abuse("flood", "192.0.2.2", 0.0)
    assert len(records(stream)) == 3


def test_many_addresses_cost_bounded_memory_and_lose_no_count() -> None:
    journal, stream = journal_of("json")
    journal.abuse("flood", ADDRESS, 0.0)
    journal.abuse("flood", ADDRESS, 0.0)
    for number in range(ABUSE_KEYS_MAX + 10):
        journal.abuse("flood", f"host{number}", 0.0)
    assert len(journal._repeated) == ABUSE_KEYS_MAX
    told = [record for record in records(stream) if record["address"] == ADDRESS]
    assert [record.get("left_out") for record in told] == [None, 1]


# -- never in the way -------------------------------------------------------------------------


@pytest.mark.timeout(10)
def test_a_pipe_that_nobody_empties_does_not_make_it_wait(pipe: tuple[int, IO[str]]) -> None:
    reader, stream = pipe
    journal = open_journal("json", "info", stream)
    for number in range(2000):
        journal.info("started", number=number, padding="x" * 200)
    assert journal.dropped > 0
    os.set_blocking(reader, False)
    kept = b"".join(iter(lambda: os.read(reader, 1 << 20) if _readable(reader) else b"", b""))
    numbers = [json.loads(line)["number"] for line in kept.splitlines()]
    assert numbers == list(range(len(numbers)))
    assert len(numbers) + journal.dropped == 2000
    journal.info("read again")
    assert b"read again" in os.read(reader, 4096)


def _readable(descriptor: int) -> bool:
    return bool(select.select([descriptor], [], [], 0)[0])


def test_a_reader_that_left_does_not_stop_it(pipe: tuple[int, IO[str]]) -> None:
    reader, stream = pipe
    os.close(reader)
    journal = open_journal("json", "info", stream)
    journal.info("started")
    assert journal.dropped == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_disk_does_not_stop_it() -> None:
    with Path("/dev/full").open("w", encoding="utf-8") as stream:
        journal = open_journal("json", "info", stream)
        journal.info("started")
        assert journal.dropped == 1


def test_a_closed_stream_does_not_stop_it() -> None:
    journal, stream = journal_of("json")
    stream.close()
    journal.info("started")
    assert journal.dropped == 1


def test_it_writes_to_standard_error_unless_told(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    open_journal("json").info("started")
    assert records(stream)[0]["event"] == "started"


def test_no_standard_error_at_all_is_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", None)
    open_journal().info("started")
