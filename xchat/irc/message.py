"""A line of IRC as a value, and back.

Message format: modern.ircdocs.horse#message-format and the IRCv3
`message-tags` specification. Lines are taken apart here and nowhere else.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

import msgspec

NO_TAGS: Mapping[str, str] = MappingProxyType({})

_ESCAPES = (("\\", "\\\\"), (";", "\\:"), (" ", "\\s"), ("\r", "\\r"), ("\n", "\\n"))
_UNESCAPED = {":": ";", "s": " ", "\\": "\\", "r": "\r", "n": "\n"}
_COMMAND = re.compile("[0-9A-Za-z_]+")


class ParseError(ValueError):
    """A line that is not a message; `code` is a standard-replies code."""

    def __init__(self, code: str, why: str) -> None:
        super().__init__(why)
        self.code = code
        self.why = why


class Message(msgspec.Struct, frozen=True):
    """One line: `@tags :source COMMAND params`.

    `command` is upper case; the last of `params` may hold spaces or be empty.
    """

    command: str
    params: tuple[str, ...] = ()
    source: str | None = None
    tags: Mapping[str, str] = NO_TAGS

    @property
    def nick(self) -> str:
        """The nick of the source, or the server's name, or nothing."""
        return (self.source or "").partition("!")[0]

    def encode(self) -> bytes:
        """Return the line as bytes, CR LF included; see `format_line` for the errors."""
        tags = format_tags(self.tags)
        return f"{tags}{format_line(self.source, self.command, *self.params)}\r\n".encode()


def parse(line: bytes) -> Message:
    """Take one line apart, given without its line ending.

    Raises ParseError: INVALID_UTF8 for bytes that are not UTF-8 (IRCv3
    `utf8only`), INVALID_MESSAGE for NUL, a bare CR, or no command at all.
    """
    try:
        text = line.decode()
    except UnicodeDecodeError as error:
        raise ParseError("INVALID_UTF8", "Message rejected: it is not valid UTF-8") from error
    if "\r" in text or "\n" in text or "\0" in text:
        raise ParseError("INVALID_MESSAGE", "Message rejected: it holds a CR, LF or NUL")
    tags, source = NO_TAGS, None
    if text.startswith("@"):
        raw, _, text = text[1:].partition(" ")
        tags = parse_tags(raw)
        text = text.lstrip(" ")
    if text.startswith(":"):
        source, _, text = text[1:].partition(" ")
    middle, colon, trailing = text.partition(" :")
    words = [word for word in middle.split(" ") if word]
    if not words:
        raise ParseError("INVALID_MESSAGE", "Message rejected: it has no command")
    if not _COMMAND.fullmatch(words[0]):
        raise ParseError(
            "INVALID_MESSAGE", "Message rejected: a command is letters or three digits"
        )
    if colon:
        words.append(trailing)
    return Message(words[0].upper(), tuple(words[1:]), source, tags)


def salvage(line: bytes) -> Message:
    """Return what a refusal needs of a line that `parse` refused: its command and its tags.

    The command is `*` where not even that can be read.
    """
    try:
        message = parse(line.decode(errors="replace").encode())
    except ParseError:
        return Message("*")
    return Message(message.command, tags=message.tags)


def parse_tags(raw: str) -> dict[str, str]:
    """Take `a=1;b` apart; the last of equal keys wins, as the specification says."""
    tags = {}
    for item in raw.split(";"):
        key, _, value = item.partition("=")
        if key:
            tags[key] = unescape_tag(value) if "\\" in value else value
    return tags


def format_tags(tags: Mapping[str, str]) -> str:
    """Return `@a=1;b ` with its trailing space, or nothing for no tags."""
    if not tags:
        return ""
    items = (f"{key}={escape_tag(value)}" if value else key for key, value in tags.items())
    return f"@{';'.join(items)} "


def escape_tag(value: str) -> str:
    """Escape a tag's value (IRCv3 `message-tags`, Escaping values)."""
    for plain, escaped in _ESCAPES:
        if plain in value:
            value = value.replace(plain, escaped)
    return value


def unescape_tag(value: str) -> str:
    """Undo `escape_tag`; an unknown escape loses its backslash, so does one at the end."""
    out = []
    letters = iter(value)
    for letter in letters:
        if letter == "\\":
            escaped = next(letters, "")
            out.append(_UNESCAPED.get(escaped, escaped))
        else:
            out.append(letter)
    return "".join(out)


def format_line(source: str | None, command: str, *params: str) -> str:
    """Put a line together, without tags and without CR LF.

    The last parameter gets a colon where it needs one. Raises ValueError for
    what no line can carry: CR, LF, NUL, or a space or nothing in the middle.
    """
    head = f":{source} {command}" if source else command
    if not params:
        line = head
    else:
        *middle, last = params
        for param in middle:
            if not param or param[0] == ":" or " " in param:
                raise ValueError(f"{param!r} cannot stand in the middle of a {command}")
        if not last or last[0] == ":" or " " in last:
            last = f":{last}"
        line = " ".join((head, *middle, last))
    if "\r" in line or "\n" in line or "\0" in line:
        raise ValueError(f"a {command} cannot hold CR, LF or NUL")
    return line
