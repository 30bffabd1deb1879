"""`xchat-certs trust install | uninstall`."""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from xchat.certs.command import NAME, Answer
from xchat.certs.verb import verb

if TYPE_CHECKING:
    from xchat.pki.facts import Facts
    from xchat.pki.trust.report import Asked, Trusted

KINDS = ("system", "browsers")


@click.group("trust", short_help="Let every program of this machine trust our root, or no more.")
def command() -> None:
    """Put our root into the trust stores of this machine, or take it out again.

    XChat's own programs need none of that. Browsers, curl and chat clients that
    can trust only what the system trusts do. A root of ours may vouch for
    local names and those of its name constraints, and for nothing else.
    """


def _where(function: Callable[..., Any]) -> Callable[..., Any]:
    file = click.argument(
        "file", type=click.Path(path_type=Path), required=False, metavar="[CA.pem]"
    )
    kinds = click.option(
        "--store",
        "kinds",
        type=click.Choice(KINDS),
        multiple=True,
        default=KINDS,
        help="Only this one.  [default: the system's, and Firefox's and Chromium's own]",
    )
    return file(kinds(function))


@verb("install", "Trust the root from now on; tried afterwards, undone if it fails.")
@_where
def install(*, folder: Path, file: Path | None, kinds: tuple[str, ...]) -> Answer:
    """Trust the root of this chat, or the one in CA.pem, from now on.

    Tried afterwards by a TLS verification with the system's store, and taken out
    again if that fails. The system's store is root's: as somebody else this
    changes nothing, and prints the command with sudo.
    """
    from xchat.pki.trust.report import trust

    done = trust(_asked("install", folder, file, kinds), datetime.now(UTC))
    return Answer(lines=_lines(done), value=done)


@verb("uninstall", "Take out what install put in, of before a rotation too, and nothing else.")
@_where
@click.option(
    "--fingerprint",
    metavar="SHA256",
    help="The one root of this fingerprint, whether or not its file is still here.",
)
def uninstall(
    *, folder: Path, file: Path | None, kinds: tuple[str, ...], fingerprint: str | None
) -> Answer:
    """Take every root that was installed from here out of the trust stores, by its fingerprint."""
    from xchat.pki.trust.report import distrust

    words = ("--fingerprint", fingerprint) if fingerprint else ()
    asked = _asked("uninstall", folder, file, kinds, *words)
    done = distrust(asked, fingerprint, datetime.now(UTC))
    return Answer(lines=_lines(done), value=done)


for each in (install, uninstall):
    command.add_command(each)


def _asked(name: str, folder: Path, file: Path | None, kinds: tuple[str, ...], *more: str) -> Asked:
    from xchat.pki.disk.folder import Folder
    from xchat.pki.trust.report import Asked

    program = shutil.which(NAME)
    words = [program] if program else [sys.executable, "-m", "xchat.certs.cli"]
    words += ["trust", name, *([str(file.absolute())] if file else []), *more]
    words += ["--dir", str(folder.absolute())]
    if kinds != KINDS:
        words += [word for kind in kinds for word in ("--store", kind)]
    return Asked(Folder(folder), file, kinds, tuple(words))  # type: ignore[arg-type]


_DID = {
    "installed": "Trusted from now on, and tried by a verification",
    "uninstalled": "No longer trusted",
    "unchanged": "Nothing was changed: all is so already",
}
_SIDE = {"installed": "in", "uninstalled": "out of", "unchanged": "in"}


def _lines(done: Trusted) -> Iterator[str]:
    from xchat.pki.facts import fingerprint

    yield f"{_DID[done.did]}:"
    for each in done.roots:
        yield ""
        yield f"  root      {each.facts.subject if each.facts else 'of before a rotation'}"
        first, second = fingerprint(each.sha256)
        yield f"  SHA256    {first}"
        yield f"            {second}"
        for store in each.stores:
            yield f"  {_SIDE[done.did]:9} {store}"
        if each.facts and done.did == "installed":
            yield from _meaning(each.facts)
    for note in done.notes:
        yield f"  note      {note}"
    yield ""
    yield f"{'Next' if done.did != 'installed' else 'Undo'}:  {done.next}"


def _meaning(facts: Facts) -> Iterator[str]:
    """Yield what trusting this root means."""
    from xchat.certs.say import WIDTH

    if facts.may_name is None:
        yield "  BEWARE    it may vouch for ANY host: whoever steals its key can pose as your bank"
        return
    hosts = ", ".join(facts.may_name)
    yield textwrap.fill(
        f"{hosts}, and no other host: with its key stolen nobody could pose as your bank",
        WIDTH,
        initial_indent="  for       ",
        subsequent_indent=" " * 12,
    )
