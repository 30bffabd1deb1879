"""A line for many readers: made once, written out once for each variant of capabilities."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache

import msgspec
from msgspec.structs import replace

from xchat.chat.entities import User
from xchat.chat.modes import BOT
from xchat.chat.multiline import is_multiline, lines_of
from xchat.irc.capabilities import (
    ACCOUNT_TAG,
    BATCH,
    EXTENDED_JOIN,
    MESSAGE_TAGS,
    MULTILINE,
    RELAYMSG,
    SERVER_TIME,
)
from xchat.irc.message import NO_TAGS, escape_tag
from xchat.limits import LINE_BYTES_MAX

_BREAKS = re.compile("[\r\n\0]")
NO_ACCOUNT = "*"
"""Stands in lines for the account of who is logged in to none."""
_SPOKEN = {"PRIVMSG", "NOTICE"}
"""What people say is always told after a colon: many a bot looks for one."""


class Line(msgspec.Struct, frozen=True):
    """A line as it is before anybody's capabilities are known.

    `ts` is its time in ms; `msgid` and `tags` (client-only ones) go to those
    with message-tags. Who has the capability `richer_need` gets `richer` in
    place of `params`.
    """

    source: str
    command: str
    params: tuple[str, ...]
    ts: int = 0
    msgid: str = ""
    tags: Mapping[str, str] = NO_TAGS
    richer_need: int = 0
    richer: tuple[str, ...] = ()
    account: str = ""
    """The name of the account that the source is logged in to (IRCv3 account-tag)."""
    bot: bool = False
    """Whether the source is a bot (IRCv3 bot mode)."""


RELAYED = "draft/relaymsg"
"""The tag that names who passed a message on: for those with the capability alone."""
_IN_BATCH = BATCH | MULTILINE
_TYPE, _CONCAT = "draft/multiline", "draft/multiline-concat"
VARIANTS = SERVER_TIME | MESSAGE_TAGS | ACCOUNT_TAG | RELAYMSG
"""The capabilities by which any line is written otherwise; a line may add its own."""


def spoken(line: Line) -> Line:
    """Return a line that people said as it is to be written out: in a batch if it is several."""
    if not line.params or not is_multiline(line.params[-1]):
        return line
    return replace(line, richer_need=_IN_BATCH, richer=line.params)


def join_of(user: User, channel: str, account: str, ts: int, msgid: str = "") -> Line:
    """Return the JOIN that shows a user in a channel (IRCv3 extended-join), as from themselves.

    `account` is the name of their account, or nothing.
    """
    return Line(
        user.prefix,
        "JOIN",
        (channel,),
        ts,
        msgid,
        richer_need=EXTENDED_JOIN,
        richer=(channel, account or NO_ACCOUNT, user.realname),
        account=account,
        bot=BOT in user.modes,
    )


def render(line: Line, caps: int, extra: str = "") -> bytes:
    """Write a line out for a set of capabilities; `extra` is one more tag, as `label=x`."""
    if line.richer_need == _IN_BATCH:
        return _render_lines(line, caps, extra)
    params = line.richer if line.richer_need & caps else line.params
    return _write(_tags(line, caps, extra), _body(line, params))


def _tags(line: Line, caps: int, extra: str) -> list[str]:
    tags = [extra] if extra else []
    if caps & SERVER_TIME and line.ts:
        tags.append(f"time={format_time(line.ts)}")
    if caps & ACCOUNT_TAG and line.account:
        tags.append(f"account={escape_tag(line.account)}")
    if caps & MESSAGE_TAGS:
        if line.bot:
            tags.append("bot")
        if line.msgid:
            tags.append(f"msgid={line.msgid}")
    for key, value in line.tags.items():
        if caps & (RELAYMSG if key == RELAYED else MESSAGE_TAGS):
            tags.append(f"{key}={escape_tag(value)}" if value else key)
    return tags


def _write(tags: list[str], body: str) -> bytes:
    data = f"{body}\r\n".encode(errors="replace")
    if len(data) > LINE_BYTES_MAX:
        data = _cut(data)
    if not tags:
        return data
    return f"@{_one_line(';'.join(tags))} ".encode(errors="replace") + data


def _render_lines(line: Line, caps: int, extra: str) -> bytes:
    """Write out a message of several lines: in a batch, or one after the other.

    The batch is called as the message is. Who does not know multiline gets no
    blank line, and the msgid with the first line only.
    """
    *head, text = line.params
    bodies = [(_body(line, (*head, piece)), goes_on, piece) for piece, goes_on in lines_of(text)]
    tags = _tags(line, caps, extra)
    if caps & _IN_BATCH == _IN_BATCH:
        return _batch(line, tags, extra, bodies)
    bare = [tag for tag in tags if not tag.startswith(("msgid=", "label="))]
    said = [body for body, _, piece in bodies if piece]
    return b"".join(_write(bare if place else tags, body) for place, body in enumerate(said))


def _batch(line: Line, tags: list[str], extra: str, bodies: list[tuple[str, bool, str]]) -> bytes:
    reference = line.msgid or "message"
    start = f":{line.source} BATCH +{reference} {_TYPE} {line.params[0]}"
    inside, goes_on_too = [f"batch={reference}"], [f"batch={reference}", _CONCAT]
    outer = [tag for tag in extra.split(";") if tag.startswith("batch=")]
    return b"".join((
        _write(tags, start),
        *(_write(goes_on_too if goes_on else inside, body) for body, goes_on, _ in bodies),
        _write(outer, f"BATCH -{reference}"),
    ))  # fmt: skip


def _body(line: Line, params: tuple[str, ...]) -> str:
    """Return a line without its tags: one line with each parameter in its place, always.

    A log that another version wrote may hold anything, and no turn ends at a
    line: in the middle `*` stands for what cannot stand there.
    """
    words = [f":{_middle(line.source)}", line.command] if line.source else [line.command]
    if params:
        *middle, last = params
        words += map(_middle, middle)
        is_spoken = middle and line.command in _SPOKEN
        words.append(f":{last}" if is_spoken or _middle(last) is not last else last)
    return _one_line(" ".join(words))


def _one_line(text: str) -> str:
    is_one = "\n" not in text and "\r" not in text and "\0" not in text
    return text if is_one else _BREAKS.sub("*", text)


def _middle(param: str) -> str:
    return param if param and " " not in param and param[0] != ":" else "*"


def _cut(data: bytes) -> bytes:
    """Return a line as long as a line may be, its last character whole.

    Names in the longest scripts may fill a line that is short in others.
    """
    return data[: LINE_BYTES_MAX - 2].decode(errors="ignore").encode() + b"\r\n"


def format_time(ts: int) -> str:
    """Return milliseconds since 1970 as server-time writes them."""
    seconds, ms = divmod(ts, 1000)
    return f"{_format_second(seconds)}.{ms:03d}Z"


@lru_cache(maxsize=64)
def _format_second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
