"""`xchat-certs rotate issuer | root | finish`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from xchat.certs.command import Answer
from xchat.certs.verb import verb
from xchat.errors import UsageError

if TYPE_CHECKING:
    from xchat.pki.disk.folder import Folder
    from xchat.pki.disk.root import Root


@click.group("rotate", short_help="Replace the issuer or the root, with nobody cut off.")
def command() -> None:
    """Replace what signs, with nobody cut off.

    Not for a key that was stolen: then `init --force`, and a new ca.pem for everybody.
    `status` tells how a rotation stands.
    """


def _with_root_key(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a verb the options that open the root's key."""
    file = click.Path(path_type=Path)
    where = click.option(
        "--root-key",
        type=file,
        metavar="FILE",
        help="The root's key, where it was moved away.  [default: root-key.pem in the folder]",
    )
    passphrase = click.option(
        "--passphrase-file",
        type=file,
        metavar="FILE",
        help="The first line of FILE opens the key.  [default: it is asked for, if it is locked]",
    )
    return where(passphrase(function))


@verb("issuer", "Make a new issuer under the same root; clients need nothing new.")
@_with_root_key
def issuer(folder: Path, root_key: Path | None, passphrase_file: Path | None) -> Answer:
    """Make a new issuer under the same root, and a server's certificate by it.

    Clients need nothing new. The devices of the old issuer go on logging in until they are
    renewed, and can be revoked all the while.
    """
    from xchat.certs import say_root
    from xchat.pki.disk.folder import Folder
    from xchat.pki.rotation.rotate import rotate_issuer

    there = Folder(folder)
    opened = _open(there, root_key, passphrase_file)
    now = datetime.now(UTC)
    done = rotate_issuer(there, opened, now)
    return Answer(lines=say_root.rotated(done), value=done)


@verb("root", "Make a new root, trusted beside the old one for a while.")
@_with_root_key
@click.option(
    "--overlap",
    default="30d",
    show_default=True,
    metavar="TIME",
    help="How long both are trusted before `rotate finish`.",
)
def root(
    *, folder: Path, root_key: Path | None, passphrase_file: Path | None, overlap: str
) -> Answer:
    """Make a new root, trusted beside the old one for a while.

    XChat's own clients fetch it by themselves when they connect, and even later: the old root
    vouches for it. For all others, ca.pem holds both from now on.
    """
    from xchat.certs import say_root
    from xchat.pki.disk.folder import Folder
    from xchat.pki.rotation.rotate import rotate_root

    there, span = Folder(folder), _span(overlap)
    opened = _open(there, root_key, passphrase_file)
    now = datetime.now(UTC)
    done = rotate_root(there, opened, span, now)
    return Answer(lines=say_root.rotated(done), value=done)


@verb("finish", "Switch to the new root, and drop the old one.")
@click.option(
    "--force",
    is_flag=True,
    help="Though the overlap is not over, or devices have not the new root.",
)
def finish(*, folder: Path, force: bool) -> Answer:
    """Switch to the new root, and drop the old one.

    Refused before the overlap is over, and while devices have not said that they have the new
    root. A client of ours that was away comes after by itself.
    """
    from xchat.certs import say_root
    from xchat.pki.disk.folder import Folder
    from xchat.pki.rotation.finish import finish as end

    done = end(Folder(folder), datetime.now(UTC), unready="leave" if force else "refuse")
    return Answer(lines=say_root.rotated(done), value=done)


for each in (issuer, root, finish):
    command.add_command(each)


def _open(folder: Folder, root_key: Path | None, passphrase_file: Path | None) -> Root:
    from xchat.pki import passphrase
    from xchat.pki.disk.root import open_root

    return open_root(folder, root_key, lambda path: passphrase.known(passphrase_file, path))


def _span(text: str) -> timedelta:
    from xchat.chat.durations import parse_duration
    from xchat.pki.rotation.rotate import OVERLAP_MAX

    seconds = parse_duration(text)
    if seconds is None or timedelta(seconds=seconds) > OVERLAP_MAX:
        raise UsageError(
            f"--overlap {text}: that is no time of {OVERLAP_MAX.days} days at most",
            mend="Such as: --overlap 30d",
        )
    return timedelta(seconds=seconds)
