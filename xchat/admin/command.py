"""From the table of verbs to a command line: arguments, options, help, and how each ends."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import click
import msgspec
from msgspec import inspect
from msgspec.structs import FieldInfo, fields

from xchat.admin import output, values
from xchat.admin.exits import EXITS
from xchat.admin.picture import picture
from xchat.chat.admin.shapes import Metric
from xchat.chat.admin.table import VERBS, Verb
from xchat.errors import UsageError, XChatError

NAME = "xchat-admin"
INTERRUPTED = 130


class Program(click.Group):
    """The verbs together: what is wrong with the words, or the output, is said in two lines."""

    def main(self, args: Sequence[str] | None = None, **_extra: Any) -> Any:  # type: ignore[override]
        """Run the command line and leave with its exit code."""
        try:
            code = int(super().main(args, prog_name=NAME, standalone_mode=False) or 0)
        except click.UsageError as error:
            where = error.ctx.command_path if error.ctx else NAME
            code = refuse(UsageError(error.format_message(), mend=f"{where} --help"))
        except click.Abort:
            code = INTERRUPTED
        except XChatError as error:
            code = refuse(error)
        except OSError as error:
            code = refuse(XChatError(f"{error.filename or 'the output'}: {error.strerror}"))
        sys.exit(code)

    def format_epilog(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Print the table of exit codes."""
        with formatter.section("It ends with"):
            formatter.write_dl(EXITS)


