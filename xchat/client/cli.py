"""The command line of the client; everything that costs time is imported when it is used."""

from __future__ import annotations

import sys
from collections.abc import Container, Sequence
from typing import NoReturn

import click

from xchat import __version__
from xchat.client.exits import Exit
from xchat.client.options import WITH_VALUE, How, takes_how
from xchat.errors import XChatError

ADDRESS = "[NICK@]HOST[:PORT]"


class Main(click.Group):
    """Runs `talk` where no command is named, and says what the exit codes mean."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the command first, `talk` where there is none."""
        return super().parse_args(ctx, _command_first(args, self.commands))

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Print the options of `talk` too: nobody who looks for --ca should have to guess where."""
        talks = self.commands["talk"].params
        shown = (it.get_help_record(ctx) for it in talks if isinstance(it, click.Option))
        with formatter.section("How to connect"):
            formatter.write_dl([record for record in shown if record])
        super().format_options(ctx, formatter)

    def format_epilog(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Print the table of exit codes."""
        with formatter.section("It ends with"):
            formatter.write_dl([(str(end.code), end.meaning) for end in Exit])


def _command_first(args: Sequence[str], commands: Container[str]) -> list[str]:
    """Return the words with the command in front: options may be typed before it."""
    place = 0
    while place < len(args) and args[place].startswith("-"):
        if args[place] in ("-h", "--help", "--version"):
            return [args[place]]
        place += 2 if args[place] in WITH_VALUE else 1
    if place < len(args) and args[place] in commands:
        return [args[place], *args[:place], *args[place + 1 :]]
    return ["talk", *args]


@click.group(
    cls=Main,
    subcommand_metavar=f"{ADDRESS} [CHANNEL]",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, package_name="xchat", message="%(prog)s %(version)s")
def command() -> None:
    """Talk on an XChat server, over TLS that is verified before anything is sent.

    With nothing but `xchat-client` it connects as it did the last time, or asks. A shell
    takes #lobby for a comment: write '#lobby', or lobby. Every command takes --help.
    """


@command.command(short_help="Talk, line by line: what is done where no command is named.")
@click.argument("address", required=False, metavar=ADDRESS)
@click.argument("channel", required=False, metavar="[CHANNEL]", default="")
@click.option(
    "--plain",
    is_flag=True,
    expose_value=False,
    help="Line by line, as it is done in any case: for scripts that want to be sure.",
)
@takes_how
def talk(*, address: str | None, channel: str, how: How) -> Exit:
    """Talk, line by line. What is typed goes to the channel; /help lists the commands."""
    from xchat.client.talking import talk as run

    return run(address, channel, how)


@command.command(short_help="Come in by a link: xchat://...")
@click.argument("link", required=False, metavar="LINK|-")
@click.argument("channel", required=False, metavar="[CHANNEL]", default="")
@click.option("--device", metavar="NAME", help="What this device is called [default: the host].")
def join(*, link: str | None, channel: str, device: str | None) -> Exit:
    """Come in by the link that an operator gave you, and talk.

    The server is verified by the link before it is told anything; a key is made here, and
    never leaves this device; from then on `xchat-client` alone is enough. Put the link in
    quotes: a shell cuts it at the &. What stands on a command line, others on this machine
    may see: with - in its place the link is read from the input.
    """
    from xchat.client.join import join as run

    return run(link, channel, device)


@command.command(short_help="Send lines; end when the server has kept them all.")
@click.argument("address", metavar=ADDRESS)
@click.argument("target", metavar="'#CHANNEL'|NICK")
@click.argument("text", nargs=-1, metavar="[TEXT]")
@takes_how
def send(*, address: str, target: str, text: tuple[str, ...], how: How) -> Exit:
    """Send TEXT, or each line of standard input, and end when the server has kept it all."""
    from xchat.client.scripting import send as run

    return run(address, target, " ".join(text) if text else None, how)


@command.command(short_help="Follow a channel; --json for programs.")
@click.argument("address", metavar=ADDRESS)
@click.argument("channel", metavar="CHANNEL")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, as above.")
@click.option("--history", type=click.IntRange(0, 1000), default=0, metavar="N",
              help="Begin with the last N messages.")  # fmt: skip
@click.option("--count", type=click.IntRange(0), default=0, metavar="N",
              help="End after N messages.")  # fmt: skip
@takes_how
def tail(*, address: str, channel: str, how: How, as_json: bool, history: int, count: int) -> Exit:
    """Follow what is said in a channel.

    \b
    With --json each line is an object:
      time    the server's time, RFC 3339 in UTC, or null
      msgid   the message's id, or null
      nick    who said it
      target  the channel
      kind    "message", "action" or "notice"
      text    what was said
    """  # noqa: D301 - the \b is a backspace: click's sign to leave the table as it is
    from xchat.client.scripting import tail as run

    return run(address, channel, how, as_json=as_json, history=history, count=count)


def main() -> NoReturn:
    """Run `xchat-client`; every refusal is two lines on standard error and an exit code."""
    try:
        end = command.main(prog_name="xchat-client", standalone_mode=False)
        code = end.code if isinstance(end, Exit) else end
    except XChatError as error:
        code = _refuse(error.what, error.mend, error.exit_code)
    except click.UsageError as error:
        path = "xchat-client" if error.ctx is None else error.ctx.command_path
        code = _refuse(error.format_message(), f"{path} --help", error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        code = Exit.INTERRUPTED.code
    sys.exit(code)


def _refuse(what: str, mend: str | None, code: int) -> int:
    print(f"xchat-client: {what}" + (f"\n  {mend}" if mend else ""), file=sys.stderr)
    return code
