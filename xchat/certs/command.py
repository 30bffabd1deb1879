"""How `xchat-certs` and each of its verbs end: lines or JSON, two lines for an error, a code."""

from __future__ import annotations

import errno
import json
import shlex
import sys
import warnings
from collections.abc import Iterable, Sequence
from importlib import import_module
from io import TextIOWrapper
from typing import Any

import click
import msgspec

from xchat.certs.table import VERBS
from xchat.errors import UsageError, XChatError

NAME = "xchat-certs"
INTERRUPTED = 130
"""What a shell makes of SIGINT: 128 and its number."""
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """How a verb ended: lines for people, the same as a value for `--json`, an exit code."""

    lines: Iterable[str]
    value: Any
    exit_code: int = 0


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """What `--json` prints when a verb cannot answer."""

    error: str
    mend: str
    exit_code: int


class Program(click.Group):
    """The verbs together: what is wrong with the words, or the output, is said in two lines."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the verbs in the table's order."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import a verb's module; None for a word that is no verb."""
        if cmd_name not in VERBS:
            return None
        module = import_module(f"xchat.certs.verbs.{cmd_name.replace('-', '_')}")
        command: click.Command = module.command
        return command

    def main(self, args: Sequence[str] | None = None, **extra: Any) -> Any:  # type: ignore[override]
        """Run the command line and leave with its exit code, as `click.Group.main` does."""
        extra.setdefault("prog_name", NAME)
        if not extra.pop("standalone_mode", True):
            return super().main(args, standalone_mode=False, **extra)
        sys.exit(self._run(args, **extra))

    def _run(self, args: Sequence[str] | None, **extra: Any) -> int:
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, TextIOWrapper):  # a terminal that cannot spell a name
                stream.reconfigure(errors="backslashreplace")
        try:
            return int(super().main(args, standalone_mode=False, **extra) or 0)
        except click.UsageError as error:
            if error.format_message().startswith("Usage:"):  # a group without a verb
                click.echo(error.format_message(), err=True)
                return UsageError.exit_code
            where = error.ctx.command_path if error.ctx else NAME
            return _refuse(UsageError(error.format_message(), mend=f"{where} --help"))
        except click.Abort:
            return INTERRUPTED
        except OSError as error:
            return _refuse(_unwritable(error))


class Verb(click.Command):
    """A command that returns an Answer, or raises XChatError or OSError: each ends here."""

    def invoke(self, ctx: click.Context) -> None:
        """Run the verb, print what came of it, and leave with its exit code."""
        as_json = ctx.params.pop("as_json")
        folder = ctx.params["folder"]
        if not sys.warnoptions:
            warnings.simplefilter("ignore")  # of odd certificates: we say what matters
        try:
            answer: Answer = super().invoke(ctx)
            lines = [_as_json(answer.value)] if as_json else list(answer.lines)
        except (XChatError, OSError) as raised:
            error = as_error(raised, folder)
            error.mend = error.mend or f"{ctx.command_path} --help"
            ctx.exit(_fail(error) if as_json else _refuse(error))
        click.echo("\n".join(lines))
        ctx.exit(answer.exit_code)


def _fail(error: XChatError) -> int:
    failure = Failure(error=error.what, mend=str(error.mend), exit_code=error.exit_code)
    click.echo(_as_json(failure))
    return error.exit_code


def _refuse(error: XChatError) -> int:
    click.echo(f"{NAME}: {error}", err=True)
    return error.exit_code


def _as_json(value: Any) -> str:
    try:
        return msgspec.json.format(msgspec.json.encode(value)).decode()
    except UnicodeEncodeError:  # a path that is not UTF-8: its bytes are escaped (\udcff)
        return json.dumps(msgspec.to_builtins(value), indent=2)


def as_error(error: XChatError | OSError, folder: object) -> XChatError:
    """Return the error of a file or a disk; a full disk gives no name, so the folder is named."""
    if isinstance(error, XChatError):
        return error
    file = str(error.filename or folder)
    look = ("df", "-h") if error.errno in _NO_ROOM else ("ls", "-ld")
    return XChatError(f"{file}: {error.strerror or error}", mend=shlex.join((*look, file)))


def _unwritable(error: OSError) -> XChatError:
    """Return the error of an output that takes nothing more; what was done stays done."""
    return XChatError(
        f"the answer cannot be written: {error.strerror or error}",
        mend="Write it elsewhere. What init made is there all the same: xchat-certs status",
    )
