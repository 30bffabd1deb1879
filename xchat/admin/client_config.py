"""The command line of `xchat-admin client-config`: lines to paste on stdout, the rest beside it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from xchat.admin import output
from xchat.admin.clients import CLIENTS
from xchat.admin.command import fail, refuse
from xchat.errors import XChatError

if TYPE_CHECKING:
    from xchat.admin.client_setup import Told


@click.command("client-config", short_help="Say what to paste into irssi, WeeChat, ...")
@click.argument("client", type=click.Choice(list(CLIENTS)), metavar="CLIENT")
@click.option(
    "--account", metavar="NAME", help="Who it is for; a device's certificate says it too."
)
@click.option(
    "--cert",
    type=click.Path(path_type=Path),
    metavar="FILE.pem",
    help="Log in by this certificate, its key in the same file.  [default: by password]",
)
@click.option(
    "--host",
    metavar="HOST[:PORT]",
    help="How the server is reached.  [default: the likeliest name on its certificate]",
)
@click.option(
    "--ca",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The CA to trust.  [default: the one beside tls.cert]",
)
@click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
@click.pass_context
def client_config(ctx: click.Context, /, *, as_json: bool, **asked: Any) -> int:
    """Print what CLIENT has to be told: CA, certificate, login, host and port of this server.

    CLIENT is irssi, weechat, weechat-3, catgirl, senpai or halloy. What is to be pasted, or to
    go into a file, is all there is on stdout.
    """
    from xchat.admin.client_setup import Asked, tell
    from xchat.config import load

    file, sets, given = ctx.find_root().obj
    try:
        told = tell(load(file, sets, given), Asked(**asked))
    except XChatError as error:
        return fail(error) if as_json else refuse(error)
    if as_json:
        click.echo(output.as_json(told))
    else:
        _show(told)
    return 0


def _show(told: Told) -> None:
    where = f"Into {told.file}" if told.file else f"Type in {told.client.partition('-')[0]}"
    click.echo(f"{where}:", err=True)
    click.echo("\n".join(told.lines))
    for note in told.notes:
        click.echo(note, err=True)
    click.echo(f"Then:  {told.next}", err=True)
