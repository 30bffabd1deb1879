"""`xchat-certs add-name`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from xchat.certs.command import Answer
from xchat.certs.verb import verb


@verb("add-name", "Let the server's certificate name another host or address.")
@click.argument("names", metavar="NAME...", nargs=-1, required=True)
def command(folder: Path, names: tuple[str, ...]) -> Answer:
    """Let the server's certificate name another host or address.

    The CA stays, so clients need nothing new, and a server that runs takes the new
    certificate by itself. A name that the CA may not give is refused.
    """
    from xchat.certs import say
    from xchat.pki.disk.folder import Folder
    from xchat.pki.mint.names import parse_name
    from xchat.pki.renew import Renewed, add_names

    now, there = datetime.now(UTC), Folder(folder)
    done = add_names(there, [parse_name(name) for name in names], now)
    if done is None:
        done = Renewed(folder=str(folder), certificates=())
        lines = [f"{there.server} names that already; nothing was changed"]
        return Answer(lines=[*lines, f"Next:  {there.command('status')}"], value=done)
    return Answer(lines=say.renewed(done, there.command("status")), value=done)
