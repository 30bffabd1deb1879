"""`xchat-server`: from the command line to a server that serves."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from xchat import __version__
from xchat.errors import XChatError

if TYPE_CHECKING:
    from xchat.config import Config
    from xchat.journal import Journal
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


@click.command(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Next: xchat-client --ca certs/ca.pem HOST[:PORT]",
)
@click.option("--cert", metavar="FILE", help="certificate chain, leaf first [certs/live/...]")
@click.option("--key", metavar="FILE", help="its private key, mode 0600 [certs/live/...]")
@click.option("--host", metavar="ADDRESS", multiple=True, help="address; may be repeated [all]")
@click.option("--port", metavar="PORT", type=int, help="TCP port [8080]")
@click.option("--data", metavar="FOLDER", help="where to keep what was said")
@click.option(
    "--config", "file", metavar="FILE.toml", type=_FILE, help="settings; --print-config shows all"
)
@click.option(
    "--set", "sets", metavar="SECTION.KEY=VALUE", multiple=True, help="one setting, as in TOML"
)
@click.option("--print-config", is_flag=True, help="print every setting with what it means; end")
@click.option("--check", is_flag=True, help="check everything, listen on nothing; end")
@click.version_option(__version__, prog_name="xchat-server")
def command(
    file: Path | None, sets: tuple[str, ...], *, print_config: bool, check: bool, **options: Any
) -> int:
    """Serve a private chat over TLS.

    Options win over --set, and --set over the file. Without any, the
    certificate is what `xchat-certs init` made here.
    """
    from xchat import config as configuration

    given = {_SETTINGS[name]: value for name, value in options.items() if value not in (None, ())}
    config = configuration.load(file, sets, given)
    if print_config:
        click.echo(configuration.print_config(config), nl=False)
        return 0
    return _check(config) if check else _serve(config)


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


def _refuse(what: str, mend: str | None, code: int) -> int:
    click.echo(f"xchat-server: {what}\n  {mend or 'xchat-server --help'}", err=True)
    return code


def _check(config: Config) -> int:
    from xchat.server.preflight import check

    for line in check(config, _journal(config)):
        click.echo(line)
    return 0


def _serve(config: Config) -> int:
    from xchat.server.preflight import prepare
    from xchat.server.serve import serve

    journal = _journal(config)
    with prepare(config, journal) as start:
        _announce(config, start, journal)
        return serve(config, start.context, start.listeners, journal, start.data_folder)


def _journal(config: Config) -> Journal:
    from xchat.journal import open_journal

    return open_journal(config.journal.format, config.journal.level)


def _announce(config: Config, start: Start, journal: Journal) -> None:
    """Say where the server listens, who may join, and how: to a person, or to the journal."""
    from xchat.server.listeners import show_address
    from xchat.server.preflight import describe_join, who_may_join

    addresses = [show_address((address, start.port)) for address in start.addresses]
    who, join = who_may_join(config, start.addresses), describe_join(config, start)
    journal.info("started", version=__version__, addresses=", ".join(addresses))
    if sys.stdout.isatty():
        click.echo(f"XChat listens on {' and '.join(addresses)}: {who}.")
        click.echo(f"The next person joins with:  {join}")
    else:
        journal.info("who may join", who=who, join=join)
