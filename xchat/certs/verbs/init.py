"""`xchat-certs init`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from xchat.certs.command import Answer
from xchat.certs.verb import verb


@verb("init", "Make what is missing, or see that all is as asked.")
@click.option(
    "--name",
    "names",
    multiple=True,
    metavar="NAME",
    help="A host name or address that"
    " the server is reached by, beside those found; as often as need be.",
)
@click.option("--no-detect", is_flag=True, help="Take no names but those of --name.")
@click.option(
    "--no-name-constraints",
    is_flag=True,
    help="Let the CA sign for anything. Whoever"
    " steals its key can then pose as any host in the world to those who trust it.",
)
@click.option("--passphrase", "asks", is_flag=True, help="Lock the root's key; ask with what.")
@click.option(
    "--passphrase-file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Lock the root's key with the first line of FILE.",
)
@click.option(
    "--force",
    is_flag=True,
    help="Make everything anew, the old one's names included, and keep what is here in a"
    " dated backup. Clients need the new ca.pem.",
)
def command(
    *,
    folder: Path,
    names: tuple[str, ...],
    no_detect: bool,
    no_name_constraints: bool,
    asks: bool,
    passphrase_file: Path | None,
    force: bool,
) -> Answer:
    """Make a CA and a server's certificate, or see that they are there as asked.

    Run again it changes nothing, and tells (exit code 3) if what is there is
    not what is asked for.
    """
    from xchat.certs import say
    from xchat.pki.init import init as make
    from xchat.pki.mint.names import parse_name
    from xchat.pki.passphrase import obtain
    from xchat.pki.wish import Wish

    words = [word for name in names for word in ("--name", name)]
    words += ["--no-detect"] * no_detect + ["--no-name-constraints"] * no_name_constraints
    words += ["--passphrase"] * asks
    words += ["--passphrase-file", str(passphrase_file)] if passphrase_file else []
    wish = Wish(
        names=tuple(map(parse_name, names)),
        detects=not no_detect,
        constrains=not no_name_constraints,
        passphrase=obtain(passphrase_file, asks=asks),
        words=tuple(words),
    )
    now = datetime.now(UTC)
    done = make(folder, wish, now, replace="all" if force else "nothing")
    return Answer(lines=say.outcome(done, now), value=done)
