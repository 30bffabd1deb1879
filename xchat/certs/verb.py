"""What every verb of `xchat-certs` has: `--dir`, `--json`, one short line, an Answer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click

from xchat.certs.command import Answer, Verb
from xchat.pki.folder import DEFAULT


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
    make = click.command(name, cls=Verb, short_help=in_short)
    return lambda function: make(where(as_json(function)))
