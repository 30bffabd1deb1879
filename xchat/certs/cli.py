"""`xchat-certs`: the command line. What a verb needs is imported when it runs."""

from __future__ import annotations

import sys

import click

from xchat import __version__
from xchat.certs.command import NAME, Program
from xchat.errors import UsageError


@click.group(
    cls=Program,
    invoke_without_command=True,
    subcommand_metavar="COMMAND [ARGS]...",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 well, 1 a file or a host is out of reach, 2 wrong use, 3 not as asked or "
    "not there, 4 expired or due, 5 not trusted, 6 locked.",
)
@click.version_option(__version__, prog_name=NAME, message="%(prog)s %(version)s")
@click.pass_context
def main(ctx: click.Context) -> None:
    """Make and keep the certificates of a chat: a small CA of your own."""
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help(), err=True)
        ctx.exit(UsageError.exit_code)


if __name__ == "__main__":
    sys.exit(main())