class UsualGroup(click.Group):
    """A group that does its usual verb where the first word is none of its verbs."""

    usual = ""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the usual verb before words that begin with none."""
        known = {*self.commands, *ctx.help_option_names}
        if self.usual and args and args[0] not in known:
            args = [self.usual, *args]
        return super().parse_args(ctx, args)


class VerbCommand(click.Command):
    """One verb; its help tells the shape of its answer."""

    def __init__(self, verb: Verb, **extra: Any) -> None:
        super().__init__(verb.name.rpartition(" ")[2], **extra)
        self._verb = verb

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Print what each argument is, and then the options."""
        if rows := list(_argument_rows(self._verb)):
            with formatter.section("Arguments"):
                formatter.write_dl(rows)
        super().format_options(ctx, formatter)

    def format_epilog(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Print the fields of the answer."""
        shape = self._verb.shape
        many = "a list of objects with" if self._verb.lists else "an object with"
        with formatter.section(f"With --json: {many}"):
            formatter.write_dl([*shape_of(shape), *_made_by(self._verb)])


def _made_by(verb: Verb) -> Iterator[tuple[str, str]]:
    """Yield what the answer holds that was made here, and never came from the server."""
    if any(_described(field)[0].get("secret") for field in fields(verb.arguments)):
        yield "password", "text: with --generate alone"


def _argument_rows(verb: Verb) -> Iterator[tuple[str, str]]:
    for field in fields(verb.arguments):
        extra, about = _described(field)
        if field.required and not extra.get("secret"):
            yield field.name.upper(), about


def shape_of(shape: type[msgspec.Struct]) -> Iterator[tuple[str, str]]:
    """Yield the fields of a shape, each with the words for its type."""
    for field in fields(shape):
        kind = inspect.type_info(field.type)
        kinds = kind.types if isinstance(kind, inspect.UnionType) else (kind,)
        yield field.name, " or ".join(_TYPES[type(one)] for one in kinds)


_TYPES: dict[type, str] = {
    inspect.StrType: "text",
    inspect.IntType: "number",
    inspect.FloatType: "number",
    inspect.BoolType: "true or false",
    inspect.NoneType: "null",
    inspect.ListType: "list of texts",
}


def build(program: click.Group, run: Any) -> None:
    """Give a program all verbs; `run(verb, arguments, as_json)` does one and returns its rows."""
    for verb in VERBS.values():
        *path, name = verb.name.split()
        group = program
        for step in path:
            group = _group_of(group, step)
        group.add_command(_command(verb, run))
        if verb.is_usual and isinstance(group, UsualGroup):
            group.usual = name


def _group_of(parent: click.Group, name: str) -> click.Group:
    known = parent.commands.get(name)
    if isinstance(known, click.Group):
        return known
    rest = (verb.name.partition(f"{name} ")[2].split() for verb in VERBS.values())
    verbs = dict.fromkeys(words[0] for words in rest if words)
    group = UsualGroup(name, help=f"{name.capitalize()}s: {', '.join(verbs)}.")
    parent.add_command(group)
    return group


def _command(verb: Verb, run: Any) -> click.Command:
    params: list[click.Parameter] = []
    for field in fields(verb.arguments):
        params += _params_of(field)
    if verb.picture:
        about = "Show it as a QR code, or not; unset: on a terminal."
        params.append(click.Option(["--qr/--no-qr", "qr"], default=None, help=about))
    params.append(click.Option(["--json", "as_json"], is_flag=True, help="Answer in JSON."))
    callback = partial(_call, verb, run)
    return VerbCommand(verb, params=params, callback=callback, help=verb.about)


def _params_of(field: FieldInfo) -> Iterator[click.Parameter]:
    extra, about = _described(field)
    metavar = extra.get("metavar")
    if extra.get("secret"):
        yield click.Option(["--generate"], is_flag=True, help="Make a password, and print it once.")
        yield click.Option(
            ["--password-file"],
            type=click.Path(path_type=Path),
            metavar="FILE",
            help="Take the first line of FILE; otherwise it is asked for, or read from a pipe.",
        )
    elif field.required:
        yield click.Argument([field.name], type=_type_of(extra), metavar=metavar)
    else:
        option = f"--{extra.get('option', field.name)}"
        words = f"{about[:1].upper()}{about[1:]}."
        yield click.Option([option, field.name], type=_type_of(extra), metavar=metavar, help=words)


def _type_of(extra: Mapping[str, Any]) -> Any:
    if extra.get("duration"):
        return values.Duration()
    if extra.get("instant"):
        return values.Instant()
    if extra.get("number"):
        return click.IntRange(1)
    return values.Certificate() if "FILE.pem" in extra.get("metavar", "") else click.STRING


def _described(field: FieldInfo) -> tuple[dict[str, Any], str]:
    """Return what is said of a field beside its type, and its description."""
    extra: dict[str, Any] = {}
    about, waiting = "", [inspect.type_info(field.type)]
    while waiting:
        kind = waiting.pop()
        if isinstance(kind, inspect.Metadata):
            extra |= kind.extra or {}
            about = about or (kind.extra_json_schema or {}).get("description", "")
            waiting.append(kind.type)
        elif isinstance(kind, inspect.UnionType):
            waiting += kind.types
    return extra, about


def _call(verb: Verb, run: Any, /, *, as_json: bool, **given: Any) -> int:
    """Run a verb, and print what came of it."""
    qr = given.pop("qr", None)
    try:
        arguments, made = _arguments(given)
        rows = list(run(verb, arguments))
    except XChatError as error:
        return fail(error) if as_json else refuse(error)
    if made is not None:
        rows = [row | {"password": made} for row in rows]
    lines = _lines(verb, rows, as_json=as_json)
    if verb.picture and not as_json:
        lines[-1:-1] = picture(rows[0][verb.picture], wanted=qr)
    click.echo("\n".join(lines))
    return 0


def _arguments(given: dict[str, Any]) -> tuple[dict[str, Any], str | None]:
    """Return what a verb takes, and the password if one was made here."""
    asks = "generate" in given
    generate, file = bool(given.pop("generate", False)), given.pop("password_file", None)
    arguments = {name: value for name, value in given.items() if value is not None}
    is_by_cert = "cert" in arguments and not generate and file is None
    if not asks or is_by_cert:
        return arguments, None
    password, is_made = values.obtain_password(file, generate=generate)
    return arguments | {"password": password}, password if is_made else None


def _lines(verb: Verb, rows: list[dict[str, Any]], *, as_json: bool) -> list[str]:
    if as_json:
        return [output.as_json(rows if verb.lists else rows[0])]
    if verb.shape is Metric:
        from xchat.admin.metrics import exposition

        return exposition(rows)
    if verb.lists:
        columns = [field.name for field in fields(verb.shape)]
        return output.table(columns, rows) if rows else ["There is none."]
    return [*output.sheet(rows[0]), *_following(verb, rows[0])]


def _following(verb: Verb, row: Mapping[str, Any]) -> list[str]:
    if not verb.following:
        return []
    fields_of = {name: shlex.quote(output.shown(value)) for name, value in row.items()}
    return [f"Next: {verb.following.format(**fields_of)}"]


def fail(error: XChatError) -> int:
    """Say what is wrong and what to do, in JSON."""
    code = getattr(error, "code", type(error).__name__)
    value = {"error": error.what, "mend": error.mend, "code": code, "exit_code": error.exit_code}
    click.echo(output.as_json(value))
    return error.exit_code


def refuse(error: XChatError) -> int:
    """Say what is wrong and what to do, in two lines."""
    click.echo(f"{NAME}: {error}", err=True)
    return error.exit_code
