"""`xchat-client tail`: follow a channel, for people and for programs."""

from __future__ import annotations

from datetime import datetime

from xchat.client.jsonl import to_json
from xchat.client.link import Link
from xchat.client.output import Output
from xchat.client.refusals import join_refused, nick_refused
from xchat.client.session import Session
from xchat.client.session.events import (
    Disconnected,
    Event,
    GapLeft,
    JoinRefused,
    MessageReceived,
    NickRefused,
    Registered,
)
from xchat.client.words import moment_of, spoken
from xchat.irc.names import visible


class Tail:
    """The app of `tail`: `count` messages, 0 for no end."""

    def __init__(
        self, session: Session, link: Link, output: Output, errors: Output, *, channel: str,
        history: int, count: int, as_json: bool,
    ) -> None:  # fmt: skip
        self.finished = False
        self._session = session
        self._link = link
        self._output = output
        self._errors = errors
        self._channel = channel
        self._history = history
        self._left = count or -1
        self._render = to_json if as_json else readable

    def connected(self, version: str, good_until: datetime) -> None:
        """Nothing: what is written is messages."""

    def handle(self, event: Event) -> None:
        """Write what is said in the channel."""
        match event:
            case NickRefused():
                raise nick_refused(event)
            case Registered(again=False):
                self._session.join(self._channel, history=self._history)
            case JoinRefused():
                raise join_refused(event)
            case MessageReceived() if self._session.same(event.buffer, self._channel):
                self._write(event)
            case GapLeft():
                self._errors.line(f"messages may be missing here: {visible(event.words)}")
            case Disconnected(retry_at=None):
                self.finished = True
            case _:
                pass

    def _write(self, said: MessageReceived) -> None:
        if self._left == 0:
            return
        self._left -= 1
        self._output.line(self._render(said))

    def turn(self) -> float | None:
        """Write; leave when there is enough, or nobody reads or wants it any more."""
        self._output.flush()
        self._errors.flush()
        if (self._left == 0 or self._link.interrupted) and self._session.ready:
            self._session.quit()
        if self._output.gone or (self._link.interrupted and not self._session.leaving):
            self.finished = True
        return None


def readable(said: MessageReceived) -> str:
    """Return a message as people read it, with its day and time."""
    return f"{moment_of(said.time):%Y-%m-%d %H:%M:%S} {spoken(said)}"
