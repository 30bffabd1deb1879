"""The options that every command of the client shares."""

from __future__ import annotations

from collections.abc import Callable
from functools import update_wrapper
from pathlib import Path
from typing import Any, NamedTuple

import click

WITH_VALUE = ("--ca", "--tls-min", "--password-file", "--account", "--account-password-file",
              "--cert", "--key", "--device")  # fmt: skip


class How(NamedTuple):
    """How to connect, as the command line says."""

    ca: Path | None
    tls_min: str
    password_file: Path | None
    account: str | None = None
    account_password_file: Path | None = None
    cert: Path | None = None
    key: Path | None = None


def takes_how(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options to a command, which is given them as `how`."""

    def run(
        *,
        ca: Path | None,
        tls_min: str,
        password_file: Path | None,
        account: str | None,
        account_password_file: Path | None,
        cert: Path | None,
        key: Path | None,
        **others: object,
    ) -> object:
        how = How(ca, tls_min, password_file, account, account_password_file, cert, key)
        return command(how=how, **others)

    wrapped: Callable[..., Any] = update_wrapper(run, command)
    for option in _OPTIONS:
        wrapped = option(wrapped)
    return wrapped


_FILE = click.Path(path_type=Path)
_OPTIONS = (
    click.option("--key", type=_FILE, metavar="FILE",
                 help="The key to --cert, where it is in a file of its own."),
    click.option("--cert", type=_FILE, metavar="FILE",
                 help="Log in by this certificate (PEM) [default: what this server was last"
                 " reached with]; with a password it is only shown."),
    click.option("--account-password-file", type=_FILE, metavar="FILE",
                 help="The account's password: the file's first line [default: it is asked for]."),
    click.option("--account", metavar="NAME",
                 help="Log in to this account on the server."),
    click.option("--password-file", type=_FILE, metavar="FILE",
                 help="The server's password, where it has one: the file's first line."),
    click.option("--tls-min", type=click.Choice(["1.2", "1.3"]), default="1.3",
                 show_default=True, help="The oldest version of TLS to accept."),
    click.option("--ca", type=_FILE, metavar="FILE",
                 help="The CA to trust [default: what this server was last reached with,"
                 " else certs/ca.pem]."),
)  # fmt: skip
