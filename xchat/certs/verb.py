"""What every verb of `xchat-certs` has: `--dir`, `--json`, its schema, a short line, an Answer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click

from xchat.certs.command import Answer, Verb
from xchat.pki.disk.folder import DEFAULT


def verb(name: str, in_short: str) -> Callable[[Callable[..., Answer]], click.Command]:
    """Make a function a verb: it is passed `folder` and what it asks for, and returns an Answer."""
    where = click.option(
        "--dir",
        "folder",
        type=click.Path(path_type=Path),
        default=DEFAULT,
        show_default=True,
        metavar="FOLDER",
        help="Where the certificates lie.",
    )
    as_json = click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
    schema = click.option(
        "--json-schema",
        is_flag=True,
        is_eager=True,
        expose_value=False,
        callback=_print_schema,
        help="Print the JSON Schema of that, and end.",
    )
    make = click.command(name, cls=Verb, short_help=in_short)
    return lambda function: make(where(as_json(schema(function))))


def _print_schema(ctx: click.Context, _option: click.Parameter, wanted: bool) -> None:
    from xchat.certs.schemas import schema_of

    if wanted:
        verb = ctx.command_path.partition(" ")[2]
        click.echo(schema_of(verb), nl=False)
        ctx.exit()
