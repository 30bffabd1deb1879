"""The commands of the line mode: one row each, from which `/help` is made too."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from xchat.client.peer import channel_named
from xchat.errors import UsageError
from xchat.irc.display import visible

if TYPE_CHECKING:
    from xchat.client.plain import Plain

HISTORY_DEFAULT = 50


class Command(NamedTuple):
    """A command: what follows its name, what it does in words, and the doing.

    `words` is how many arguments are cut off; the last takes the rest of the line.
    """

    usage: str
    help: str
    words: int
    run: Callable[[Plain, list[str]], None]
    least: int = 0


def take(app: Plain, line: str) -> None:
    """Do what a typed line asks for. Raises XChatError, and then nothing was sent."""
    if line.startswith("//"):
        say(app, line[1:])
    elif line.startswith("/"):
        command(app, line[1:])
    elif line.strip():
        say(app, line)


def say(app: Plain, text: str) -> None:
    """Send a line to the current channel."""
    app.session.say(here(app), text)


def here(app: Plain) -> str:
    """Return the current channel. Raises UsageError where there is none."""
    if not app.words.current:
        raise UsageError("not sent: you are in no channel", mend="/join #lobby")
    return app.words.current


def command(app: Plain, line: str) -> None:
    """Run `name argument ...`."""
    name, _, rest = line.partition(" ")
    row = COMMANDS.get(name.lower())
    if row is None:
        raise unknown(name)
    arguments = rest.strip().split(" ", row.words - 1) if row.words and rest.strip() else []
    if len(arguments) < row.least:
        raise UsageError(f"/{name} needs more words", mend=f"/{name} {row.usage}")
    row.run(app, arguments)


def unknown(name: str) -> UsageError:
    """Return the error of a command that there is none of, naming the nearest."""
    from difflib import get_close_matches

    near = get_close_matches(name.lower(), COMMANDS, n=1, cutoff=0.6)
    mend = f"Did you mean /{near[0]}? " if near else ""
    return UsageError(
        f"/{name} is no command, and was not sent",
        mend=f"{mend}/help lists them; //{name} sends it as it is.",
    )


# -- the commands -----------------------------------------------------------------------------
def _join(app: Plain, words: list[str]) -> None:
    app.join(channel_named(words[0]), *words[1:])


def _part(app: Plain, words: list[str]) -> None:
    named = bool(words) and app.session.is_channel(words[0])
    channel = words[0] if named else here(app)
    app.part(channel, " ".join(words[1:] if named else words))


def _msg(app: Plain, words: list[str]) -> None:
    app.session.say(words[0], words[1])


def _me(app: Plain, words: list[str]) -> None:
    app.session.say(here(app), words[0], "action")


def _nick(app: Plain, words: list[str]) -> None:
    app.session.change_nick(words[0])
    if not app.session.ready:
        app.say(f"  (you will be {visible(words[0])} once the connection is back)")


def _topic(app: Plain, words: list[str]) -> None:
    if words:
        app.session.change_topic(here(app), words[0])
    else:
        app.session.ask_topic(here(app))


def _names(app: Plain, words: list[str]) -> None:
    app.session.ask_names(words[0] if words else here(app))


def _whois(app: Plain, words: list[str]) -> None:
    app.session.ask_whois(words[0])


def _history(app: Plain, words: list[str]) -> None:
    count = words[0] if words else str(HISTORY_DEFAULT)
    if not (count.isascii() and count.isdigit() and len(count) < 6 and int(count)):
        raise UsageError(f"{count!r} is not a number of messages", mend="/history 50")
    app.session.ask_history(here(app), int(count))


def _files(_app: Plain, _words: list[str]) -> None:
    raise UsageError("this server offers no files yet: nothing was sent")


def _exit(app: Plain, words: list[str]) -> None:
    app.leave(*words)


def _help(app: Plain, words: list[str]) -> None:
    name = words[0].removeprefix("/").lower() if words else ""
    if name and name not in COMMANDS:
        raise unknown(name)
    heads = {key: f"/{key} {row.usage}".rstrip() for key, row in COMMANDS.items()}
    width = max(map(len, heads.values()))
    for key in [name] if name else heads:
        app.say(f"  {heads[key]:{width}}  {COMMANDS[key].help}")
    if not name:
        app.say("  a line without a slash is said in the current channel; //x says /x")


COMMANDS: dict[str, Command] = {
    "join": Command("#CHANNEL [KEY]", "go into a channel, or turn to one you are in", 2, _join, 1),
    "part": Command("[#CHANNEL] [REASON]", "leave a channel", 2, _part),
    "msg": Command("NICK TEXT", "say something to one person", 2, _msg, 2),
    "me": Command("TEXT", "say what you do: * ana TEXT", 1, _me, 1),
    "nick": Command("NICK", "go by another nickname", 1, _nick, 1),
    "topic": Command("[TEXT]", "show the channel's topic, or change it", 1, _topic),
    "names": Command("[#CHANNEL]", "list who is in the channel", 1, _names),
    "whois": Command("NICK", "show what is known of somebody", 1, _whois, 1),
    "history": Command("[N]", "show the last messages of the channel", 1, _history),
    "upload": Command("FILE", "share a file (not offered by this server yet)", 1, _files),
    "download": Command("FILE", "fetch a file (not offered by this server yet)", 1, _files),
    "exit": Command("[REASON]", "leave when all that you typed is kept", 1, _exit),
    "quit": Command("[REASON]", "the same as /exit", 1, _exit),
    "help": Command("[COMMAND]", "show this", 1, _help),
}
