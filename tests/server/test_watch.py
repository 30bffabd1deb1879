"""When files are looked at, and what is seen of them."""

from __future__ import annotations

from pathlib import Path

from xchat.server.watch import LOST_SECONDS, POLL_SECONDS, Schedule, is_there, look


def test_files_are_looked_at_at_once_and_then_at_intervals() -> None:
    schedule = Schedule()
    assert schedule.take_look(100.0)
    assert not schedule.take_look(100.0 + POLL_SECONDS / 2)
    assert schedule.take_look(100.0 + POLL_SECONDS)


def test_nothing_is_looked_at_while_it_is_read() -> None:
    schedule = Schedule()
    assert schedule.take_look(100.0)
    schedule.begin_reading(100.0)
    assert not schedule.take_look(100.0 + LOST_SECONDS / 2)
    schedule.end_reading()
    assert schedule.take_look(100.0 + LOST_SECONDS / 2)


def test_a_reading_that_is_lost_is_begun_again() -> None:
    schedule = Schedule()
    assert schedule.take_look(100.0)
    schedule.begin_reading(100.0)
    assert schedule.take_look(100.0 + LOST_SECONDS)


def test_a_file_looks_otherwise_once_it_is_written_and_once_it_is_gone(tmp_path: Path) -> None:
    file = tmp_path / "file"
    (missing,) = look([str(file)])
    file.write_bytes(b"one")
    (one,) = look([str(file)])
    file.write_bytes(b"three")
    (three,) = look([str(file)])
    assert len({missing, one, three}) == 3
    assert [is_there(each) for each in (missing, one, three)] == [False, True, True]


def test_a_link_looks_like_what_it_points_to(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).write_text(name)
    link = tmp_path / "link"
    link.symlink_to("one")
    assert look([str(link)]) == look([str(tmp_path / "one")])
    link.unlink()
    link.symlink_to("two")
    assert look([str(link)]) == look([str(tmp_path / "two")])
