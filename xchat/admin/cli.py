"""`xchat-admin`: the command line. What a verb needs is imported when it runs."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from xchat import __version__
from xchat.admin.client_config import client_config
from xchat.admin.command import NAME, Program, build
from xchat.chat.admin.table import Verb


@click.group(
    cls=Program,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option("--data", metavar="FOLDER", help="The server's data folder. [as xchat-server's]")
@click.option(
    "--config",
    "file",
    metavar="FILE.toml",
    type=click.Path(path_type=Path),
    help="The server's settings, where it has any: they name the folder, and what hashing costs.",
)
@click.option(
    "--set", "sets", metavar="SECTION.KEY=VALUE", multiple=True, help="One of them, as in TOML."
)
@click.version_option(__version__, prog_name=NAME, message="%(prog)s %(version)s")
@click.pass_context
def main(ctx: click.Context, data: str | None, file: Path | None, sets: tuple[str, ...]) -> None:
    """Look after a chat: its accounts, channels, bans and sessions.

    The server that runs does what is asked. Where none runs, what needs only the store is done
    on the store itself: so accounts can be made before the first start.
    """
    ctx.obj = (file, sets, {"store.data": data} if data else {})


def _run(verb: Verb, arguments: Mapping[str, object]) -> Iterator[dict[str, Any]]:
    from xchat.admin.reach import do
    from xchat.config import load

    file, sets, given = click.get_current_context().find_root().obj
    return do(load(file, sets, given), verb, arguments)


build(main, _run)
main.add_command(client_config)

if __name__ == "__main__":
    sys.exit(main())
