"""`xchat-certs unlock`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from xchat.certs.command import Answer
from xchat.certs.verb import verb


@verb("unlock", "Take the passphrase off the root's key.")
@click.option(
    "--passphrase-file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The first line of FILE opens it.  [default: it is asked for]",
)
def command(folder: Path, passphrase_file: Path | None) -> Answer:
    """Take the passphrase off the root's key."""
    from xchat.certs import say_root
    from xchat.pki import passphrase
    from xchat.pki.disk.folder import Folder
    from xchat.pki.lock import unlock

    where = Folder(folder)
    done = unlock(
        where, lambda: passphrase.known(passphrase_file, where.root_key), datetime.now(UTC)
    )
    return Answer(lines=say_root.locking(done), value=done)
