"""`xchat-certs renew`."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from xchat.certs.command import Answer
from xchat.certs.verb import verb
from xchat.errors import UsageError

if TYPE_CHECKING:
    from xchat.certs.renewing import Whose
    from xchat.pki.renew import When


@verb("renew", "Renew what is due; safe to run as often as you like.")
@click.option("--force", is_flag=True, help="Renew the server's certificate though it is not due.")
@click.option(
    "--all",
    "everything",
    is_flag=True,
    help="The devices whose keys were made here (`device add`) too; hand their files over again.",
)
@click.option(
    "--exec",
    "hook",
    metavar="COMMAND",
    help="Run this once any was made: for servers other than ours, which sees it by itself.",
)
@click.option(
    "--daemon", is_flag=True, help="Stay, and look again every hour until SIGTERM ends it."
)
def command(
    folder: Path, *, force: bool, everything: bool, hook: str | None, daemon: bool
) -> Answer:
    """Renew the server's certificate when two thirds of its life are gone; else do nothing.

    The key is new, the names stay, and clients need nothing. It works offline, and after
    the certificate has expired. Run it daily (cron, a timer) where no server of ours runs:
    the exit code is not 0 as long as something due cannot be made here.
    """
    from xchat.certs import hooks, say
    from xchat.certs.renewing import renew_once
    from xchat.pki.disk.folder import Folder
    from xchat.pki.judge.problems import exit_code
    from xchat.pki.renew import Renewed

    there = Folder(folder)
    if daemon and force:
        again = there.command("renew", "--force")
        raise UsageError("--daemon renews what is due, and --force what is not", mend=again)
    run = partial(hooks.run, hooks.split(hook) if hook is not None else [])
    whose: Whose = "all" if everything else "server"
    if daemon:
        from xchat.certs.daemon import keep_renewing

        last = keep_renewing(there, whose, run)
        return Answer(lines=[f"Ended.  Next:  {there.command('status')}"], value=last)
    when: When = "now" if force else "due"
    done = renew_once(there, datetime.now(UTC), when=when, whose=whose, after=run)
    done = done or Renewed(folder=str(folder), certificates=())
    return Answer(
        lines=say.renewed(done, there.command("status")),
        value=done,
        exit_code=exit_code(done.problems),
    )
