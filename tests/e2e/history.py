"""What was said, as a client sees it live and as it reads it back by CHATHISTORY."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tests.e2e.raw import RawClient

CAPS = "echo-message message-tags server-time batch draft/chathistory"
PAGE = 100
LONG_AGO = "timestamp=1970-01-01T00:00:00.000Z"
SPOKEN = re.compile(
    r"^@(?P<tags>\S+) :(?P<nick>[^! ]+)\S* PRIVMSG (?P<channel>\S+) :?(?P<text>.*)$"
)


@dataclass(frozen=True, slots=True)
class Spoken:
    """One message: what has to be the same whenever and to whomever it is shown."""

    msgid: str
    time: str
    nick: str
    channel: str
    text: str


def spoken(line: str) -> Spoken | None:
    """Return the message that a line carries, or None where it carries none."""
    found = SPOKEN.match(line)
    if found is None:
        return None
    tags = dict(tag.partition("=")[::2] for tag in found["tags"].split(";"))
    return Spoken(tags["msgid"], tags["time"], found["nick"], found["channel"], found["text"])


def live(client: RawClient, channel: str) -> list[Spoken]:
    """Return what a client that never asked for history was shown of a channel, in order."""
    shown = (spoken(line) for line in client.seen)
    return [message for message in shown if message and message.channel == channel]


def history(client: RawClient, channel: str, after: str = LONG_AGO) -> list[Spoken]:
    """Read a channel's history after a point, by default all of it, oldest first, page by page."""
    messages: list[Spoken] = []
    while True:
        page = history_page(client, channel, after)
        messages += page
        if len(page) < PAGE:
            return messages
        after = f"msgid={page[-1].msgid}"


def history_page(client: RawClient, channel: str, after: str) -> list[Spoken]:
    client.send(f"CHATHISTORY AFTER {channel} {after} {PAGE}")
    reference = client.wait(r" BATCH \+(\S+) chathistory ")[1]
    start = client.read_up_to
    client.wait(rf" BATCH -{re.escape(reference)}$")
    page = (spoken(line) for line in client.seen[start : client.read_up_to])
    return [message for message in page if message is not None]
