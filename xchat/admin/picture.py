"""A link as a QR code, for the camera of the person beside: on a terminal, or where asked for."""

from __future__ import annotations

import os
import shutil
import sys

from xchat.errors import UsageError


def picture(link: str, *, wanted: bool | None) -> list[str]:
    """Return the lines of a link's QR code; of None wanted, only where a terminal shows it well.

    Raises UsageError where one is asked for and cannot be spelt.
    """
    from xchat.pki.invite.invitation import format_capitals, parse_link
    from xchat.pki.invite.qr import can_show, qr_lines

    is_terminal = sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
    if wanted is False or (wanted is None and not is_terminal):
        return []
    if not can_show(sys.stdout.encoding):
        if wanted is None:
            return []
        raise UsageError(
            f"a QR code cannot be written in {sys.stdout.encoding}",
            mend="PYTHONUTF8=1 makes it UTF-8; or the link alone: --no-qr",
        )
    colours = is_terminal and not os.environ.get("NO_COLOR")
    lines = list(qr_lines(format_capitals(parse_link(link)), colours=colours))
    has_room = len(lines) < shutil.get_terminal_size().columns
    return lines if wanted or has_room else []
