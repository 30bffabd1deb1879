r"""Messages as JSON, one object a line: what `tail --json` writes, now and later.

    time     string or null   the server's time, RFC 3339 in UTC: 2026-11-22T16:51:46.123Z
    msgid    string or null   the message's id, the same for everybody and for ever
    nick     string           who said it
    target   string           the channel, as it is written
    kind     string           "message", "action" (/me) or "notice"
    text     string           what was said, IRC formatting codes included

Fields may be added, none is renamed or removed. Characters that act on a terminal
(controls, bidi controls) are written as \uXXXX, so that the line may be looked at.
"""

from __future__ import annotations

import re

import msgspec

from xchat.client.session.events import Kind, MessageReceived

_ACTIVE = re.compile("[\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]")


class MessageLine(msgspec.Struct):
    """The schema."""

    time: str | None
    msgid: str | None
    nick: str
    target: str
    kind: Kind
    text: str


def to_json(said: MessageReceived) -> str:
    """Return one message as a line of JSON, without its newline."""
    line = MessageLine(said.time, said.msgid, said.nick, said.buffer, said.kind, said.text)
    encoded = msgspec.json.encode(line).decode()
    return _ACTIVE.sub(lambda match: f"\\u{ord(match[0]):04x}", encoded)
