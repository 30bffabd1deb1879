"""`xchat-certs invite`."""

from __future__ import annotations

from pathlib import Path

import click

from xchat.admin.values import Duration
from xchat.certs.chat import Chat, of_chat
from xchat.certs.command import Answer
from xchat.certs.verb import verb


@verb("invite", "Make a link that brings a person in.")
@click.argument("account", metavar="NAME")
@click.option("--uses", type=click.IntRange(1), metavar="N", help="For so many devices.  [1]")
@click.option(
    "--expires",
    "seconds",
    type=Duration(),
    metavar="TIME",
    help="How long it holds: 30m, 24h, 7d.  [24h]",
)
@click.option(
    "--host", metavar="HOST", help="The name they reach the server by.  [the likeliest it has]"
)
@click.option("--qr/--no-qr", default=None, help="Show it as a QR code, or not.  [on a terminal]")
@of_chat
def command(
    *,
    folder: Path,
    account: str,
    uses: int | None,
    seconds: int | None,
    host: str | None,
    qr: bool | None,
    data: str | None,
    config: Path | None,
) -> Answer:
    """Make a link by which NAME joins, with a certificate for each of their devices.

    It makes the account too, if there is none. The link is told once: whoever has it is let
    in, once, until it expires. The chat's server may run or not.
    """
    import msgspec

    from xchat.admin.picture import picture
    from xchat.certs import say_invite
    from xchat.certs.chat import ask
    from xchat.chat.admin.shapes import NewInvite
    from xchat.pki.disk.folder import Folder

    chat = Chat(data, config)
    asked = {"name": account, "uses": uses, "seconds": seconds, "host": host}
    given: dict[str, object] = {name: value for name, value in asked.items() if value is not None}
    (row,) = ask(chat, "invite add", given, certs=Folder(folder))
    made = msgspec.convert(row, NewInvite)
    return Answer(lines=say_invite.made(made, picture(made.link, wanted=qr), chat), value=made)
