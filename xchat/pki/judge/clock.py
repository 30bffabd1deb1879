"""Doubt this machine's clock, as far as what lies in the folder is a witness against it.

A clock that is ahead looks like certificates that have expired; only one that is behind
what was written here before can be told apart from everything else.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import msgspec

from xchat.pki.disk.acts import Act
from xchat.pki.disk.files import whole_of
from xchat.pki.disk.folder import JOURNAL, Folder
from xchat.pki.judge.problems import COMPARE_CLOCK, Problem

BEHIND_MAX = timedelta(minutes=5)
"""What two clocks may differ by, of a disk in the network and of this machine."""


def look_at_clock(folder: Folder, now: datetime) -> Iterator[Problem]:
    """Yield the latest thing done in a folder, if that was in the future."""
    latest = max([*_written(folder), *_recorded(folder)], default=None)
    if latest is not None and latest[0] > now + BEHIND_MAX:
        yield Problem(
            kind="early",
            file=latest[1],
            rule=f"was written on {latest[0]:%Y-%m-%d %H:%M} UTC, and by this machine's clock it is"
            f" {now:%Y-%m-%d %H:%M}",
            mend=COMPARE_CLOCK,
        )


def _written(folder: Folder) -> Iterator[tuple[datetime, str]]:
    for path in folder.ours():
        yield datetime.fromtimestamp(path.lstat().st_mtime, UTC), str(path)


def _recorded(folder: Folder) -> Iterator[tuple[datetime, str]]:
    """Yield when the last act of the journal was; a torn line tells nothing."""
    journal = folder.path / JOURNAL
    lines = whole_of(journal).splitlines() if journal.exists() else []
    for line in reversed(lines):
        try:
            yield msgspec.json.decode(line, type=Act).at, str(journal)
        except msgspec.MsgspecError:
            continue
        return
