"""`xchat-server`: from the command line to a server that serves."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from xchat import __version__
from xchat.errors import ConfigError, UsageError, XChatError

if TYPE_CHECKING:
    from xchat.config import Config
    from xchat.journal import Journal
    from xchat.server.keeper import Reload
    from xchat.server.preflight import Start

_FILE = click.Path(path_type=Path)

# The options that stand for a setting.
_SETTINGS = {
    "cert": "tls.cert",
    "key": "tls.key",
    "host": "listen.host",
    "port": "listen.port",
    "data": "store.data",
}

_ENDS = (
    ("0", "it ended as it was told to, or printed what it was asked for"),
    ("1", "something is in its way: a port, a folder, a full disk"),
    ("2", "the words, the settings or the certificate are off"),
    ("130", "Ctrl-C before it served"),
)


class Serve(click.Command):
    """Says what the exit codes mean, and puts into words that help cannot be printed."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the words; `--help` and `--version` are answered here."""
        with _printing():
            return super().parse_args(ctx, args)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Print the table of exit codes, and the next command."""
        with formatter.section("It ends with"):
            formatter.write_dl(_ENDS)
        super().format_epilog(ctx, formatter)


@contextmanager
def _printing() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)  # or Python would try, and fail, once more at its end
        os.close(nowhere)
        raise XChatError(
            f"standard output cannot be written: {error.strerror}",
            mend="look at where it goes: a full disk, or a program that has ended",
        ) from error


@click.command(
    cls=Serve,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Next: xchat-client --ca certs/ca.pem YOU@HOST[:PORT] '#lobby'",
)
@click.option("--cert", metavar="FILE", help="certificate chain, leaf first [certs/live/...]")
@click.option("--key", metavar="FILE", help="its private key, mode 0600 [certs/live/...]")
@click.option("--host", metavar="ADDRESS", multiple=True, help="address; may be repeated [all]")
@click.option("--port", metavar="PORT", type=int, help="TCP port [8080]")
@click.option(
    "--data", metavar="FOLDER", help="keeps what was said [~/.local/share/xchat on Linux]"
)
@click.option(
    "--config",
    "file",
    metavar="FILE.toml",
    type=_FILE,
    help="settings; --print-config shows all [none]",
)
@click.option(
    "--set", "sets", metavar="SECTION.KEY=VALUE", multiple=True, help="one setting, as in TOML"
)
@click.option("--hash-password", is_flag=True, help="hash a password for [operators.NAME]; end")
@click.option("--print-config", is_flag=True, help="print every setting with what it means; end")
@click.option("--check", is_flag=True, help="check everything, listen on nothing; end")
@click.version_option(__version__, prog_name="xchat-server", message="%(prog)s %(version)s")
def command(
    file: Path | None,
    sets: tuple[str, ...],
    *,
    hash_password: bool,
    print_config: bool,
    check: bool,
    **options: Any,
) -> int:
    """Serve a private chat over TLS.

    Options win over --set, and --set over the file. Without any, the
    certificate is what `xchat-certs init` made here.
    """
    from xchat import config as configuration

    given = {_SETTINGS[name]: value for name, value in options.items() if value not in (None, ())}
    config = configuration.load(file, sets, given)
    if hash_password:
        return _hash_password(config)
    if print_config:
        with _printing():
            click.echo(configuration.print_config(config), nl=False)
        return 0
    _need_both(config, given)
    if check:
        return _check(config)
    return _serve(config, partial(_reload, file, sets, given), str(file or "its options"))


def main() -> NoReturn:
    """Run `xchat-server`; every refusal is two lines on standard error and an exit code."""
    try:
        code = command.main(prog_name="xchat-server", standalone_mode=False)
    except XChatError as error:
        code = _refuse(error.what, error.mend, error.exit_code)
    except click.ClickException as error:
        code = _refuse(error.format_message(), "xchat-server --help", error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        code = 130
    sys.exit(code)


def _need_both(config: Config, given: Mapping[str, object]) -> None:
    """Refuse a certificate on the command line with the key of another, and the reverse."""
    from xchat.config.settings import Tls

    for name, other, file in (("cert", "key", "server-key.pem"), ("key", "cert", "server.pem")):
        path, default = given.get(f"tls.{name}"), getattr(Tls(), other)
        if path is None or f"tls.{other}" in given or getattr(config.tls, other) != default:
            continue
        beside = Path(str(path)).parent / file
        words = shlex.join(("xchat-server", f"--{name}", str(path), f"--{other}"))
        guess = shlex.quote(str(beside)) if beside.is_file() else "FILE"
        raise UsageError(f"--{name} wants --{other}", mend=f"{words} {guess}")


def _refuse(what: str, mend: str | None, code: int) -> int:
    click.echo(f"xchat-server: {what}\n  {mend or 'xchat-server --help'}", err=True)
    return code


def _check(config: Config) -> int:
    from xchat.server.preflight import check

    lines = check(config, _journal(config))
    with _printing():
        click.echo("\n".join(lines))
    return 0


def _hash_password(config: Config) -> int:
    """Hash a password, asked for on a terminal or read from a pipe; the answer is to be pasted."""
    from xchat.chat.passwords import hash_password

    if sys.stdin.isatty():
        password = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    else:
        password = sys.stdin.readline().rstrip("\r\n")
    if not password:
        raise UsageError("there is no password to hash", mend="xchat-server --hash-password")
    cost = config.accounts
    hashed = hash_password(password, memory_kib=cost.argon2_memory_kib, passes=cost.argon2_passes)
    with _printing():
        click.echo(f"[operators.NAME]\npassword_hash = '{hashed}'")
    return 0


def _reload(
    file: Path | None, sets: tuple[str, ...], given: Mapping[str, object]
) -> Config | ConfigError:
    """Read the configuration again, as it was read at the start (REHASH)."""
    from xchat import config as configuration

    try:
        return configuration.load(file, sets, given)
    except ConfigError as error:
        return error


def _serve(config: Config, reload: Reload, name: str) -> int:
    from xchat.server.preflight import prepare
    from xchat.server.serve import serve

    journal = _journal(config)
    with prepare(config, journal) as start:
        announce = partial(_announce, config, start, journal)
        return serve(config, start, journal, announce, reload=reload, name=name)


def _journal(config: Config) -> Journal:
    from xchat.journal import open_journal

    return open_journal(config.journal.format, config.journal.level)


def _announce(config: Config, start: Start, journal: Journal) -> None:
    """Say where the server listens, who may join, and how: to a person, or to the journal."""
    from xchat.server.listeners import show_address
    from xchat.server.preflight import describe_invite, describe_join, who_may_join

    addresses = [show_address((address, start.port)) for address in start.addresses]
    who = who_may_join(config, start.addresses)
    invite, join = describe_invite(config), describe_join(config, start)
    journal.info("started", version=__version__, addresses=", ".join(addresses))
    if sys.stdout.isatty():
        click.echo(f"XChat listens on {' and '.join(addresses)}: {who}.")
        if invite:
            click.echo(f"A link for the next person:  {invite}")
        if join:
            click.echo(f"{'Or without' if invite else 'The next person joins with'}:  {join}")
    else:
        ways = {"invite": invite, "join": join}
        journal.info("who may join", who=who, **{way: each for way, each in ways.items() if each})
