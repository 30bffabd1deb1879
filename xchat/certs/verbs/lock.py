"""`xchat-certs lock`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from xchat.certs.command import Answer
from xchat.certs.verb import verb


@verb("lock", "Lock the root's key with a passphrase.")
@click.option(
    "--passphrase-file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="What to lock it with: the first line of FILE.  [default: it is asked for]",
)
def command(folder: Path, passphrase_file: Path | None) -> Answer:
    """Lock the root's key with a passphrase, asked for twice, or the first line of FILE.

    What is used from day to day stays open: the server, renewal and new devices need the
    issuer's key only. Whoever forgets the passphrase needs a new CA one day.
    """
    from xchat.certs import say_root
    from xchat.pki import passphrase
    from xchat.pki.disk.folder import Folder
    from xchat.pki.lock import lock

    where = Folder(folder)
    done = lock(where, lambda: passphrase.new(passphrase_file), datetime.now(UTC))
    return Answer(lines=say_root.locking(done), value=done)
