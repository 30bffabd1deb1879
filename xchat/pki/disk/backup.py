"""Keep what a change replaces in a folder named by the time."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from xchat.limits import DEVICES_BYTES_MAX
from xchat.pki.disk.files import read_file
from xchat.pki.disk.folder import Folder
from xchat.pki.disk.stage import Stage


def back_up(
    folder: Folder, change: Stage, now: datetime, *, paths: Iterable[Path] = ()
) -> str | None:
    """Copy what a change would replace, all of it or `paths`, into a folder named by the time."""
    there = [path for path in paths or folder.files() if path.exists()]
    stamp = f"backup-{now:%Y%m%dT%H%M%S.%fZ}"
    for path in there:
        data = read_file(path, bytes_max=DEVICES_BYTES_MAX)
        change.add_secret(f"{stamp}/{path.relative_to(folder.path)}", data)
    return str(folder.path / stamp) if there else None
