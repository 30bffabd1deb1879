"""`xchat-certs doctor`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from xchat.certs.command import Answer
from xchat.certs.verb import verb


@verb("doctor", "Look at everything, and mend what is safe to mend.")
@click.option("--check", is_flag=True, help="Only look: mend nothing.")
def command(folder: Path, *, check: bool) -> Answer:
    """Look at everything, and mend what is safe to mend.

    That is: what a killed command left, and keys that others can get at. Everything else is
    said with the command that mends it. As a drill, the issuer's key is put to a thief's use:
    what it signs for a public name has to be refused.
    """
    from xchat.certs import say
    from xchat.pki.judge.doctor import diagnose
    from xchat.pki.judge.problems import exit_code

    health = diagnose(folder, datetime.now(UTC), mends=not check)
    problems = [problem for each in health.checks for problem in each.problems]
    return Answer(lines=say.health(health), value=health, exit_code=exit_code(problems))
