"""`xchat-certs`: the command line. What a verb needs is imported when it runs."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import click

from xchat import __version__
from xchat.errors import UsageError
from xchat.pki.command import NAME, Answer, Program, Verb

FOLDER = Path("certs")


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


def _verb(in_short: str) -> Callable[[Callable[..., Answer]], click.Command]:
    """Make a function a verb of `xchat-certs`, with `--dir` and `--json`; say what it does."""
    where = click.option(
        "--dir",
        "folder",
        type=click.Path(path_type=Path),
        default=FOLDER,
        show_default=True,
        metavar="FOLDER",
        help="Where the certificates lie.",
    )
    as_json = click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
    return lambda function: main.command(cls=Verb, short_help=in_short)(where(as_json(function)))


@_verb("Make what is missing, or see that all is as asked.")
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
    "--reissue",
    is_flag=True,
    help="Make a new server's certificate by the CA that is"
    " here, the old one's names included. Clients need nothing new.",
)
@click.option(
    "--force",
    is_flag=True,
    help="Make everything anew, the old one's names included, and keep what is here in a"
    " dated backup. Clients need the new ca.pem.",
)
def init(
    *,
    folder: Path,
    names: tuple[str, ...],
    no_detect: bool,
    no_name_constraints: bool,
    asks: bool,
    passphrase_file: Path | None,
    reissue: bool,
    force: bool,
) -> Answer:
    """Make a CA and a server's certificate, or see that they are there as asked.

    Run again it changes nothing, and tells (exit code 3) if what is there is
    not what is asked for.
    """
    from xchat.pki import say
    from xchat.pki.init import init as make
    from xchat.pki.names import parse_name
    from xchat.pki.passphrase import obtain
    from xchat.pki.wish import Wish

    if force and reissue:
        raise UsageError("--force and --reissue exclude each other")
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
    done = make(folder, wish, now, replace="all" if force else "server" if reissue else "nothing")
    return Answer(lines=say.outcome(done, now), value=done)


@_verb("Say what a certificate is, in people's words.")
@click.argument("certificate", metavar="[CERT | HOST:PORT]", required=False)
def show(folder: Path, certificate: str | None) -> Answer:
    """Say what a certificate is, in people's words.

    Without an argument: those of this chat. Of HOST:PORT: what the server there
    shows, which is not verified.
    """
    from xchat.pki import say
    from xchat.pki.show import look

    now = datetime.now(UTC)
    seen = look(folder, certificate)
    lines = [line for line in (seen.warning, seen.mend) if line]
    for each in seen.certificates:
        lines += ["", *say.certificate(each, now)]
    return Answer(lines=lines if seen.warning else lines[1:], value=seen)


@_verb("Say how each certificate stands, and what mends it.")
def status(folder: Path) -> Answer:
    """Say how every certificate stands: days left, what is wrong, what mends it."""
    from xchat.pki import say
    from xchat.pki.problems import exit_code
    from xchat.pki.show import stand

    now = datetime.now(UTC)
    report = stand(folder, now)
    lines = say.standing(report.certificates, report.problems, report.next, now)
    return Answer(lines=lines, value=report, exit_code=exit_code(report.problems))


@_verb("Let two judges try a server's certificate.")
@click.argument("certificate", metavar="CERT", type=click.Path(path_type=Path))
@click.option("--host", metavar="NAME", help="The name it has to hold for; otherwise each it has.")
@click.option(
    "--ca",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="What is trusted.  [default: ca.pem in the folder]",
)
def verify(folder: Path, certificate: Path, host: str | None, ca: Path | None) -> Answer:
    """Accept a server's certificate only if OpenSSL (strict) and cryptography both do.

    CERT holds the certificate and, after it, those between it and the root.
    """
    from xchat.pki import say
    from xchat.pki.errors import NotTrusted
    from xchat.pki.folder import Folder
    from xchat.pki.show import try_chain

    report = try_chain(certificate, ca or Folder(folder).ca, host, datetime.now(UTC))
    lines = say.verification(report)
    return Answer(lines=lines, value=report, exit_code=0 if report.holds else NotTrusted.exit_code)


if __name__ == "__main__":
    sys.exit(main())
