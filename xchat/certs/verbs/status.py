"""`xchat-certs status`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from xchat.certs.command import Answer
from xchat.certs.verb import verb


@verb("status", "Say how each certificate stands, and what mends it.")
def command(folder: Path) -> Answer:
    """Say how every certificate stands: days left, what is wrong, what mends it."""
    from xchat.certs import say, say_root
    from xchat.pki.judge.problems import exit_code
    from xchat.pki.show import stand

    now = datetime.now(UTC)
    report = stand(folder, now)
    lines = [*say_root.rotation(report.rotation), ""] if report.rotation else []
    lines += say.standing(report, now)
    return Answer(lines=lines, value=report, exit_code=exit_code(report.problems))
